import pytest
from bathy.agent.modes.triage.dossier import Comment, Issue
from bathy.agent.modes.triage.finding.missing import MOST_ASKED, chosen_template, find_missing
from bathy.agent.modes.triage.finding.needs import Need, sort_of, tells
from bathy.agent.modes.triage.finding.templates import Template, read_templates
from bathy.agent.modes.triage.opinion import MissingOpinion
from bathy.agent.modes.triage.report import Missing
from hypothesis import given
from hypothesis import strategies as st

BUG_PATH, FEATURE_PATH = ".github/ISSUE_TEMPLATE/bug.md", ".github/ISSUE_TEMPLATE/feature.yml"
BUG = """\
---
name: Bug report
labels: bug
---
## What happened
<!-- Tell us what you saw. -->

## Steps to reproduce
Put the smallest code here.

## Traceback
<!-- The whole of it. -->

## Environment

- Shop version: [e.g. 2.1]
- OS:
"""
FEATURE = """\
name: Feature request
labels: [enhancement]
body:
  - type: textarea
    attributes: {label: Use case, description: What would you like to do?}
    validations: {required: true}
  - type: textarea
    attributes: {label: Traceback}
  - type: textarea
    attributes: {label: Additional context}
    validations: {required: false}
"""
TEMPLATES = read_templates({BUG_PATH: BUG, FEATURE_PATH: FEATURE})
FULL = """\
## What happened
The export stops, and `total()` raises an exception.

## Steps to reproduce
```python
shop.export(cart)
```

## Traceback
Traceback (most recent call last):
  File "shop/cart.py", line 3, in total
ValueError: mixed currencies

## Environment

- Shop version: 2.3.1
- OS: Debian 12
"""


def issue(body: str, title: str = "Export crashes with an exception") -> Issue:
    return Issue(50, title, body, author="ann")


def ask(
    body: str,
    *comments: Comment,
    own: str = "",
    templates: tuple[Template, ...] = TEMPLATES,
    opinions: tuple[MissingOpinion, ...] = (),
    title: str = "Export crashes with an exception",
) -> tuple[Missing, ...]:
    return find_missing(issue(body, title), comments, own, templates, opinions)


def names(found: tuple[Missing, ...]) -> set[str]:
    return {missing.field for missing in found}


def said(body: str, author: str = "ann", association: str = "NONE") -> Comment:
    return Comment(1, author, body, association)


def test_nothing_is_asked_of_a_full_report() -> None:
    assert ask(FULL) == ()


@pytest.mark.parametrize(
    "blank", ["", "_No response_", "N/A", "Put the smallest code here.", "<!-- later -->", "TBD"]
)
def test_a_heading_with_nothing_below_is_missing(blank: str) -> None:
    body = FULL.replace("```python\nshop.export(cart)\n```", blank)
    (found,) = ask(body)
    assert found.field == "Steps to reproduce"
    assert found.template_source == BUG_PATH
    assert not found.already_asked


def test_a_template_that_was_sent_as_it_is_lacks_all_that_matters() -> None:
    found = ask(BUG.partition("---\n")[2].partition("---\n")[2], title="It crashes")
    assert names(found) == {
        "What happened",
        "Steps to reproduce",
        "Traceback",
        "Shop version",
        "OS",
    }
    assert all(missing.blocking for missing in found)


def test_what_is_told_elsewhere_is_not_asked() -> None:
    body = (
        "With shop 2.3.1 on Ubuntu, run\n\n```\nshop export cart.json\n```\n\n"
        "and it crashes with `ValueError: mixed currencies`.\n"
    )
    assert ask(body) == ()


def test_headings_that_were_taken_out_are_asked_for_only_if_they_matter() -> None:
    found = ask("The export of my cart crashes whenever two currencies meet, which is a pity.")
    assert names(found) == {"Steps to reproduce", "Traceback", "Shop version"}
    by_name = {missing.field: missing for missing in found}
    assert by_name["Shop version"].question == "Which Shop version do you use?"
    assert by_name["Steps to reproduce"].blocking
    assert not by_name["Shop version"].blocking


def test_steps_are_not_blocking_where_there_is_a_traceback() -> None:
    body = 'The export of a cart fails:\n\nTraceback (most recent call last):\n  File "a.py", line 1, in b\nValueError: mixed\n'
    found = {missing.field: missing for missing in ask(body)}
    assert not any(missing.blocking for missing in found.values())
    assert "Traceback" not in found


def test_a_later_answer_of_the_author_counts() -> None:
    body = FULL.replace("2.3.1", "").replace("```python\nshop.export(cart)\n```", "")
    assert names(ask(body)) == {"Steps to reproduce", "Shop version"}
    answers = (said("2.3.1"), said("1. fill the cart\n2. export it"))
    assert ask(body, *answers) == ()
    assert names(ask(body, said("It is 2.3.1 here", "bob"))) == {
        "Steps to reproduce",
        "Shop version",
    }


