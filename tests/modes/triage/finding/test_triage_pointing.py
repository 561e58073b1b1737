"""What an issue says in other words is not asked for, and nothing that was not thrown."""

import pytest
from bathy.agent.modes.triage.dossier import Issue
from bathy.agent.modes.triage.finding.missing import find_missing
from bathy.agent.modes.triage.finding.needs import sort_of, tells
from bathy.agent.modes.triage.finding.pointing import (
    doubts_design,
    links_commit,
    names_case,
    points_at_code,
    tells_crash,
)
from bathy.agent.modes.triage.finding.templates import read_templates
from hypothesis import given
from hypothesis import strategies as st

SHA = "11c356f9a89fc88b4d3ff368ce1aae170a97ebd7"
FILE = f"https://github.com/acme/shop/blob/{SHA}/shop/cart.py"
TEMPLATES = read_templates(
    {
        ".github/ISSUE_TEMPLATE/bug.md": "---\nname: Bug\nlabels: bug\n---\n"
        "## To Reproduce\n<!-- Steps. -->\n\n## Stack trace\n\n## Version\n"
    }
)


@pytest.mark.parametrize(
    "text",
    [
        f"Checkout can succeed without a voucher\nThe check is made twice:\n\n{FILE}#L36",
        "Wrong total\nSee cart.py:36, where the price is left out.",
        "Wrong total\nThe price is left out in line 36.",
        "Wrong total\nIn shop/cart.py is a command:\n\nprice = str(price)\n",
        "`total()` gives NaN\nThat is due to a quotient that divides by the price.",
        "`total()` gives NaN\nIt is caused by an empty cart.",
    ],
)
def test_who_leads_to_the_fault_needs_no_steps(text: str) -> None:
    assert points_at_code(text)
    assert tells("reproduction", text)
    title, _, body = text.partition("\n")
    found = find_missing(Issue(1, f"Bug: {title}", body), (), "", TEMPLATES)
    assert not [one for one in found if one.blocking or one.field == "To Reproduce"]


@pytest.mark.parametrize(
    "text",
    [
        "Wrong total\nSee https://github.com/acme/shop/issues/3 and the screenshot.",
        f"Wrong total\nSee {FILE} please.",
        "Wrong total\nIt is due to something.",
        "Wrong total\n`total()` is wrong.",
        'Crash\n```\nTraceback (most recent call last):\n  File "shop/cart.py", line 3, in f\n```',
        'Crash\nTraceback (most recent call last):\n  File "shop/cart.py", line 3, in f\nKeyError',
    ],
)
def test_what_leads_nowhere_is_no_fault_shown(text: str) -> None:
    assert not points_at_code(text)


def test_a_call_and_its_case_are_asked_about_but_hold_nobody_up() -> None:
    body = (
        "`total()` gives NaN when the cart is empty, and the shop shows it to all of its customers."
    )
    assert names_case(body)
    assert not names_case("`total()` is wrong. When I look, it is NaN.")
    (steps,) = [
        one
        for one in find_missing(Issue(1, "Bug in the total", body), (), "", TEMPLATES)
        if one.field == "To Reproduce"
    ]
    assert not steps.blocking


@pytest.mark.parametrize(
    ("rev", "is_known"),
    [(SHA, True), (SHA[:8], True), ("v2.3.1", True), ("main", False), ("feature", False)],
)
def test_a_link_to_a_commit_tells_the_version(rev: str, is_known: bool) -> None:
    text = f"Wrong total\n{FILE.replace(SHA, rev)}#L3"
    assert links_commit(text) == tells("version", text, "Version") == is_known
    assert not tells("version", text, "Python version")


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        ("The export crashes.", True),
        ("It raises an exception.", True),
        ("It throws. It should not.", True),
        ("ValueError: no such voucher", True),
        ("An exception should be thrown.", False),
        ("Either it should convert, or throw an exception.", False),
        ("No exception is thrown.", False),
        ("It does not raise an error.", False),
        ("It returns None instead of raising an exception.", False),
        ("## Expected behavior\nAn `IllegalArgumentException`.\n", False),
        ("**Expected behavior**\nAn exception.\n\n**Actual behavior**\nIt crashes.\n", True),
        ('```java\nfail("Should have thrown exception");\n```\n', False),
        ("The total is wrong.", False),
    ],
)
def test_a_traceback_is_asked_for_where_something_was_thrown(text: str, is_told: bool) -> None:
    assert tells_crash(text) == is_told
    found = find_missing(Issue(1, "Bug: the total", f"With 1.2.3.\n{text}"), (), "", TEMPLATES)
    is_asked = "Stack trace" in {one.field for one in found}
    assert is_asked == (is_told and "ValueError" not in text)


@pytest.mark.parametrize(
    ("body", "is_one"),
    [
        ("I don't know if it's a design goal of the shop to hide exceptions.", True),
        ("I wonder whether that is intentional. It raises exceptions.", True),
        ("The total is wrong. Let me know if this is intended.", False),
        ("By design it fails.", False),
        ("I'm not sure what is wrong.", False),
    ],
)
def test_a_question_of_design_is_no_bug(body: str, is_one: bool) -> None:
    assert doubts_design(body) == is_one
    assert (sort_of(Issue(1, "Exceptions of the bank pass through", body)) == "question") == is_one
    assert bool(find_missing(Issue(1, "Exceptions pass through", body), (), "", ())) != is_one


@given(
    st.text(max_size=200), st.sampled_from(["", "```", "**Expected**\n", FILE, "#L3", "should "])
)
def test_any_text_can_be_read(text: str, more: str) -> None:
    whole = f"{text}{more}{text}"
    for reads in (points_at_code, links_commit, names_case, tells_crash, doubts_design):
        assert reads(whole) == reads(whole)


@pytest.mark.parametrize(
    "text",
    [
        "```\n" * 200_000,
        "a." * 500_000,
        "when `a` " * 200_000,
        "\n" * 10**6,
        FILE * 20_000,
        "=a" * 10**6,
    ],
)
def test_two_megabytes_are_read_at_once(text: str) -> None:
    for reads in (points_at_code, links_commit, names_case, tells_crash, doubts_design):
        reads(text)
