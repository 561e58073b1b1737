import re
from dataclasses import replace

import pytest
from bathy.agent.modes.triage.digest import input_digest
from bathy.agent.modes.triage.dossier import Comment, Dossier, Issue, Label, LabelEvent, Target
from bathy.agent.modes.triage.marker import with_marker
from hypothesis import given
from hypothesis import strategies as st

TARGET = Target("github.com", "https://api.github.com", "o/r", 7)
DOSSIER = Dossier(
    TARGET,
    "cli",
    Issue(7, "It fails", "Like this:\n1"),
    comments=(Comment(1, "ann", "Me too."),),
    login="bathy[bot]",
)
DIGEST = input_digest(DOSSIER)


def test_it_has_the_shape_that_a_marker_takes() -> None:
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", DIGEST)


@pytest.mark.parametrize(
    "changed",
    [
        replace(DOSSIER, issue=replace(DOSSIER.issue, title="It fails!")),
        replace(DOSSIER, issue=replace(DOSSIER.issue, body="Like this:\n2")),
        replace(DOSSIER, comments=()),
        replace(DOSSIER, comments=(Comment(1, "ann", "Me, too."),)),
        replace(DOSSIER, comments=(Comment(1, "bob", "Me too."),)),
        replace(DOSSIER, comments=(*DOSSIER.comments, Comment(2, "bob", ""))),
    ],
)
def test_what_people_say_changes_it(changed: Dossier) -> None:
    assert input_digest(changed) != DIGEST


@pytest.mark.parametrize(
    "changed",
    [
        replace(DOSSIER, issue=replace(DOSSIER.issue, labels=("bug",), updated_at="2026-01-01")),
        replace(DOSSIER, issue=replace(DOSSIER.issue, body="Like this:\r\n1", state="closed")),
        replace(DOSSIER, labels=(Label("bug"),), label_events=(LabelEvent("bug", "ann", True),)),
        replace(DOSSIER, comments=(*DOSSIER.comments, Comment(2, "ci", "Red.", is_bot=True))),
        replace(DOSSIER, own_comment="Hello.", own_comment_id=3, trigger="batch"),
        replace(
            DOSSIER,
            comments=(*DOSSIER.comments, Comment(4, "Bathy[bot]", with_marker("Hello.", DIGEST))),
        ),
    ],
)
def test_what_nobody_says_does_not_change_it(changed: Dossier) -> None:
    assert input_digest(changed) == DIGEST


def test_a_marker_does_not_hide_what_somebody_else_says() -> None:
    forged = Comment(4, "mallory", with_marker("Hello.", DIGEST))
    assert input_digest(replace(DOSSIER, comments=(*DOSSIER.comments, forged))) != DIGEST


texts = st.text(st.characters(codec=None, exclude_characters="\r"), max_size=8)


@given(texts, texts, texts, texts)
def test_text_cannot_wander_from_one_field_to_another(a: str, b: str, c: str, d: str) -> None:
    def digest(title: str, body: str) -> str:
        return input_digest(replace(DOSSIER, issue=Issue(7, title, body)))

    assert (digest(a, b) == digest(c, d)) == ((a, b) == (c, d))