def test_what_we_asked_before_is_kept_and_marked() -> None:
    body = FULL.replace("2.3.1", "")
    (first,) = ask(body)
    (again,) = ask(body, own=f"Please tell:\n\n- **{first.field}**: {first.question}\n")
    assert again.field == first.field
    assert again.already_asked
    assert not ask(body, own="Nothing is missing.")[0].already_asked


def test_what_a_maintainer_asked_is_marked() -> None:
    body = FULL.replace("2.3.1", "")
    assert ask(body, said("Which version is it?", "max", "MEMBER"))[0].already_asked
    assert not ask(body, said("Which version is it?", "eve", "NONE"))[0].already_asked
    assert not ask(body, said("Fixed soon.", "max", "OWNER"))[0].already_asked


def test_a_feature_request_is_not_asked_for_a_traceback() -> None:
    body = "### Use case\n\n_No response_\n\n### Traceback\n\n_No response_\n\n### Additional context\n\n_No response_\n"
    (found,) = ask(body, title="Add an export to PDF")
    assert (found.field, found.question) == ("Use case", "What would you like to do?")
    assert found.template_source == FEATURE_PATH
    assert not found.blocking


def test_a_question_is_asked_nothing_without_a_template() -> None:
    assert (
        ask("I cannot find it in the manual.", title="How can I export a cart?", templates=()) == ()
    )


def test_without_a_template_a_bug_needs_a_version_and_steps() -> None:
    text = "The export of a cart stops half way whenever two currencies meet in one of my carts."
    found = ask(text, templates=())
    assert names(found) == {"Version", "Reproduction"}
    assert not any(missing.blocking or missing.template_source for missing in found)
    assert all(missing.blocking for missing in ask("It broke.", title="Crash", templates=()))


def test_none_is_an_answer_where_there_may_be_none() -> None:
    form = (
        "name: Bug\nbody:\n"
        "  - {type: textarea, attributes: {label: Configuration}, validations: {required: true}}\n"
        "  - {type: input, attributes: {label: Browser version}}\n"
        "  - {type: input, attributes: {label: Version}, validations: {required: true}}\n"
    )
    (template,) = read_templates({".github/ISSUE_TEMPLATE/a.yml": form})
    body = "### Configuration\n\nN/A\n\n### Browser version\n\nN/A\n\n### Version\n\nN/A\n"
    assert names(ask(body, templates=(template,))) == {"Version"}


def test_what_an_author_puts_below_headings_of_their_own_belongs_to_the_field() -> None:
    body = FULL.replace("```python", "**First way**\n\nOpen the cart and press export.\n```python")
    assert ask(body.replace("```python\nshop.export(cart)\n```", "")) == ()


@pytest.mark.parametrize(
    "question",
    ["Which login details do you use?", "What is in your .env?", "Mail it to me, will you?",
     "What does ~/.ssh hold?", "Which recovery phrase was shown?"],
)  # fmt: skip
def test_a_model_asks_for_nothing_that_must_stay_secret(question: str) -> None:
    assert ask(FULL, opinions=(MissingOpinion("More", question, True),)) == ()


def test_a_model_may_ask_for_more() -> None:
    opinion = MissingOpinion("Currencies", "Which currencies are\nin the cart?", True)
    (found,) = ask(FULL, opinions=(opinion,))
    assert found == Missing("Currencies", "Which currencies are in the cart?", True)


def test_a_model_asks_nothing_twice_nothing_told_and_no_secrets() -> None:
    body = FULL.replace("2.3.1", "")
    opinions = (
        MissingOpinion("Version of the shop", "Which version?"),
        MissingOpinion("traceback", "Which traceback?"),
        MissingOpinion("API token", "What is your token?"),
        MissingOpinion("Login", "Please send your password."),
        MissingOpinion("", "What?"),
        MissingOpinion("Nothing", " "),
    )
    assert names(ask(body, opinions=opinions)) == {"Shop version"}


def test_few_things_are_asked() -> None:
    opinions = tuple(MissingOpinion(f"Thing {n}", f"What is thing {n}?") for n in range(20))
    assert len(ask("It crashes.", opinions=opinions)) == MOST_ASKED


def test_the_template_is_chosen_by_headings_then_labels_then_sort() -> None:
    bug, feature = TEMPLATES
    assert chosen_template(issue(FULL, "Add something"), TEMPLATES) == bug
    assert chosen_template(issue("Text.", "Add an export to PDF"), TEMPLATES) == feature
    assert chosen_template(issue("It raises an error.", "Export"), TEMPLATES) == bug
    labelled = Issue(1, "Export", "It raises an error.", labels=("Enhancement",))
    assert chosen_template(labelled, TEMPLATES) == feature
    assert chosen_template(issue("Some text.", "A cart"), TEMPLATES) is None
    assert chosen_template(issue(FULL), ()) is None


