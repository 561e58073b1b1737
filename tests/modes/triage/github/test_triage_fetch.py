"""What GitHub knows of an issue -> the dossier: what is kept, cut, noted, followed and refused."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from bathy.agent.errors import TryAgainError
from bathy.agent.modes.triage.dossier import (
    Chain,
    Comment,
    Dossier,
    Issue,
    Label,
    LabelEvent,
    Target,
    dump_dossier,
    load_dossier,
)
from bathy.agent.modes.triage.github.chains import MOST_HOPS, follow, original_of
from bathy.agent.modes.triage.github.client import GitHub, GitHubError, Patience
from bathy.agent.modes.triage.github.fetch import MOST_BODY_CHARS, fetch_dossier
from bathy.agent.modes.triage.github.older import words_to_search
from bathy.agent.modes.triage.github.shapes import (
    comment_of,
    issue_of,
    label_event_of,
    label_of,
    repo_name_of,
    repo_of,
)
from github_double import GitHubDouble
from hypothesis import given
from hypothesis import strategies as st

MARK = "<!-- ours -->"
HERE = Target("github.com", "https://api.github.com", "o/n", 9)


@pytest.fixture
def double() -> Iterator[GitHubDouble]:
    with GitHubDouble() as running:
        running.add_token("token", "octobot")
        running.add_repo("o/n", labels={"bug": "Something fails", "área, core": ""})
        running.add_issue("o/n", "It fails", "Body.", number=9)
        yield running


async def _no_wait(_seconds: float) -> None:
    pass


def is_marked(body: str) -> bool:
    return body.endswith(MARK)


def none_resemble(_issue: Issue, _others: Sequence[Issue]) -> Sequence[int]:
    return ()


def fetch(
    double: GitHubDouble,
    number: int = 9,
    repo: str = "o/n",
    *,
    token: str = "token",
    resembling: Callable[[Issue, Sequence[Issue]], Sequence[int]] = none_resemble,
    **more: Any,
) -> Dossier:
    target = Target("github.com", double.api_url, repo, number)

    async def run() -> Dossier:
        async with GitHub(double.api_url, token, Patience(sleep=_no_wait)) as github:
            return await fetch_dossier(
                github, target, "cli", marker=is_marked, resembling=resembling, **more
            )

    dossier = asyncio.run(run())
    assert load_dossier(dump_dossier(dossier)) == dossier
    assert double.writes == []
    return dossier


def codes(dossier: Dossier) -> list[str]:
    return [code for code, _ in dossier.notes]


# The issue


def test_all_that_there_is(double: GitHubDouble) -> None:
    double.add_issue("o/n", "It failed before", "Old.", number=4, state="closed", labels=["bug"])
    double.add_issue("o/n", "A change", number=5, is_pull_request=True)
    double.add_issue("o/n", "It fails again", number=12)
    double.add_comment("o/n", 9, "ann", "Me too.", "MEMBER")
    double.add_comment("o/n", 9, "helper[bot]", "Beep.")
    double.add_label_event("o/n", 9, "bug", "ann")
    double.add_label_event("o/n", 9, "bug", "octobot", is_added=False)
    found = fetch(double)
    assert (found.issue.title, found.issue.body, found.issue.author) == (
        "It fails",
        "Body.",
        "reporter",
    )
    assert found.issue.url == "https://github.com/o/n/issues/9"
    assert [(c.author, c.body, c.association, c.is_bot) for c in found.comments] == [
        ("ann", "Me too.", "MEMBER", False),
        ("helper[bot]", "Beep.", "NONE", True),
    ]
    assert found.labels == (Label("bug", "Something fails"), Label("área, core"))
    events = [(event.label, event.actor, event.is_added) for event in found.label_events]
    assert events == [("bug", "ann", True), ("bug", "octobot", False)]
    assert [(o.number, o.state, o.labels) for o in found.others] == [(4, "closed", ("bug",))]
    assert (found.login, found.default_branch, found.visibility) == ("octobot", "main", "public")
    assert (found.comments_seen, found.notes, found.chains) == (2, (), ())


def test_without_a_token(double: GitHubDouble) -> None:
    double.add_comment("o/n", 9, "octobot", f"Ours.\n{MARK}")
    found = fetch(double, token="")
    assert (found.login, found.own_comment_id, found.notes) == ("", 0, ())
    assert [comment.author for comment in found.comments] == ["octobot"]


def test_an_app_that_is_not_told_its_name(double: GitHubDouble) -> None:
    double.add_token("app", "some-app[bot]", is_app=True)
    double.add_comment("o/n", 9, "some-app[bot]", f"Ours.\n{MARK}")
    assert codes(fetch(double, token="app")) == ["login_unknown"]


def test_a_pull_request_is_not_read_any_further(double: GitHubDouble) -> None:
    double.add_issue("o/n", "A change", number=10, is_pull_request=True)
    assert fetch(double, 10).issue.is_pull_request
    assert [seen.path for seen in double.requests] == ["/repos/o/n", "/repos/o/n/issues/10"]


def test_a_locked_issue_of_a_deleted_account_with_no_body(double: GitHubDouble) -> None:
    double.add_issue("o/n", "Old", None, number=3, author=None, is_locked=True)
    double.add_comment("o/n", 3, None, "Gone, too.")
    found = fetch(double, 3)
    assert (found.issue.author, found.issue.body, found.issue.is_locked) == ("", "", True)
    assert found.comments[0].author == ""


def test_a_body_that_is_too_long(double: GitHubDouble) -> None:
    double.issue("o/n", 9).body = "x" * MOST_BODY_CHARS
    assert codes(fetch(double)) == []
    double.issue("o/n", 9).body = "é" * 2_000_000
    found = fetch(double)
    assert found.issue.body == "é" * MOST_BODY_CHARS
    assert found.notes == (("oversize", "the body of 2,000,000 characters was cut to 200,000"),)


# Where it is


def test_a_repository_that_was_renamed(double: GitHubDouble) -> None:
    double.rename("o/n", "new/name")
    found = fetch(double)
    assert found.target == Target("github.com", double.api_url, "new/name", 9)
    assert found.issue.url == "https://github.com/new/name/issues/9"
    assert found.notes == (("renamed", "o/n is called new/name now"),)


def test_a_name_in_other_letters_is_no_new_name(double: GitHubDouble) -> None:
    found = fetch(double, repo="O/N")
    assert (found.target.full_name, found.notes) == ("o/n", ())


def test_an_issue_that_was_moved(double: GitHubDouble) -> None:
    double.add_repo("o/other")
    double.transfer("o/n", 9, "o/other", 31)
    with pytest.raises(
        GitHubError, match=r"moved; run bathy triage https://github\.com/o/other/issues/31"
    ):
        fetch(double)


def test_an_issue_that_was_deleted(double: GitHubDouble) -> None:
    double.issue("o/n", 9).is_deleted = True
    with pytest.raises(GitHubError, match="was deleted") as caught:
        fetch(double)
    assert caught.value.status == 410


def test_a_private_repository_without_a_token(double: GitHubDouble) -> None:
    double.add_repo("o/secret", visibility="private")
    with pytest.raises(GitHubError, match="a private repository without a token looks like this"):
        fetch(double, repo="o/secret", token="")


def test_an_answer_that_is_no_issue(double: GitHubDouble) -> None:
    double.fail(200, value=["odd"], path="/issues/9")
    with pytest.raises(GitHubError, match="check GITHUB_API_URL"):
        fetch(double)


def test_a_repository_of_an_odd_name(double: GitHubDouble) -> None:
    double.fail(200, value={"full_name": "../../user"}, path="/repos/o/n")
    with pytest.raises(GitHubError, match="no repository"):
        fetch(double)


# Comments


def test_three_thousand_comments(double: GitHubDouble) -> None:
    for n in range(1, 3001):
        double.add_comment("o/n", 9, "ann", f"{n}")
    own = double.add_comment("o/n", 9, "OctoBot", f"Ours.\n{MARK}")
    found = fetch(double)
    bodies = [int(comment.body) for comment in found.comments]
    assert bodies == [*range(1, 21), *range(2921, 3001)]
    assert (found.comments_seen, found.own_comment_id) == (3000, own.id)
    said = "of 3,000 comments, the first 20 and the last 80 are used"
    assert found.notes == (("comments_cut", said),)


def test_a_hundred_comments_are_all_kept(double: GitHubDouble) -> None:
    for n in range(100):
        double.add_comment("o/n", 9, "ann", f"{n}")
    found = fetch(double)
    assert [int(comment.body) for comment in found.comments] == list(range(100))
    assert codes(found) == []


def test_which_comment_is_ours(double: GitHubDouble) -> None:
    double.add_comment("o/n", 9, "mallory", f"Forged.\n{MARK}")
    double.add_comment("o/n", 9, "octobot", f"{MARK}\nNot at the end.")
    first = double.add_comment("o/n", 9, "octobot", f"First.\n{MARK}")
    double.add_comment("o/n", 9, "octobot", f"Second.\n{MARK}")
    found = fetch(double)
    assert (found.own_comment_id, found.own_comment) == (first.id, f"First.\n{MARK}")
    assert [comment.author for comment in found.comments] == ["mallory", "octobot"]
    assert found.comments_seen == 2


# Older issues


def test_only_older_issues_are_others(double: GitHubDouble) -> None:
    for number in (7, 8, 10, 11):
        double.add_issue("o/n", f"Another {number}", number=number)
    assert [other.number for other in fetch(double).others] == [7, 8]


def test_more_issues_than_are_read(double: GitHubDouble) -> None:
    double.add_issue("o/n", "The frobnicator melts", number=1)
    for number in range(10, 1011):
        double.add_issue("o/n", f"Thing {number}", number=number)
    double.add_issue("o/n", "Frobnicator, once more", number=2000)
    found = fetch(double, 2000)
    assert "others_cut" in codes(found)
    numbers = {other.number for other in found.others}
    assert 1 in numbers
    assert 10 not in numbers
    assert len(numbers) == 1000


def test_a_search_that_fails_is_noted(double: GitHubDouble) -> None:
    double.issue("o/n", 9).title = "Frobnicator"
    double.fail(422, path="/search", value={"message": "Validation Failed"})
    ((code, said),) = fetch(double).notes
    assert code == "search_failed"
    assert "422: Validation Failed" in said
    double.fail(503, path="/search", times=4)
    assert codes(fetch(double)) == ["search_failed"]


def test_what_a_search_finds_elsewhere_is_dropped(double: GitHubDouble) -> None:
    double.issue("o/n", 9).title = "Frobnicator"
    api = double.api_url
    items = [
        {"number": 1, "title": "here", "repository_url": f"{api}/repos/O/n"},
        {"number": 2, "title": "there", "repository_url": f"{api}/repos/o/other"},
        {"number": 3, "title": "nowhere"},
        {"number": 4, "title": "change", "repository_url": f"{api}/repos/o/n", "pull_request": {}},
        7,
        None,
    ]
    double.fail(200, path="/search", value={"items": items})
    assert [other.number for other in fetch(double).others] == [1]


def test_the_list_is_needed(double: GitHubDouble) -> None:
    double.fail(500, path="/issues", times=99)
    with pytest.raises(TryAgainError):
        fetch(double)


def test_a_title_asks_for_its_words_alone(double: GitHubDouble) -> None:
    double.issue("o/n", 9).title = 'frobnicate" repo:o/secret) OR author:ann NOT label:x (org:o'
    fetch(double)
    (search,) = [seen for seen in double.requests if seen.path == "/search/issues"]
    words = search.query["q"].removeprefix("repo:o/n is:issue (").removesuffix(")")
    assert words.split(" OR ") == ["frobnicate", "repo", "secret", "author", "ann", "label"]


@given(st.text(max_size=300))
def test_words_hold_letters_and_digits(title: str) -> None:
    words = words_to_search(title)
    assert len(words) <= 6
    assert all(word.isalnum() for word in words)
    assert not {"or", "and", "not"} & set(words)


# Chains


def say_duplicate(double: GitHubDouble, number: int, body: str, association: str) -> None:
    double.add_issue("o/n", f"T{number}", number=number, state="closed", state_reason="duplicate")
    double.add_comment("o/n", number, "ann", body, association)


def chains_of(double: GitHubDouble, *numbers: int) -> tuple[Dossier, tuple[Chain, ...]]:
    found = fetch(double, resembling=lambda _issue, _others: numbers)
    return found, found.chains


def test_a_chain_is_followed_to_its_end(double: GitHubDouble) -> None:
    double.add_issue("o/n", "T1", number=1)
    say_duplicate(double, 2, "Duplicate of #1", "MEMBER")
    say_duplicate(double, 3, "Hm.\nduplicate of https://github.com/o/n/issues/2", "OWNER")
    _, chains = chains_of(double, 3, 1, 3, 77)
    assert chains == (Chain(3, (2, 1)),)
    assert chains[0].end == 1


def test_a_chain_that_comes_back(double: GitHubDouble) -> None:
    say_duplicate(double, 1, "Duplicate of #3", "MEMBER")
    say_duplicate(double, 2, "Duplicate of #1", "MEMBER")
    say_duplicate(double, 3, "Duplicate of #2", "MEMBER")
    say_duplicate(double, 4, "Duplicate of #4", "MEMBER")
    say_duplicate(double, 5, "Duplicate of #3", "MEMBER")
    _, chains = chains_of(double, 3, 4, 5)
    assert chains == (
        Chain(3, (2, 1), is_cycle=True),
        Chain(4, (), is_cycle=True),
        Chain(5, (3, 2, 1), is_cycle=True),
    )
    assert [chain.end for chain in chains] == [None] * 3


def test_a_chain_ends_where_there_is_no_issue(double: GitHubDouble) -> None:
    double.add_issue("o/n", "A change", number=1, is_pull_request=True)
    say_duplicate(double, 2, "Duplicate of #1", "MEMBER")
    say_duplicate(double, 3, "Duplicate of #700", "MEMBER")
    say_duplicate(double, 4, "Duplicate of #2", "MEMBER")
    assert chains_of(double, 2, 3, 4)[1] == (Chain(4, (2,)),)


def test_an_issue_at_the_end_of_a_chain_joins_the_others(double: GitHubDouble) -> None:
    double.add_issue("o/n", "The first", number=1)
    for number in range(100, 1100):
        double.add_issue("o/n", "Noise", number=number)
    say_duplicate(double, 1100, "Duplicate of #1", "MEMBER")
    double.add_issue("o/n", "Last", number=1200)
    found = fetch(double, 1200, resembling=lambda _issue, _others: [1100])
    assert found.chains == (Chain(1100, (1,)),)
    assert found.others[0].title == "The first"


def test_no_more_than_five_chains_are_followed(double: GitHubDouble) -> None:
    double.add_issue("o/n", "T1", number=1)
    for number in range(2, 9):
        say_duplicate(double, number, "Duplicate of #1", "MEMBER")
    assert [chain.number for chain in chains_of(double, *range(2, 9))[1]] == [2, 3, 4, 5, 6]


class Memory:
    """Issues that are each a duplicate of the one before; 1 is the first."""

    async def issue(self, number: int) -> Issue | None:
        return Issue(number, "T", state_reason="duplicate" if number > 1 else "")

    async def comments(self, number: int) -> Sequence[Comment]:
        return [Comment(1, "ann", f"Duplicate of #{number - 1}", "MEMBER")]


def test_a_long_chain_is_cut() -> None:
    first = Issue(50, "T", state_reason="duplicate")
    chain = asyncio.run(follow(first, Memory(), HERE))
    assert chain == Chain(50, tuple(range(49, 49 - MOST_HOPS, -1)))


@pytest.mark.parametrize(
    ("body", "number"),
    [
        ("Duplicate of #12", 12),
        ("duplicate of: #12.", 12),
        ("Thanks!\r\nDUPLICATE OF o/N#12", 12),
        ("   Duplicate of https://github.com/O/n/issues/12", 12),
        ("Duplicate of #12\nDuplicate of #13", 12),
        ("Duplicate of other/repo#12", None),
        ("Duplicate of https://github.com/other/repo/issues/12", None),
        ("Duplicate of https://evil.test/o/n/issues/12", None),
        ("Duplicate of http://github.com/o/n/issues/12", None),
        ("> Duplicate of #12", None),
        ("    Duplicate of #12", None),
        ("This is no duplicate of #12", None),
        ("Duplicate of #012", None),
        ("Duplicate of #1234567890", None),
        ("Duplicate of #12abc", None),
        ("Duplicate of", None),
    ],
)
def test_what_says_that_it_is_a_duplicate(body: str, number: int | None) -> None:
    assert original_of([Comment(1, "ann", body, "MEMBER")], HERE) == number


def test_whose_word_counts() -> None:
    def said(association: str, number: int, *, is_bot: bool = False) -> Comment:
        return Comment(1, "x", f"Duplicate of #{number}", association, is_bot=is_bot)

    for association in ("NONE", "CONTRIBUTOR", "FIRST_TIMER", "MANNEQUIN"):
        assert original_of([said(association, 1)], HERE) is None
    trusted = [said("OWNER", 1), said("COLLABORATOR", 2), said("NONE", 3)]
    assert original_of(trusted, HERE) == 2
    assert original_of([said("MEMBER", 1, is_bot=True)], HERE) is None


def test_a_hostile_comment_is_read_at_once() -> None:
    bodies = ("Duplicate of" * 200_000, "duplicate of:" + "\t" * 2_000_000, " " * 2_000_000)
    for body in (*bodies, "Duplicate of https://" + "a/" * 1_000_000):
        assert original_of([Comment(1, "ann", body, "MEMBER")], HERE) is None


# Shapes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
KEYS = [
    "number",
    "id",
    "title",
    "body",
    "state",
    "state_reason",
    "stateReason",
    "user",
    "author",
    "author_association",
    "created_at",
    "updated_at",
    "labels",
    "locked",
    "pull_request",
    "name",
    "description",
    "event",
    "label",
    "actor",
    "full_name",
    "default_branch",
    "visibility",
    "private",
    "repository_url",
    "login",
    "type",
    "is_bot",
]


@given(JSON | st.dictionaries(st.sampled_from(KEYS), JSON))
def test_no_json_breaks_a_reader(value: Any) -> None:
    issue = issue_of(value, HERE)
    assert 0 <= issue.number < 10**9
    assert issue.url in ("", f"https://github.com/o/n/issues/{issue.number}")
    dossier = Dossier(HERE, "cli", issue, (comment_of(value),), labels=(label_of(value),))
    assert load_dossier(dump_dossier(dossier)) == dossier
    assert repo_of(value).visibility in ("public", "private", "internal", "unknown")
    event = label_event_of(value)
    assert event is None or event.label
    assert isinstance(repo_name_of(value), str)


def test_halves_of_characters_are_replaced() -> None:
    issue = issue_of({"number": 1, "title": "a\ud83d b\udc00", "body": "\U0001f600"}, HERE)
    assert (issue.title, issue.body) == ("a\ufffd b\ufffd", "\U0001f600")


def test_addresses_of_a_payload_are_not_taken() -> None:
    odd = {"number": 1, "html_url": "https://evil.test/", "url": "javascript:alert(1)"}
    assert issue_of(odd, HERE).url == "https://github.com/o/n/issues/1"
    assert repo_of({"full_name": "o/.."}).full_name == ""
    assert repo_name_of({"repository_url": "https://x.test/repos/o/n/../../y"}) == ""


def test_an_issue_as_gh_prints_it() -> None:
    value = {
        "number": 5,
        "title": "T",
        "body": "B",
        "state": "CLOSED",
        "stateReason": "NOT_PLANNED",
        "author": {"login": "app/helper", "is_bot": True},
        "createdAt": "2026-01-02T03:04:05Z",
        "labels": [{"name": "bug"}, "core", 7],
    }
    issue = issue_of(value, HERE)
    assert (issue.state, issue.state_reason, issue.labels) == (
        "closed",
        "not_planned",
        ("bug", "core"),
    )
    assert (issue.author, issue.is_bot, issue.created_at) == (
        "app/helper",
        True,
        "2026-01-02T03:04:05Z",
    )
    comment = comment_of({"id": "IC_x", "author": {"login": "a"}, "authorAssociation": "MEMBER"})
    assert comment == Comment(0, "a", "", "MEMBER")


def test_label_events() -> None:
    event = {"event": "unlabeled", "label": {"name": "bug"}, "actor": None}
    assert label_event_of(event) == LabelEvent("bug", "", is_added=False)
    assert label_event_of({"event": "closed", "label": {"name": "bug"}}) is None
