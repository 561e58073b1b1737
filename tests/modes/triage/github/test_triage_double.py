"""The double of GitHub that other tests rely on: it changes what it is told to, and shows misuse."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from github_double import GitHubDouble, Write

ISSUE = "/repos/o/n/issues/1"


@pytest.fixture
def double() -> Iterator[GitHubDouble]:
    with GitHubDouble() as running:
        running.add_token("writer", "octobot[bot]")
        running.add_token("reader", "ann", can_write=False)
        running.add_repo("o/n", labels=["bug", "area/core"])
        running.add_issue("o/n", "It fails")
        yield running


def ask(
    double: GitHubDouble, method: str, path: str, body: Any = None, token: str = "writer"
) -> httpx2.Response:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    with httpx2.Client(trust_env=False) as client:
        return client.request(method, double.api_url + path, json=body, headers=headers)


def test_labels_change_as_on_github(double: GitHubDouble) -> None:
    labels = double.issue("o/n", 1).labels
    ask(double, "POST", f"{ISSUE}/labels", {"labels": ["BUG", {"name": "area/core"}, "bug"]})
    assert labels == ["bug", "area/core"]
    assert ask(double, "DELETE", f"{ISSUE}/labels/area%2Fcore").json()[0]["name"] == "bug"
    assert ask(double, "DELETE", f"{ISSUE}/labels/area%2Fcore").status_code == 404
    events = ask(double, "GET", f"{ISSUE}/events").json()
    assert [(e["event"], e["label"]["name"], e["actor"]["login"]) for e in events] == [
        ("labeled", "bug", "octobot[bot]"),
        ("labeled", "area/core", "octobot[bot]"),
        ("unlabeled", "area/core", "octobot[bot]"),
    ]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", f"{ISSUE}/labels", {"labels": ["new"]}),
        ("PATCH", ISSUE, {"labels": ["new"]}),
        ("DELETE", f"{ISSUE}/labels", None),
    ],
)
def test_what_replaces_all_labels_is_done_and_seen(
    double: GitHubDouble, method: str, path: str, body: Any
) -> None:
    double.issue("o/n", 1).labels = ["bug"]
    assert ask(double, method, path, body).status_code < 300
    assert double.issue("o/n", 1).labels == (["new"] if body else [])
    assert double.writes == double.taken == [Write(method, path, body, "writer")]


@pytest.mark.parametrize(
    "body",
    [
        {"labels": "bug"},
        {"labels": []},
        {"labels": [7]},
        {"labels": [{"name": "bug", "confidence": "certain"}]},
        {"labels": [{"name": "nowhere", "suggest": True}]},
        {},
    ],
)
def test_odd_labels_are_refused(double: GitHubDouble, body: Any) -> None:
    assert ask(double, "POST", f"{ISSUE}/labels", body).status_code == 422
    assert double.issue("o/n", 1).labels == []
    assert (len(double.writes), double.taken) == (1, [])


@pytest.mark.parametrize(("kind", "labels"), [("on", []), ("off", []), ("ignored", ["bug"])])
def test_suggestions(double: GitHubDouble, kind: Any, labels: list[str]) -> None:
    double.add_repo("o/n", labels=["bug"], suggestions=kind)
    issue = double.add_issue("o/n", "It fails")
    wanted = {"name": "bug", "rationale": "It says so.", "confidence": "high", "suggest": True}
    posted = ask(double, "POST", f"{ISSUE}/labels", {"labels": [wanted]})
    listed = ask(double, "GET", f"{ISSUE}/suggestions")
    assert posted.status_code == (422 if kind == "off" else 200)
    assert listed.status_code == (200 if kind == "on" else 404)
    assert issue.labels == labels
    if kind == "on":
        assert [one["target_value"] for one in listed.json()] == ["bug"]
        issue.suggestions[0]["state"] = "dismissed"
        assert ask(double, "GET", f"{ISSUE}/suggestions").json() == []
        assert len(ask(double, "GET", f"{ISSUE}/suggestions?state=all").json()) == 1


def test_comments_are_written_and_changed(double: GitHubDouble) -> None:
    made = ask(double, "POST", f"{ISSUE}/comments", {"body": "Hello."})
    path = f"/repos/o/n/issues/comments/{made.json()['id']}"
    changed = ask(double, "PATCH", path, {"body": "Hello again."})
    assert (made.status_code, changed.status_code) == (201, 200)
    assert ask(double, "GET", path).json()["body"] == "Hello again."
    assert ask(double, "PATCH", path, {"body": " "}).status_code == 422
    assert [c["user"]["login"] for c in ask(double, "GET", f"{ISSUE}/comments").json()] == [
        "octobot[bot]"
    ]


@pytest.mark.parametrize(("token", "status"), [("", 401), ("wrong", 401), ("reader", 403)])
def test_who_may_not_write(double: GitHubDouble, token: str, status: int) -> None:
    for method, path, body in (
        ("POST", f"{ISSUE}/comments", {"body": "Hello."}),
        ("POST", f"{ISSUE}/labels", {"labels": ["bug"]}),
        ("PUT", f"{ISSUE}/labels", {"labels": ["bug"]}),
        ("DELETE", f"{ISSUE}/labels/bug", None),
        ("PATCH", ISSUE, {"state": "closed"}),
    ):
        assert ask(double, method, path, body, token).status_code == status
    assert (len(double.writes), double.taken) == (5, [])


def test_pages(double: GitHubDouble) -> None:
    for n in range(65):
        double.add_issue("o/n", f"Issue {n}")
    first = ask(double, "GET", "/repos/o/n/issues?per_page=30&state=all")
    last = httpx2.get(first.links["last"]["url"], trust_env=False)
    assert len(first.json()) == 30
    assert [issue["number"] for issue in last.json()] == [6, 5, 4, 3, 2, 1]
    assert set(last.links) == {"prev", "first"}
    assert "/repositories/" in first.links["next"]["url"]


def test_a_renamed_repository_leads_on(double: GitHubDouble) -> None:
    double.rename("o/n", "o/new")
    moved = ask(double, "GET", f"{ISSUE}/comments")
    assert moved.status_code == 301
    assert httpx2.get(moved.headers["location"], trust_env=False).json() == []
    assert ask(double, "POST", f"{ISSUE}/comments", {"body": "Hello."}).status_code == 307
    assert double.taken == []


def test_faults_come_once_and_in_order(double: GitHubDouble) -> None:
    double.fail(502, path="/comments", method="POST", is_late=True)
    double.fail(429, headers={"Retry-After": "9"})
    limited = ask(double, "GET", ISSUE)
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "9")
    for status in (502, 201):
        posted = ask(double, "POST", f"{ISSUE}/comments", {"body": "Hello."})
        assert posted.status_code == status
    assert len(double.issue("o/n", 1).comments) == 2


def test_a_connection_is_dropped(double: GitHubDouble) -> None:
    double.drop()
    with pytest.raises(httpx2.RemoteProtocolError):
        ask(double, "GET", ISSUE)
    assert ask(double, "GET", ISSUE).status_code == 200
    assert [seen.status for seen in double.requests] == [0, 200]


def test_search_is_of_one_repository(double: GitHubDouble) -> None:
    double.add_issue("o/n", "A pull request that fails", is_pull_request=True)
    double.add_repo("o/other")
    double.add_issue("o/other", "It fails elsewhere")
    found = ask(double, "GET", "/search/issues?q=repo:o/n+is:issue+(fails+OR+melts)").json()
    assert [item["number"] for item in found["items"]] == [1]
    assert ask(double, "GET", "/search/issues?q=fails").status_code == 422


def test_what_is_not_there(double: GitHubDouble) -> None:
    double.add_repo("o/secret", visibility="private")
    for path in ("/repos/o/none", "/repos/o/n/issues/7", "/nothing", "/repos/o/secret"):
        assert ask(double, "GET", path, token="").status_code == 404
    assert ask(double, "GET", "/repos/o/secret").json()["private"] is True
    double.issue("o/n", 1).is_deleted = True
    assert ask(double, "GET", ISSUE).status_code == 410