def test_a_single_template_is_for_bugs() -> None:
    (single,) = read_templates({"ISSUE_TEMPLATE.md": "# Version\n\n# Steps\n"})
    assert chosen_template(issue("It crashes."), (single,)) == single
    assert chosen_template(issue("Text.", "Add an export"), (single,)) is None


@pytest.mark.parametrize(
    ("need", "text"),
    [
        ("version", "Version: 2.1"),
        ("version", "I use shop 2.1.0 here"),
        ("version", "shop==2.1"),
        ("version", "**shop**: `v2.1`"),
        ("version", "with the 2.x line\n"),
        ("reproduction", "```\nx\n```"),
        ("reproduction", "Steps: 1. touch x 2. load('x')"),
        ("reproduction", "see https://gist.github.com/ann/1"),
        ("reproduction", "text\n\n    shop.export(cart)\n"),
        ("traceback", "Traceback (most recent call last):"),
        ("traceback", "it says ValueError: mixed"),
        ("traceback", "```\n    at total (cart.js:3:4)\n    at main (app.js:1:1)\n```"),
        ("platform", "on macOS"),
    ],
)
def test_things_are_told_in_many_ways(need: Need, text: str) -> None:
    assert tells(need, text)


@pytest.mark.parametrize(
    ("need", "text"),
    [
        ("version", "It fails on line\n12 with Python 3.11"),
        ("version", "it listens\non 127.0.0.1"),
        ("version", "the latest\none"),
        ("reproduction", "Calling `load()` with an empty file fails."),
        ("traceback", "It raises an error."),
        ("platform", "on my machine"),
    ],
)
def test_things_are_not_told_by_accident(need: Need, text: str) -> None:
    assert not tells(need, text)


def test_a_version_is_that_of_what_the_field_names() -> None:
    assert tells("version", "Python 3.11", "Python version")
    assert not tells("version", "Fails\nshop 2.1", "Python version")
    assert not tells("version", "Fails\nPython 3.11", "Shop version")


@pytest.mark.parametrize(
    ("title", "body", "sort"),
    [
        ("Export crashes", "", "bug"),
        ("Add an export", "It raises no error.", "feature"),
        ("Totals should support two currencies", "", "feature"),
        ("How to export a cart?", "", "question"),
        ("Is this right?", "Traceback (most recent call last):", "bug"),
        ("A cart", "Some text.", "other"),
    ],
)
def test_issues_are_sorted_by_how_they_read(title: str, body: str, sort: str) -> None:
    assert sort_of(issue(body, title)) == sort


PIECES = st.sampled_from(
    [
        *("## Steps to reproduce", "## Environment", "## What happened", "- OS:", "**x**", "1. a"),
        *("- Shop version: 2.1", "```", "<!--", "-->", "It crashes.", "_No response_", "", "N/A"),
        "\u202e",
    ]
)


@given(st.lists(PIECES, max_size=14), st.lists(PIECES, max_size=5), st.text(max_size=40))
def test_any_issue_gives_few_plain_questions(
    lines: list[str], replies: list[str], title: str
) -> None:
    found = ask("\n".join(lines), said("\n".join(replies)), title=title)
    assert len(found) <= MOST_ASKED
    assert len(names(found)) == len(found)
    for missing in found:
        assert missing.question
        assert missing.question.splitlines() == [missing.question]


@pytest.mark.parametrize("templates", [TEMPLATES, ()])
@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("help", ""),
        ("Question", "  \n"),
        ("Please add", ""),
        ("it", "<!-- Tell us what you saw. -->"),
        ("the shop and the cart", "![image](https://a.test/1.png)"),
        ("help", "_No response_"),
    ],
)
def test_an_empty_issue_waits_for_its_author_whatever_its_kind(
    title: str, body: str, templates: tuple[Template, ...]
) -> None:
    found = ask(body, title=title, templates=templates)
    assert found
    assert found[0].blocking


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("Add an export to TOML", ""),
        ("How do I export a cart?", ""),
        ("help", "The cart is gone since the last release."),
    ],
)
def test_an_issue_that_says_something_does_not(title: str, body: str) -> None:
    assert not [one for one in ask(body, title=title, templates=()) if one.blocking]


def test_what_is_told_later_is_enough() -> None:
    assert ask("", title="help", templates=())[0].blocking
    assert ask("", said("The cart is gone, and all is lost."), title="help", templates=()) == ()
