"""A session's log -> how many questions it holds and what they cost; no other line is parsed."""

import json
from dataclasses import dataclass
from pathlib import Path

MOST_BYTES = 64 << 20
"""Logs that are longer are not looked at: it would take too long for a list."""

_QUESTION, _USAGE = b'{"type": "question"', b'{"type": "usage"'


@dataclass(frozen=True, slots=True)
class Tally:
    """What a session comes to; `cost_usd` is 0 if no prices were known."""

    questions: int
    cost_usd: float


def tally(path: Path) -> Tally | None:
    """Count the questions of a log and add up their cost; None if it cannot be done, or not soon.

    To be called in a thread: some hundred megabytes a second are read.
    """
    questions, cost_usd = 0, 0.0
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        with path.open("rb") as file:
            for line in file:
                if line.startswith(_QUESTION):
                    questions += 1
                elif line.startswith(_USAGE) and line.endswith(b"\n"):
                    cost_usd += json.loads(line)["cost_usd"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return Tally(questions, cost_usd)
