import json
import os
import sys
from pathlib import Path

import pytest
from bathy.agent.modes.tui.asking.browser import open_in_browser

URL = "https://example.org/a%20b?c=$(x);d#e"


def browser(folder: Path, name: str, *, waits: bool = False) -> Path:
    """A program that notes what it is given, and where it could write."""
    folder.mkdir(exist_ok=True)
    path, note = folder / name, folder / "note"
    pause = f"open({str(folder / 'gate')!r}).read()" if waits else ""
    path.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        f"same = [os.path.samestat(os.fstat(n), os.stat(os.devnull)) for n in range(3)]\n"
        f"told = [sys.argv[1:], same, os.getsid(0)]\n"
        f"open({str(note)!r}, 'w').write(json.dumps(told))\n{pause}\n"
    )
    path.chmod(0o755)
    return path


def test_the_browser_gets_the_address_and_no_terminal(tmp_path: Path) -> None:
    program = browser(tmp_path, "firefox")
    assert open_in_browser(URL, {"BROWSER": str(program)}, patience_s=60)
    given, is_nowhere, session = json.loads((tmp_path / "note").read_text())
    assert given == [URL]
    assert is_nowhere == [True] * 3
    assert session != os.getsid(0)


@pytest.mark.parametrize("name", ["w3m", "lynx", "links"])
def test_one_that_needs_the_terminal_is_not_started(tmp_path: Path, name: str) -> None:
    browser(tmp_path, name)
    environ = {"PATH": str(tmp_path), "TERM": "xterm"}
    assert not open_in_browser(URL, environ, patience_s=60)
    assert not (tmp_path / "note").exists()


def test_there_may_be_none(tmp_path: Path) -> None:
    assert not open_in_browser(URL, {"PATH": str(tmp_path)}, patience_s=60)


def test_no_browser_of_the_repository_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser(tmp_path, "xdg-open")
    monkeypatch.chdir(tmp_path)
    environ = {"PATH": ".::", "DISPLAY": ":0", "TERM": "xterm"}
    assert not open_in_browser(URL, environ, patience_s=60)
    assert not (tmp_path / "note").exists()


def test_one_that_stays_open_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    program = browser(tmp_path, "firefox", waits=True)
    assert open_in_browser(URL, {"BROWSER": str(program)}, patience_s=0)
    (tmp_path / "gate").write_text("may end")
