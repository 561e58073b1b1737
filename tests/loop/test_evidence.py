"""Places of the index -> a line of a log, and back."""

import json

import pytest
from bathy.agent.loop.evidence import MOST_LINE_CHARS, Span, evidence_of, evidence_values

SPAN = Span("src/购.py", 3, 4, "Cart.add", ("def add():\x1b[2J", "    return 茶"))


def kept(*spans: Span) -> tuple[Span, ...]:
    return evidence_of(json.loads(json.dumps(evidence_values(spans))))


def test_places_come_back_as_they_were_in_their_order() -> None:
    assert kept(SPAN, Span("b", 1, 1, "", ("x",))) == (SPAN, Span("b", 1, 1, "", ("x",)))
    assert kept() == ()


def test_a_very_long_line_is_cut() -> None:
    ((line, short),) = (s.lines for s in kept(Span("a.js", 1, 2, "", ("x" * 10**6, "y"))))
    assert line == "x" * (MOST_LINE_CHARS - 1) + "…"
    assert short == "y"


@pytest.mark.parametrize("line", [{}, {"spans": [{"path": "a"}]}, {"spans": [{"lines": 1}]}])
def test_what_is_no_such_line_is_refused(line: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError)):
        evidence_of(line)
