"""The widget knows the citations of an answer and the keys, and nothing else of the agent."""

import ast
from pathlib import Path

import bathy.agent.modes.tui.transcript as package

KNOWN = (
    "bathy.agent.modes.tui.transcript",
    "bathy.agent.modes.tui.input.keymap",
    "bathy.agent.loop.citations",
)


def test_nothing_but_citations_and_keys_is_imported_from_the_agent() -> None:
    files = sorted(Path(package.__path__[0]).glob("*.py"))
    assert len(files) > 10
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert all(not name.startswith("bathy") or name.startswith(KNOWN) for name in names), (
                file
            )
