"""What a run of `bathy triage` came to: reports on stdout, sentences on stderr, and what it waited.

Whatever happens there is one outcome: reports, or one sentence that says what to do.
"""

import json
import re
from typing import Any

import pytest
from bathy.agent.modes.triage import surroundings as mode
from bathy.agent.modes.triage.github.client import Patience
from conftest import Ran

FOR_EVER = 10_000
BOTH = ("--write", "labels,comment")
JSON = ("--output-format", "json")
FINE, FOR_GOOD, USAGE, LATER = 0, 1, 2, 75

_PROGRESS = re.compile(r"bathy: (waiting|issue \d+ \(|(add|remove|suggest) label|\w+ comment: )")


def reports_of(ran: Ran) -> list[dict[str, Any]]:
    """Return the reports on stdout."""
    assert "Traceback" not in ran.err
    assert "defect" not in ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


def report_of(ran: Ran, code: int = FINE) -> dict[str, Any]:
    """Return the one report; nothing is said but what is going on."""
    assert ran.code == code, ran.err
    assert said_by(ran) == []
    [report] = reports_of(ran)
    return report


def sentence_of(ran: Ran, code: int) -> str:
    """Return the one sentence of a run with JSON that looked at no issue; its report says it, too.

    What is wrong with the command line itself is said without a report.
    """
    assert ran.code == code, ran.err
    [sentence] = said_by(ran)
    if code == USAGE:
        assert ran.out == ""
        return sentence
    [report] = reports_of(ran)
    assert report["status"] == ("skipped" if code == FINE else "error")
    assert (report["actions"], report["reply"]["post"]) == ([], False)
    said = "skipped: " if code == FINE else ""
    assert f"bathy: {said}{report['skip_reason']}" == sentence
    return sentence


def said_by(ran: Ran) -> list[str]:
    """Return what is said on stderr, but for what is going on."""
    return [line for line in ran.err.splitlines() if not _PROGRESS.match(line)]


def told(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Return each request and what became of it."""
    return [(action["op"], action["state"]) for action in report["actions"]]


def codes(report: dict[str, Any]) -> list[str]:
    """Return the codes of the report's warnings."""
    return [warning["code"] for warning in report["warnings"]]


def patient(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let runs wait without waiting; return the list that their waits, in seconds, go into."""
    waits = list[float]()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(mode, "Patience", lambda: Patience(random=lambda: 1.0, sleep=sleep))
    return waits
