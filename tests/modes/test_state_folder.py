"""Where nothing can be written down nothing is sent, and it is said what helps."""

from pathlib import Path

import pytest
from endpoint.server import Endpoint
from shop import Ask


def test_a_state_folder_that_takes_nothing_is_named_with_what_helps(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("no folder\n")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with Endpoint([]) as endpoint:
        for options in ((), ("--no-session",)):
            ran = ask(endpoint, *options)
            assert ran.code == 1
            assert "set XDG_STATE_HOME to a folder that can be" in ran.err
    assert endpoint.requests == []
