import re
import sys

import pytest
from bathy.agent.config import Settings
from bathy.agent.modes.triage.show import show
from triage_reports import REPORT


def test_a_terminal_gets_tables_and_a_pipe_markdown(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    show(Settings(), REPORT)
    piped = capsys.readouterr().out
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    show(Settings(color=False), REPORT)
    drawn = capsys.readouterr().out
    assert "| --- |" in piped
    assert "| --- |" not in drawn
    assert "─" in drawn
    assert "\x1b" not in piped
    # Bold is no colour; colours and links are left out.
    assert not re.search(r"\x1b(\]|\[[\d;]*(3[0-8]|4[0-8]|9[0-7])m)", drawn)
    assert REPORT.suspects[0].path in drawn


def test_reports_of_one_run_stand_apart(capsys: pytest.CaptureFixture[str]) -> None:
    show(Settings(), REPORT)
    show(Settings(), REPORT, is_first=False)
    assert "\n\n# Triage of" in capsys.readouterr().out
