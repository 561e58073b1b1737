"""`.github/bathy-triage.toml` is read strictly, and what acts or speaks for people is protected."""

import pytest
from bathy.agent.errors import ConfigError
from bathy.agent.modes.triage.finding.label_rules import (
    PROTECTED,
    RULES_PATH,
    LabelRules,
    matches,
    read_rules,
)
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize("text", [None, "", "# nothing\n", "[labels]\n", "[facets]\n[labels]\n"])
def test_what_a_file_does_not_say_is_as_without_one(text: str | None) -> None:
    assert read_rules(text) == LabelRules()


def test_all_of_it_is_read() -> None:
    rules = read_rules("""
        [labels]
        allow = ["type:*", "area/*"]
        protected = ["area/secret"]
        most = 10
        least_confidence = "high"
        [facets]
        type = ["flavour *"]
        priority = ["when *"]
        area = ["team *"]
        status = ["step *"]
        needs_info = "ask the author"
        duplicate = "seen before"
    """)
    assert rules == LabelRules(
        allow=("type:*", "area/*"),
        protected=("area/secret",),
        most=10,
        least_confidence="high",
        type=("flavour *",),
        priority=("when *",),
        area=("team *",),
        status=("step *",),
        needs_info="ask the author",
        duplicate="seen before",
    )


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[labels]\nmost = 11", "labels.most must be a whole number from 0 to 10"),
        ("[labels]\nmost = true", "labels.most"),
        ("[labels]\nmost = -1", "labels.most"),
        ('[labels]\nallow = "bug,approved"', "labels.allow must be a list of texts"),
        ('[labels]\nprotected = ["a", ""]', "labels.protected"),
        ('[labels]\nleast_confidence = "certain"', "labels.least_confidence must be one of low"),
        ("[labels]\nleast_confidence = []", "labels.least_confidence"),
        ("[labels]\nforbid = []", "labels.forbid is no setting; there are allow"),
        ("[facets]\nneeds_info = []", "facets.needs_info"),
        ("[facets]\ntype = 3", "facets.type"),
        ('["la\\nbels"]\n', '"la\\nbels" is no setting; there are facets, labels'),
        ("labels = 1", "labels must be a table"),
        ("[labels", "is no TOML"),
        ("a = " + "[" * 100_000, "is no TOML"),
    ],
)
def test_a_fault_names_the_file_and_the_key(text: str, named: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read_rules(text)
    assert str(raised.value).startswith(RULES_PATH)
    assert named in str(raised.value)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_or_is_a_fault_of_the_file(text: str) -> None:
    try:
        found = read_rules(text)
    except ConfigError as raised:
        fault = str(raised)
    else:
        fault = "" if found.most <= 10 else "too many"
    assert fault == "" or fault.startswith(RULES_PATH)


@pytest.mark.parametrize(
    "label",
    """
    security|Security: high|approved|status/approved|LGTM|release-blocker|blocker|ready to merge
    automerge|auto-merge|do-not-merge|deploy: staging|wontfix|won't fix|Won't Fix|resolution: invalid
    spam|good first issue|good-first-issue|:wave: good first issue|help wanted|help-wanted|confirmed
    status: verified|cla: yes|cla-signed|run-ci|run ci|ok-to-test|stale|pinned|P0|P0: now|p0-critical
    priority: critical|priority/critical-urgent|urgent|backport 3.2|CVE-2026-1|claude|fix-me|hacktoberfest
    """.replace("\n", "|").split("|"),
)
def test_protected_unless_the_file_says_otherwise(label: str) -> None:
    if label.strip():
        assert LabelRules().is_protected(label.strip())
        assert not LabelRules().is_open(label.strip())
        assert read_rules("[labels]\nprotected = []").is_open(label.strip())


@pytest.mark.parametrize(
    "label",
    [
        "bug", "type: bug", "enhancement", "question", "docs", "P1", "priority: high", "area: io, files",
        "class", "clang", "clarification needed", "area/parser", "needs-info", "needs reproduction",
        "duplicate", "regression", "component: scheduler", "area: triggers", "windows", "",
    ],
)  # fmt: skip
def test_what_describes_an_issue_is_open(label: str) -> None:
    assert LabelRules().is_open(label)


def test_protected_outweighs_allow() -> None:
    rules = read_rules('[labels]\nallow = ["approved"]\nprotected = ["appr*"]')
    assert not rules.is_open("approved")
    assert not rules.is_open("bug")


def test_case_counts_neither_in_the_label_nor_in_the_glob() -> None:
    assert matches("Area/IO", ["AREA/*"])
    assert not matches("area", ["AREA/*"])


@settings(deadline=None)
@given(st.text(), st.lists(st.sampled_from(PROTECTED), max_size=3))
def test_matching_takes_any_name(label: str, globs: list[str]) -> None:
    assert matches(label, [*globs, "*"])
    assert matches(label, globs) <= matches(label, PROTECTED)
