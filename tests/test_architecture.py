import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted([*ROOT.glob("agent/**/*.py"), *ROOT.glob("tools/**/*.py")])
MOST_LINES = 400


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_packages_of_the_wheel_are_the_folders() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    folders = {path.parent.relative_to(ROOT) for path in SOURCES}
    assert sorted(listed) == sorted("bathy." + ".".join(folder.parts) for folder in folders)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_module_says_what_it_is_for_and_stays_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text))
    assert text.count("\n") <= MOST_LINES


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_nothing_is_run_but_git_and_no_exception_is_swallowed(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names]
            module = getattr(node, "module", None) or ""
            # Beside git only the user's own clipboard, editor and browser are run.
            is_runner = path.name in ("git.py", "clipboard.py", "editor.py", "browser.py")
            assert "subprocess" not in (*names, module) or is_runner
            assert module.split(".")[0] not in ("agent", "tools")
        if isinstance(node, ast.ExceptHandler):
            caught = getattr(node.type, "id", "")
            assert node.type is not None
            goes_on = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
            # What a thread raises is raised again where it is waited for.
            is_last_resort = path.name in ("signals.py", "running.py", "engine.py")
            assert caught not in ("Exception", "BaseException") or goes_on or is_last_resort


def test_the_locks_hold_hashes_and_no_addresses() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-cluster.lock"):
        text = (ROOT / name).read_text()
        pins = re.findall(r"^[a-z0-9-]+==", text, re.MULTILINE)
        assert len(pins) > 20
        assert len(re.findall(r"\\\n +--hash=sha256:", text)) >= len(pins)
        assert "://" not in text


def test_every_dependency_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = [re.split(r"[>=<\[]", line)[0] for line in project["dependencies"]]
    explained = (ROOT / "docs" / "dependencies.md").read_text()
    missing = [
        name
        for name in named
        if name not in explained
        and not (name.startswith("tree-sitter-") and "grammars" in explained)
    ]
    assert missing == []
