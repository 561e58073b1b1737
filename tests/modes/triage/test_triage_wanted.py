from typing import Any

import pytest
from bathy.agent.errors import ConfigError
from bathy.agent.modes.triage.plan import Wishes
from bathy.agent.modes.triage.wanted import wanted_of


def test_nothing_is_written_unless_asked_for() -> None:
    assert not wanted_of({"target": "7"}).wishes


@pytest.mark.parametrize(
    ("values", "wishes"),
    [
        ({"write": "labels"}, Wishes(labels=True)),
        ({"write": "labels,comment"}, Wishes(labels=True, comment=True)),
        ({"write": " comment , labels "}, Wishes(labels=True, comment=True)),
        ({"suggest": True}, Wishes(suggest=True)),
        ({"suggest": True, "write": "comment"}, Wishes(comment=True, suggest=True)),
    ],
)
def test_what_is_written_is_what_was_asked_for(values: dict[str, Any], wishes: Wishes) -> None:
    assert wanted_of({"target": "7", **values}).wishes == wishes


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"target": "7", "open": True},
        {"target": "7", "limit": 3},
        {"target": "7", "write": ""},
        {"target": "7", "write": "all"},
        {"target": "7", "write": "labels,close"},
        {"target": "7", "write": "labels", "suggest": True},
        {"target": "-", "write": "labels"},
        {"target": "-", "suggest": True},
        {"target": "7", "step": "fetch", "write": "labels"},
        {"target": "x", "step": "think", "suggest": True},
        {"target": "x", "step": "write"},
        {"open": True, "step": "fetch"},
        {"target": "7", "task": "Why?"},
        {"target": "7", "task": ""},
    ],
)
def test_what_does_not_go_together_is_said(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        wanted_of(values)
