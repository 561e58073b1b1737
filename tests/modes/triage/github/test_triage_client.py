"""Requests to GitHub: what is followed, waited for, sent again and said, and where the token goes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from typing import Any, TypeVar

import httpx2
import pytest
from bathy.agent.errors import BathyError, ConfigError, TryAgainError
from bathy.agent.modes.triage.dossier import Target
from bathy.agent.modes.triage.github import client as client_module
from bathy.agent.modes.triage.github.addresses import led_to, next_in
from bathy.agent.modes.triage.github.calls import (
    ACTIONS_LOGIN,
    can_suggest,
    list_open,
    read_login,
)
from bathy.agent.modes.triage.github.client import Answer, GitHub, GitHubError, Patience
from bathy.agent.modes.triage.github.failures import asked_wait_s, message_of
from bathy.agent.modes.triage.report import AddedLabel
from github_double import GitHubDouble
from github_writes import (
    add_labels,
    create_comment,
    remove_label,
    suggest_labels,
    update_comment,
)
from hypothesis import given
from hypothesis import strategies as st

TOKEN = "ghp_neverToBeSeen0123456789"
NOW = 1_800_000_000.0
ISSUE = "/repos/o/n/issues/1"
T = TypeVar("T")


@dataclass
class Clock:
    """Time that passes only while somebody sleeps."""

    at: float = NOW
    sleeps: list[float] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.at += seconds

    def now(self) -> float:
        return self.at

    def run(
        self,
        double: GitHubDouble,
        work: Callable[[GitHub], Awaitable[T]],
        token: str = TOKEN,
        api_url: str = "",
    ) -> T:
        patience = Patience(4, 120, lambda: 1.0, self.sleep, self.now, self.now)

        async def run() -> T:
            async with GitHub(
                api_url or double.api_url, token, patience, self.said.append
            ) as github:
                return await work(github)

        return asyncio.run(run())

    def get(self, double: GitHubDouble, path: str, token: str = TOKEN) -> Answer:
        return self.run(double, lambda github: github.get(path), token)

    def post(self, double: GitHubDouble, method: Any = "POST") -> Answer:
        path = {"POST": f"{ISSUE}/comments", "DELETE": f"{ISSUE}/labels/bug"}[method]
        body = {"body": "Hello."} if method == "POST" else None
        return self.run(double, lambda github: github.send(method, path, body))


@pytest.fixture
def double() -> Iterator[GitHubDouble]:
    with GitHubDouble() as running:
        running.add_token(TOKEN, "octobot")
        running.add_repo("o/n", labels=["bug", "area/core", "a, b"])
        running.add_issue("o/n", "It fails", labels=["bug", "area/core"])
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


def target(double: GitHubDouble, number: int = 1) -> Target:
    return Target("github.com", double.api_url, "o/n", number)


# Addresses, headers, token


def test_headers_of_every_request(double: GitHubDouble, clock: Clock) -> None:
    clock.get(double, "/repos/o/n")
    clock.get(double, "/repos/o/n", token="")
    first, second = (seen.headers for seen in double.requests)
    assert first["authorization"] == f"Bearer {TOKEN}"
    assert first["accept"] == "application/vnd.github+json"
    assert first["user-agent"] == "bathy"
    assert first["x-github-api-version"] == "2022-11-28"
    assert "authorization" not in second


@pytest.mark.parametrize(
    "url", ["http://api.github.com", "https://a@b.test", "ftp://x.test", "https://x.test?a=b"]
)
def test_an_address_that_no_token_may_go_to(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        GitHub(url, TOKEN)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("token", ["to ken", f"{TOKEN}\n", "schlüssel", "x" * 2000])
def test_a_token_that_cannot_be_one_is_not_repeated(token: str) -> None:
    with pytest.raises(ConfigError) as caught:
        GitHub("https://api.github.com", token)
    assert token.strip() not in str(caught.value)


@pytest.mark.parametrize("name", [".", ".."])
def test_a_label_that_would_name_all_labels_is_not_removed(
    double: GitHubDouble, clock: Clock, name: str
) -> None:
    with pytest.raises(GitHubError, match="would change where it goes"):
        clock.run(double, lambda github: remove_label(github, target(double), name))
    assert double.requests == []


def test_the_token_stands_in_no_error(double: GitHubDouble, clock: Clock) -> None:
    said = []
    for status in (400, 401, 403, 404, 410, 422, 451, 500):
        double.fail(status, times=4 if status == 500 else 1)
        with pytest.raises(BathyError) as caught:
            clock.get(double, "/repos/o/n")
        said.append(str(caught.value))
    assert TOKEN not in " ".join(said + clock.said)
    assert len(set(said)) == len(said)


def test_a_server_that_is_not_there(double: GitHubDouble, clock: Clock) -> None:
    with GitHubDouble() as gone:
        url = gone.api_url
    with pytest.raises(TryAgainError, match=r"no answer from 127\.0\.0\.1") as caught:
        clock.run(double, lambda github: github.get("/user"), api_url=url)
    assert TOKEN not in str(caught.value)
    assert clock.sleeps == [1.0, 2.0, 4.0]


# Pages


@pytest.mark.parametrize(("root", "by_id"), [("", True), ("/api/v3", True), ("", False)])
def test_pages_are_followed(clock: Clock, root: str, by_id: bool) -> None:
    with GitHubDouble(root, links_by_id=by_id) as double:
        double.add_repo("o/n", labels=[f"label {n}" for n in range(250)])

        async def work(github: GitHub) -> list[Any]:
            pages = github.pages("/repos/o/n/labels", most=9)
            return [label["name"] async for page in pages for label in page]

        assert clock.run(double, work, "") == [f"label {n}" for n in range(250)]
    assert len(double.requests) == 3
    assert {seen.query["per_page"] for seen in double.requests} == {"100"}


def test_no_more_pages_than_asked_for(clock: Clock) -> None:
    with GitHubDouble() as double:
        double.add_repo("o/n", labels=[f"label {n}" for n in range(250)])

        async def work(github: GitHub) -> list[str]:
            return [a.next_path async for a in github.walk("/repos/o/n/labels", most=2)]

        first, last = clock.run(double, work, "")
    assert first.endswith("/labels?per_page=100&page=2")
    assert last.endswith("/labels?per_page=100&page=3")
    assert len(double.requests) == 2


@pytest.mark.parametrize("value", [{"message": "hi"}, "text", b"<html>", b"[[[" * 100_000])
def test_a_page_that_is_no_list(double: GitHubDouble, clock: Clock, value: Any) -> None:
    double.fail(200, value=value)

    async def work(github: GitHub) -> None:
        async for _ in github.pages("/repos/o/n/labels", most=2):
            pytest.fail("a page was given")

    with pytest.raises(GitHubError, match="check GITHUB_API_URL"):
        clock.run(double, work)


def test_an_answer_that_is_too_large(
    double: GitHubDouble, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "MOST_BYTES", 1_000_000)
    double.fail(200, value=["x" * 999_996])
    assert len(clock.get(double, "/repos/o/n").value[0]) == 999_996
    double.fail(200, value=["x" * 999_997])
    with pytest.raises(GitHubError, match="over 1 MB and is not read"):
        clock.get(double, "/repos/o/n")


# Redirects


def test_a_move_to_another_host_is_not_followed(double: GitHubDouble, clock: Clock) -> None:
    with GitHubDouble() as other:
        for location in (f"{other.api_url}/repos/o/n", "https://evil.test/x", "//evil.test/", ""):
            double.fail(301, headers={"Location": location})
            with pytest.raises(GitHubError, match="outside of its API"):
                clock.get(double, "/repos/o/n")
        double.fail(200, value=[], headers={"Link": f'<{other.api_url}/p2>; rel="next"'})
        with pytest.raises(GitHubError, match="outside of its API"):
            clock.get(double, "/repos/o/n/labels")
        assert other.requests == []
    assert len(double.requests) == 5


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_move_under_the_same_root_is_followed(
    double: GitHubDouble, clock: Clock, status: int
) -> None:
    double.fail(status, headers={"Location": "/repos/o/n"}, path="/repos/o/old")
    answer = clock.get(double, "/repos/o/old")
    assert (answer.value["full_name"], answer.path) == ("o/n", "/repos/o/n")


def test_no_more_than_two_moves_are_followed(double: GitHubDouble, clock: Clock) -> None:
    double.fail(301, headers={"Location": f"{double.api_url}/repos/o/n"}, times=9)
    with pytest.raises(GitHubError, match="moved") as caught:
        clock.get(double, "/repos/o/n")
    assert (caught.value.status, len(double.requests)) == (301, 3)


def test_a_write_is_never_led_elsewhere(double: GitHubDouble, clock: Clock) -> None:
    double.rename("o/n", "o/new")
    with pytest.raises(GitHubError, match="has moved; run bathy again"):
        clock.post(double)
    assert len(double.requests) == 1


@pytest.mark.parametrize(
    "location",
    [
        "https://ghe.test/api/v3/repos/o/n",
        "/api/v3/x",
        "https://ghe.test:443/api/v3/repositories/7?page=2&after=Y3%3D",
    ],
)
def test_addresses_below_the_root(location: str) -> None:
    root = httpx2.URL("https://ghe.test/api/v3")
    assert str(led_to(root, root, location)).startswith("https://ghe.test/api/v3/")


@pytest.mark.parametrize(
    "location",
    [
        "https://ghe.test/api/v3",
        "https://ghe.test/api/v30/x",
        "https://ghe.test/api/v3/../../admin",
        "https://ghe.test/api/v3/%2e%2e/%2e%2e/admin",
        "https://ghe.test/api/v3//x",
        "http://ghe.test/api/v3/x",
        "https://ghe.test:8443/api/v3/x",
        "https://u:p@ghe.test/api/v3/x",
        "https://ghe.test.evil.test/api/v3/x",
        "https://ghe.test@evil.test/api/v3/x",
        "https://[::1/api/v3/x",
        "\\\\evil.test/api/v3/x",
    ],
)
def test_addresses_that_are_not(location: str) -> None:
    root = httpx2.URL("https://ghe.test/api/v3")
    with pytest.raises(GitHubError):
        led_to(root, root, location)


def test_the_next_page_of_a_link_header() -> None:
    link = '<https://a.test/x?page=1>; rel="prev", <https://a.test/x?page=3>; rel="next"'
    assert next_in(link) == "https://a.test/x?page=3"
    assert next_in('<https://a.test/x>; rel="last"') == ""
    assert next_in("<" * 100_000 + '>; rel="prev"') == ""


# Waiting


def test_a_read_is_tried_again(double: GitHubDouble, clock: Clock) -> None:
    double.fail(502, times=2)
    double.drop()
    assert clock.get(double, "/repos/o/n").value["full_name"] == "o/n"
    assert clock.sleeps == [1.0, 2.0, 4.0]
    assert clock.said[0] == "waiting 1 s for GitHub: it answered 502"
    assert clock.said[2] == "waiting 4 s for GitHub: there was no answer"


def test_a_read_is_given_up(double: GitHubDouble, clock: Clock) -> None:
    double.fail(503, times=9)
    with pytest.raises(TryAgainError, match=r"GitHub fails \(503\)"):
        clock.get(double, "/repos/o/n")
    assert len(double.requests) == 4


@pytest.mark.parametrize(
    ("status", "headers", "value", "wait"),
    [
        (429, {"Retry-After": "30"}, None, 30.0),
        (403, {"Retry-After": "7"}, None, 7.0),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{NOW + 50:.0f}"}, None, 51.0),
        (403, {}, {"message": "You have exceeded a secondary rate limit."}, 60.0),
        (429, {}, None, 60.0),
        (503, {"Retry-After": "3"}, None, 3.0),
    ],
)
def test_what_github_asks_for_is_waited(
    double: GitHubDouble,
    clock: Clock,
    status: int,
    headers: dict[str, str],
    value: Any,
    wait: float,
) -> None:
    double.fail(status, headers=headers, value=value)
    assert clock.get(double, "/repos/o/n").status == 200
    assert clock.sleeps == [wait]


def test_a_long_wait_is_left_to_the_user(double: GitHubDouble, clock: Clock) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{NOW + 1800:.0f}"}
    double.fail(403, headers=headers, times=2)
    with pytest.raises(TryAgainError, match="until 2027-01-15 08:30:01 UTC; run bathy again then"):
        clock.get(double, "/repos/o/n")
    with pytest.raises(TryAgainError, match="or set GITHUB_TOKEN"):
        clock.get(double, "/repos/o/n", token="")
    assert clock.sleeps == []


def test_a_limit_that_does_not_end_is_given_up(double: GitHubDouble, clock: Clock) -> None:
    double.fail(429, headers={"Retry-After": "1"}, times=9)
    with pytest.raises(TryAgainError, match="rate limit of GitHub is used up"):
        clock.get(double, "/repos/o/n")
    assert clock.sleeps == [1.0, 1.0, 1.0]


def test_a_refusal_is_no_limit(double: GitHubDouble, clock: Clock) -> None:
    double.add_token("reader", "reader", can_write=False)
    with pytest.raises(GitHubError, match="the token may not do this") as caught:
        clock.run(double, lambda g: create_comment(g, target(double), "Hello."), token="reader")
    assert (caught.value.status, len(double.requests)) == (403, 1)


@given(st.text(max_size=30), st.text(max_size=30), st.floats(0, 4e9))
def test_a_wait_is_a_bounded_number(after: str, reset: str, now: float) -> None:
    headers = {"retry-after": after, "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    wait = asked_wait_s(headers, now)
    assert wait is None or 0 <= wait <= 7 * 86_400


@pytest.mark.parametrize("text", ["nan", "inf", "soon", "-5", "1e400"])
def test_odd_waits(text: str) -> None:
    assert asked_wait_s({"retry-after": text}, NOW) in (None, 0.0)


def test_a_wait_until_a_date() -> None:
    date = format_datetime(datetime.fromtimestamp(NOW + 90, UTC), usegmt=True)
    assert asked_wait_s({"retry-after": date}, NOW) == 90.0


def test_words_of_an_error_are_one_short_line() -> None:
    assert message_of({"message": "a\n\x1b[31mb\u202ec " + "x" * 900})[:9] == "a [31mb c"
    assert len(message_of({"message": "x" * 900})) == 200
    assert message_of({"message": 7}) == message_of(None) == message_of([]) == ""


# Writes


def test_writes_keep_a_second_apart(double: GitHubDouble, clock: Clock) -> None:
    async def work(github: GitHub) -> None:
        posts = (create_comment(github, target(double), text) for text in ("one", "two", "three"))
        await asyncio.gather(*posts)

    clock.run(double, work)
    assert [write.body["body"] for write in double.taken] == ["one", "two", "three"]
    assert clock.sleeps == [1.0, 1.0]


def test_a_read_waits_for_no_write(double: GitHubDouble, clock: Clock) -> None:
    async def work(github: GitHub) -> None:
        await create_comment(github, target(double), "one")
        await github.get("/repos/o/n")

    clock.run(double, work)
    assert clock.sleeps == []


@pytest.mark.parametrize("fault", ["failure", "drop"])
def test_a_comment_that_may_have_been_taken_is_not_sent_again(
    double: GitHubDouble, clock: Clock, fault: str
) -> None:
    if fault == "drop":
        double.drop(is_late=True)
    else:
        double.fail(502, is_late=True)
    with pytest.raises(TryAgainError):
        clock.post(double)
    assert len(double.issue("o/n", 1).comments) == len(double.writes) == 1


@pytest.mark.parametrize("status", [429, 403])
def test_a_comment_that_was_not_taken_is_sent_again(
    double: GitHubDouble, clock: Clock, status: int
) -> None:
    double.fail(status, headers={"Retry-After": "2"})
    assert clock.post(double).status == 201
    assert len(double.issue("o/n", 1).comments) == len(double.taken) == 1
    assert clock.sleeps == [2.0]


def test_a_comment_is_sent_again_if_no_connection_was_opened(
    double: GitHubDouble, clock: Clock
) -> None:
    with GitHubDouble() as gone:
        url = gone.api_url
    with pytest.raises(TryAgainError, match="no answer"):
        clock.run(double, lambda g: create_comment(g, target(double), "Hello."), api_url=url)
    assert len(clock.said) == 3


def test_what_can_be_done_twice_is_sent_again(double: GitHubDouble, clock: Clock) -> None:
    comment = double.add_comment("o/n", 1, "octobot", "old")
    double.fail(502, is_late=True)
    double.drop()
    clock.run(double, lambda g: update_comment(g, target(double), comment.id, "new"))
    assert comment.body == "new"
    double.fail(500)
    assert clock.post(double, "DELETE").status == 200
    assert double.issue("o/n", 1).labels == ["area/core"]


# Calls


def test_labels_are_added_and_taken_off_one_by_one(double: GitHubDouble, clock: Clock) -> None:
    clock.run(double, lambda g: add_labels(g, target(double), ["a, b", "bug"]))
    assert double.issue("o/n", 1).labels == ["bug", "area/core", "a, b"]
    clock.run(double, lambda g: remove_label(g, target(double), "area/core"))
    clock.run(double, lambda g: remove_label(g, target(double), "a, b"))
    assert double.issue("o/n", 1).labels == ["bug"]
    assert [(w.method, w.path, w.body, w.token) for w in double.writes] == [
        ("POST", f"{ISSUE}/labels", {"labels": ["a, b", "bug"]}, TOKEN),
        ("DELETE", f"{ISSUE}/labels/area%2Fcore", None, TOKEN),
        ("DELETE", f"{ISSUE}/labels/a%2C%20b", None, TOKEN),
    ]


def test_labels_are_suggested(double: GitHubDouble, clock: Clock) -> None:
    labels = [AddedLabel("a, b", "area", "medium", "It says a and b.")]
    assert clock.run(double, lambda g: can_suggest(g, target(double)))
    clock.run(double, lambda g: suggest_labels(g, target(double), labels))
    (suggestion,) = double.issue("o/n", 1).suggestions
    assert (suggestion["target_value"], suggestion["confidence"]) == ("a, b", "MEDIUM")
    assert suggestion["rationale"] == "It says a and b."
    assert double.issue("o/n", 1).labels == ["bug", "area/core"]


@pytest.mark.parametrize("kind", ["off", "ignored"])
def test_a_repository_without_suggestions(double: GitHubDouble, clock: Clock, kind: Any) -> None:
    double.add_repo("o/n", labels=["bug"], suggestions=kind)
    double.add_issue("o/n", "It fails")
    assert not clock.run(double, lambda g: can_suggest(g, target(double)))


@pytest.mark.parametrize(
    ("token", "in_actions", "login"),
    [
        ("", True, ""),
        (TOKEN, True, "octobot"),
        ("app", True, ACTIONS_LOGIN),
        ("app", False, ""),
    ],
)
def test_whose_token_it_is(
    double: GitHubDouble, clock: Clock, token: str, in_actions: bool, login: str
) -> None:
    double.add_token("app", "some-app[bot]", is_app=True)
    assert clock.run(double, lambda g: read_login(g, in_actions=in_actions), token) == login


def test_a_token_that_is_refused(double: GitHubDouble, clock: Clock) -> None:
    with pytest.raises(GitHubError, match="check GITHUB_TOKEN") as caught:
        clock.run(double, lambda g: read_login(g, in_actions=True), "wrong")
    assert caught.value.status == 401


def test_open_issues_are_listed_oldest_first(double: GitHubDouble, clock: Clock) -> None:
    double.add_issue("o/n", "a change", is_pull_request=True)
    double.add_issue("o/n", "done", state="closed")
    double.add_issue("o/n", "next")
    double.add_issue("o/n", "last")
    for limit, numbers, is_cut in ((2, [1, 4], True), (9, [1, 4, 5], False)):
        listing = partial(list_open, target=target(double), limit=limit)
        found = clock.run(double, listing)
        assert ([issue.number for issue in found.issues], found.is_cut) == (numbers, is_cut)
