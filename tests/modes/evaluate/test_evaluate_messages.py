import pytest
from bathy.agent.modes.evaluate import messages
from bathy.agent.modes.evaluate.messages import clean_message, why_unfit
from hypothesis import given
from hypothesis import strategies as st

LINES = st.lists(
    st.sampled_from(
        [
            "Fix the total of an empty cart",
            "Merge pull request #1 from ann/fix",
            "Merge branch 'stable' into main",
            "Signed-off-by: Ann <ann@example.org>",
            "Co-authored-by: Bob <bob@example.org>",
            "Tested-On: linux",
            "closes #12",
            "Fixes https://example.org/issues/3, #4 and gh-5",
            "See merge request shop/cart!9",
            "Add (#22, #23) prices (#1) (#2)",
            "((#1)#2)",
            "#7",
            "",
            "   ",
            "* one of many",
        ]
    )
    | st.text(max_size=30)
).map("\n".join)


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ("Fix the cart (#123)\n\nIt was empty.\n", "Fix the cart\n\nIt was empty."),
        ("Fix the cart (#1) (#2)", "Fix the cart"),
        ("Fix it (acme/shop#12, gh-3)", "Fix it"),
        ("Merge pull request #1 from x/y\n\nCount prices twice\n\nWhy not.", "Count prices twice\n\nWhy not."),
        ("Merge branch 'a' into 'main'\n\nCount prices\n\nSee merge request a/b!3", "Count prices"),
        ("Merged in fix (pull request #4)\n\nCount prices", "Count prices"),
        ("Merge branch 'stable'", ""),
        ("Merge upstream/main into main", ""),
        ("Merge headers from request and session", "Merge headers from request and session"),
        ("Merge branches of the parser that do the same", "Merge branches of the parser that do the same"),
        ("Fix x\n\nSigned-off-by: A <a@b>\nCo-authored-by: C <c@d>", "Fix x"),
        ("Fix x\n\nSome-Key: v\n\nOther-Key: w", "Fix x"),
        ("Fix x\n\nnote: this stays\nNot-a: trailer here", "Fix x\n\nnote: this stays\nNot-a: trailer here"),
        ("Cross-origin: allow it", "Cross-origin: allow it"),
        ("Fix x\n\nFixes #12, closes acme/shop#3", "Fix x"),
        ("Fix x\n\nFixes #12, #13 and https://example.org/1.", "Fix x"),
        ("Fix x\r\n\r\nbody\r\n(cherry picked from commit abc)\r\n", "Fix x\n\nbody"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_message_says_what_people_wrote_of_the_change(message: str, says: str) -> None:
    assert clean_message(message) == says


@given(LINES)
def test_cleaning_twice_is_cleaning_once_and_adds_nothing(message: str) -> None:
    told = clean_message(message)
    assert clean_message(told) == told
    assert told == told.strip()
    assert set(told) <= set(message) | {"\n"}
    assert len(told) <= len(message)


@given(LINES)
def test_no_line_of_a_service_is_left(message: str) -> None:
    lines = clean_message(message).split("\n")
    for line in lines:
        assert not line.startswith(("Signed-off-by: ", "Co-authored-by: ", "See merge request "))
    assert not lines[0].startswith(("Merge pull request #", "Merge branch '"))


def test_a_long_message_is_cut() -> None:
    assert len(clean_message("word " * 100_000)) <= messages.MAX_CHARS


@pytest.mark.parametrize(
    ("author", "message", "why"),
    [
        ("Ann", "Count the prices of an empty cart", ""),
        ("Ann", "Release memory on close", ""),
        ("Ann", "Merge headers of both requests", ""),
        ("Ann", "Remove old example (#3)\n\n* Remove it\n\nThis reverts commit 12.", ""),
        ("dependabot[bot]", "Count the prices of an empty cart", messages.BOT),
        ("Ann", "[pre-commit.ci] pre-commit autoupdate (#5)", messages.BOT),
        ("Ann", "Merge pull request #1 from a/b\n\nbuild(deps): use newer things", messages.BOT),
        ("Ann", "Merge branch 'stable'", messages.MERGE),
        ("Ann", "Merge pull request #1 from x/y", messages.MERGE),
        ("Ann", 'Revert "Count the prices of a cart"', messages.REVERT),
        ("Ann", "Take prices back again\n\nThis reverts commit 12ab.", messages.REVERT),
        ("Ann", "Bump version to 1.2.3", messages.VERSION),
        ("Ann", "release version 3.1.0 (#5640)", messages.VERSION),
        ("Ann", "chore(release): 1.2.0", messages.VERSION),
        ("Ann", "v1.2.3", messages.VERSION),
        ("Ann", "Prepare for next release", messages.VERSION),
        ("Ann", "fix typing", messages.FEW_WORDS),
        ("Ann", "fix it, for it is in the fix", messages.FEW_WORDS),
        ("Ann", "", messages.FEW_WORDS),
        ("Ann", "fix #1", messages.FEW_WORDS),
    ],
)
def test_what_is_no_question_is_told_why(author: str, message: str, why: str) -> None:
    assert why_unfit(author, message) == why


def test_the_parts_of_a_name_are_words() -> None:
    assert why_unfit("Ann", "deprecate `should_ignore_error`") == ""
