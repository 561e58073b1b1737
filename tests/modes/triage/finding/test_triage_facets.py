"""Labels as real trackers write them: their facets, and what they say of them."""

import pytest
from bathy.agent.modes.triage.finding.facets import facet_of, value_of
from bathy.agent.modes.triage.finding.label_rules import LabelRules, read_rules
from bathy.agent.modes.triage.report import Facet
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("label", "facet", "value"),
    [
        ("bug", "type", "bug"),
        ("type: bug", "type", "bug"),
        ("Type/Bug", "type", "bug"),
        ("kind/bug", "type", "bug"),
        ("C-bug", "type", "bug"),
        ("[Type] Bug", "type", "bug"),
        (":bug: bug", "type", "bug"),
        ("🐛 Bug", "type", "bug"),
        ("🏷️ Type: Bug 🐞", "type", "bug"),
        ("t-defect", "type", "bug"),
        ("T: enhancement", "type", "feature"),
        ("feature request", "type", "feature"),
        ("kind/feature", "type", "feature"),
        ("question", "type", "question"),
        ("kind/support", "type", "question"),
        ("docs", "type", "documentation"),
        ("Documentation", "type", "documentation"),
        ("type: performance", "type", "performance"),
        ("P1", "priority", "p1"),
        ("p2-medium", "priority", "p2"),
        ("priority: high", "priority", "high"),
        ("High Priority", "priority", "high"),
        ("priority/critical-urgent", "priority", "critical-urgent"),
        ("prio:low", "priority", "low"),
        ("area: io, files", "area", "io, files"),
        ("area/i/o", "area", "i/o"),
        ("A-parser", "area", "parser"),
        ("component/scheduler", "area", "scheduler"),
        ("module: nn", "area", "nn"),
        ("topic-asyncio", "area", "asyncio"),
        ("area/docs", "area", "docs"),
        ("category: parser", "area", "parser"),
        ("needs-info", "status", "needs-info"),
        ("Needs More Info", "status", "needs-info"),
        ("status: needs info", "status", "needs-info"),
        ("waiting-for-author", "status", "needs-info"),
        ("needs reproduction", "status", "needs-reproduction"),
        ("status: blocked", "status", "blocked"),
        ("S-waiting-on-review", "status", "waiting-on-review"),
        ("wontfix", "status", "wontfix"),
        ("duplicate", "duplicate", "duplicate"),
        ("status: duplicate", "duplicate", "duplicate"),
        ("resolution/duplicate", "duplicate", "duplicate"),
        ("T-compiler", "other", "t-compiler"),
        ("type-checking", "other", "type-checking"),
        ("type error", "other", "type error"),
        ("state-machine", "other", "state-machine"),
        ("a good label", "other", "a good label"),
        ("not a bug", "other", "not a bug"),
        ("CI/CD", "other", "ci/cd"),
        ("i/o", "other", "i/o"),
        (":bug:", "other", ""),
        ("", "other", ""),
        ("🏷", "other", ""),
    ],
)
def test_names_of_real_trackers(label: str, facet: Facet, value: str) -> None:
    assert (facet_of(label, LabelRules()), value_of(label)) == (facet, value)


def test_the_rules_of_the_repository_come_first() -> None:
    rules = read_rules("""
        [facets]
        type = ["flavour/*"]
        priority = ["Soon", "later"]
        area = ["bug", "team: *"]
        status = ["step ?"]
        needs_info = "Ask"
        duplicate = "seen before"
    """)
    found = {
        label: facet_of(label, rules)
        for label in ("flavour/sour", "soon", "bug", "team: a, b", "step 1", "Ask", "seen before")
    }
    assert found == {
        "flavour/sour": "type",
        "soon": "priority",
        "bug": "area",
        "team: a, b": "area",
        "step 1": "status",
        "Ask": "status",
        "seen before": "duplicate",
    }
    assert facet_of("kind/bug", rules) == "type"


@settings(deadline=None)
@given(st.text(max_size=100))
def test_any_name_has_one_facet_and_a_value_in_lower_case(label: str) -> None:
    assert facet_of(label, LabelRules()) in (
        "type", "priority", "area", "status", "duplicate", "other",
    )  # fmt: skip
    assert value_of(label) == value_of(label.lower())


@settings(deadline=None)
@given(
    st.sampled_from(["bug", "type: bug", "A-parser", "P2", "needs-info"]),
    st.sampled_from("🐛🔥✨🏷"),
)
def test_emoji_change_nothing(label: str, emoji: str) -> None:
    for written in (f"{emoji} {label}", f"{label} {emoji}", f":fire: {label}"):
        assert facet_of(written, LabelRules()) == facet_of(label, LabelRules())
        assert value_of(written) == value_of(label)


@pytest.mark.parametrize("text", ["a" * 50_000, "a " * 50_000, "- " * 50_000, ":a" * 50_000])
def test_long_names_are_no_trouble(text: str) -> None:
    assert facet_of(text, LabelRules()) in ("other", "area")
