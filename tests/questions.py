"""Records of questions about a small repository, and a model that answers and judges them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conftest import Ran
from endpoint.script import Reply
from endpoint.server import Recorded
from shop import DONE, LOOK

CLONE = "acme+shop"
POINTS = '{"correctness": 8, "completeness": 6, "relevance": 9, "clarity": 7, "reasoning": 5}'
FACTS = '{"1": true, "2": false}'

Evaluate = Callable[..., Ran]


def is_judge(asked: Recorded) -> bool:
    return str(asked.messages[0]["content"]).startswith("You grade")


def context_of(asked: Recorded) -> str:
    """In which context a request asks; "judge" for a verdict."""
    if is_judge(asked):
        return "judge"
    shown = str(asked.messages[1]["content"])
    if shown.startswith("The repository is not shown"):
        return "tools"
    return "pack" if "return item" in shown else "map"


def answering(verdict: str = POINTS) -> Callable[[Recorded], Reply]:
    """A model that looks, answers, and gives the same verdict about everything."""

    def say(asked: Recorded) -> Reply:
        if is_judge(asked):
            return Reply(verdict, "graded")
        has_looked = any(m["role"] == "tool" for m in asked.messages)
        return DONE if has_looked else LOOK

    return say


def question(number: int, commit: str, **more: Any) -> dict[str, Any]:
    """A record of SWE-QA-Pro."""
    return {
        "repo": "acme/shop",
        "commit_id": commit,
        "question": f"What does add of Cart give back, number {number}?",
        "answer": "It gives the item back.",
        **more,
    }


def write(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path
