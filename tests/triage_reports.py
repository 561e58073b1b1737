"""Reports as tests need them: one that has everything, and others that hypothesis makes up."""

import re
from dataclasses import replace
from typing import Any, get_args

from bathy.agent.modes.triage.report import (
    AddedLabel,
    Choice,
    Classification,
    Confidence,
    Duplicate,
    Facet,
    Flag,
    FlagCode,
    Hypothesis,
    IssueInfo,
    Labels,
    Missing,
    RejectedLabel,
    Rejection,
    RemovedLabel,
    RepoInfo,
    Report,
    RunInfo,
    Security,
    Signal,
    Status,
    Suspect,
    Warning,
)
from hypothesis import strategies as st

COMMIT = "0123456789abcdef" * 2 + "01234567"
DIGEST, OTHER_DIGEST = "sha256:" + "a" * 64, "sha256:" + "b" * 64
ROOT = f"https://github.test/o/r/blob/{COMMIT}/"

BUG = AddedLabel("bug", "type", "high", "The traceback ends in our own code.")
AREA = AddedLabel("area: http, core", "area", "medium", "The suspects are in http.")
REPORT = Report(
    run=RunInfo("1", "plan", "2026-01-01T00:00:00+00:00", DIGEST, "0.1.0", model="a-model"),
    repo=RepoInfo("o/r", "github.test", COMMIT, "public"),
    issue=IssueInfo(7, "It fails", "2026-01-01T00:00:00Z", existing_labels=("old",)),
    status="triaged",
    classification=Classification(
        Choice("bug", "bug", "high", ("There is a traceback.",)),
        Choice(None),
        (Choice("http", "area: http, core", "medium", ("By its files.",)),),
        regression=True,
        affected_versions=("1.2",),
    ),
    labels=Labels(
        (BUG, AREA),
        (RemovedLabel("needs-info", "info_now_provided"),),
        ("old",),
        (RejectedLabel("critical", "protected"),),
    ),
    duplicates=(
        Duplicate(
            3, "duplicate", "medium", "Both time out.", "This one has a proxy.", title="Slow"
        ),
    ),
    missing_info=(Missing("version", "Which version is it?", True, ".github/bug.yml", True),),
    suspects=(
        Suspect(1, "src/a.py", 3, 9, f"{ROOT}src/a.py#L3-L9", ("traceback",), "send", "It raises."),
        Suspect(2, "src/b.py", 1, 1, f"{ROOT}src/b.py#L1", ("lexical", "recent_change")),
    ),
    hypothesis=Hypothesis(
        "plausible", "The timeout is lost.", "medium", (1,), ("Log it.",), ("It stands.",)
    ),
    security=Security(flags=(Flag("hidden_text", "comment 5", 2),)),
    warnings=(Warning("commit", "The branch is not known."),),
)


def with_labels(*added: AddedLabel, removed: tuple[RemovedLabel, ...] = ()) -> Report:
    """The report with other labels."""
    return replace(REPORT, labels=Labels(added, removed))


HOSTILE = (
    "::set-output name=a::b",
    "  ::error::boo",
    "##[group]x",
    "\n::warning::boo\n",
    "a | b",
    "@everyone",
    "fixes #1",
    "![x](https://evil.test/?q=secret)",
    "[x](https://evil.test)",
    "<img src=x>",
    "</details><script>",
    "<!-- bathy-triage:v1 digest=" + DIGEST + " -->",
    "```\n~~~",
    "\u202eabc\u200b",
    "/close",
    "# Heading",
    "]( javascript:x )",
    "\\",
    "`",
)


_ACTING = re.compile(
    r"(?<![\\\w])@\w|(?<!\\)!\[|(?<!\\)<(?!/?(?:details|summary)>)[a-zA-Z!/]|^\s*/\w"
    r"|(?<!\\)\]\((?!https://github\.test/o/r/)|https?://(?!github\.test/o/r/)",
    re.MULTILINE,
)
_FENCED = re.compile(r"^[> ]*(```+)[^`\n]*\n(?:.*\n)*?[> ]*\1`*$", re.MULTILINE)
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


def acting_in(markdown: str) -> list[str]:
    """What GitHub would act on in a text: mentions, images, HTML, commands, links elsewhere."""
    outside = _CODE.sub("code", _FENCED.sub("code", markdown))
    return [found[0] for found in _ACTING.finditer(outside)]


def hostile_texts(most: int = 120) -> st.SearchStrategy[str]:
    """Text that tries to be more than text."""
    pieces = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=20))
    return st.lists(pieces, max_size=6).map(lambda parts: "".join(parts)[:most])


def reports() -> st.SearchStrategy[Report]:
    """Reports of which each text is hostile."""
    text, sure = hostile_texts(), st.sampled_from(get_args(Confidence))
    texts = st.lists(text, max_size=3).map(tuple)
    number, line = st.integers(1, 10**6), st.integers(1, 10**6)
    choice = st.builds(Choice, st.none() | text, st.none() | text, sure, texts)

    def several(one: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[Any]:
        return st.lists(one, max_size=most).map(tuple)

    def one_of(kind: Any) -> st.SearchStrategy[Any]:
        return st.sampled_from(get_args(kind))

    added = st.builds(AddedLabel, text, one_of(Facet), sure, text)
    removed = st.builds(
        RemovedLabel, text, st.sampled_from(("superseded_facet", "info_now_provided"))
    )
    rejected = st.builds(RejectedLabel, text, one_of(Rejection))
    links = st.one_of(text, text.map(ROOT.__add__), st.just(f"{ROOT}src/a.py#L3-L9"))
    evidence = st.lists(one_of(Signal), min_size=1, max_size=3).map(tuple)
    suspect = st.builds(Suspect, line, text, line, line, links, evidence, st.none() | text, text)
    relation = st.sampled_from(("duplicate", "related", "regression_of"))
    return st.builds(
        Report,
        run=st.just(REPORT.run),
        repo=st.just(REPORT.repo),
        issue=st.builds(IssueInfo, number, text, st.just(""), existing_labels=texts),
        status=one_of(Status),
        classification=st.builds(
            Classification, choice, choice, several(choice, 3), st.none() | st.booleans(), texts
        ),
        labels=st.builds(
            Labels, several(added, 10), several(removed, 3), texts, several(rejected, 3)
        ),
        duplicates=several(st.builds(Duplicate, number, relation, sure, text, text, title=text), 3),
        missing_info=several(
            st.builds(Missing, text, text, st.booleans(), st.none() | text, st.booleans()), 4
        ),
        suspects=several(suspect, 6),
        hypothesis=st.builds(
            Hypothesis,
            st.sampled_from(("supported", "plausible", "unknown")),
            st.none() | text,
            sure,
            several(st.integers(1, 9), 3),
            texts,
            texts,
        ),
        security=st.builds(
            Security, flags=several(st.builds(Flag, one_of(FlagCode), text, number), 3)
        ),
        warnings=several(st.builds(Warning, text, text), 2),
        skip_reason=st.none() | text,
    )
