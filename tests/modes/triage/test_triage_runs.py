"""`bathy triage` as a whole: a tracker, a model and processes on loopback."""

import json
import os
import signal
from pathlib import Path

import pytest
from conftest import Run
from endpoint.script import Call, Reply
from endpoint.server import Endpoint
from github_double import GitHubDouble
from modes.triage.conftest import BODY, BOT, NAME, TOKEN, Triage, opinion
from repo_builder import RepoBuilder

pytestmark = pytest.mark.usefixtures("vocabulary")

GOOD = opinion(
    labels=[{"name": "bug", "rationale": "It raises IndexError.", "confidence": "high"}],
    suspects=[
        {"path": "src/loader.py", "start_line": 12, "end_line": 12, "why": "No row, no [0]."}
    ],
    hypothesis={
        "state": "supported",
        "text": "An empty file has no first row.",
        "confidence": "high",
        "citations": ["src/loader.py:12-12"],
        "would_confirm": ["Loading a file with one line works."],
        "would_refute": [],
    },
    reply="Thank you for the clear report.",
)
AREA = "area: io, files"
LOOK = Reply("", "look", (Call("read_file", {"path": "src/loader.py"}),))


def answer(value: object) -> Reply:
    return Reply(json.dumps(value), "clear")


def test_a_plan_reads_and_writes_nothing(triage: Triage, tracker: GitHubDouble) -> None:
    tracker.add_issue(NAME, "load() fails on an empty file", BODY)
    ran = triage("1", "--repo-name", NAME, "--output-format", "json")
    assert ran.code == 0
    report = ran.json
    assert tracker.writes == []
    assert report["run"]["mode"] == "plan"
    assert report["status"] == "triaged"
    assert report["suspects"][0]["path"] == "src/loader.py"
    assert [label["name"] for label in report["labels"]["add"]] == ["bug", AREA]
    assert {action["state"] for action in report["actions"]} == {"planned"}
    assert [action["op"] for action in report["actions"]] == ["add_labels", "create_comment"]


def test_a_model_s_opinion_is_checked_and_written(triage: Triage, tracker: GitHubDouble) -> None:
    tracker.add_issue(NAME, "load() fails on an empty file", BODY)
    with Endpoint([LOOK, answer(GOOD)]) as endpoint:
        ran = triage("1", "--repo-name", NAME, "--write", "labels,comment",
                     "--output-format", "json", endpoint=endpoint)  # fmt: skip
    assert ran.code == 0, ran.err
    assert endpoint.problems == []
    report = ran.json
    assert report["run"]["model"] == "deepseek-flash"
    assert report["run"]["usage"]["cost_usd"] > 0
    assert report["hypothesis"]["state"] == "supported"
    assert report["hypothesis"]["citations"] == [1]
    assert [(a["op"], a["state"]) for a in report["actions"]] == [
        ("add_labels", "done"),
        ("create_comment", "done"),
    ]
    issue = tracker.issue(NAME, 1)
    assert issue.labels == ["bug", AREA]
    [comment] = issue.comments
    assert "Thank you for the clear report." in comment.body
    assert f"/blob/{report['repo']['commit']}/src/loader.py#L" in comment.body


def test_the_thinking_process_never_sees_the_token(
    triage: Triage, tracker: GitHubDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker.add_issue(NAME, "load() fails on an empty file", BODY)
    seen: list[str] = []

    def look(_asked: object) -> Reply:
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                command = (entry / "cmdline").read_bytes()
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                if b"spawn_main" in command and int(parent) == os.getpid():
                    seen.append((entry / "environ").read_bytes().decode("utf-8", "replace"))
            except OSError:
                continue
        return answer(GOOD)

    monkeypatch.setenv("GH_TOKEN", TOKEN)
    with Endpoint(look) as endpoint:
        assert triage("1", "--repo-name", NAME, endpoint=endpoint).code == 0
    assert TOKEN not in "".join(message for r in endpoint.requests for message in [r.prompt])
    assert seen
    assert all(TOKEN not in environment for environment in seen)
    assert os.environ["GH_TOKEN"] == TOKEN


def test_a_killed_thinking_process_is_told_of(triage: Triage, tracker: GitHubDouble) -> None:
    tracker.add_issue(NAME, "load() fails on an empty file", BODY)

    def kill(_asked: object) -> Reply:
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
                is_child = b"spawn_main" in (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if is_child and int(parent) == os.getpid():
                os.kill(int(entry.name), signal.SIGKILL)
        return answer(opinion())

    with Endpoint(kill) as endpoint:
        ran = triage("1", "--repo-name", NAME, endpoint=endpoint)
    assert (ran.code, ran.out) == (1, "")
    assert "was ended by signal 9" in ran.err


@pytest.mark.usefixtures("thinks_here")
def test_three_steps_are_three_commands(
    triage: Triage, tracker: GitHubDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracker.add_issue(NAME, "load() fails on an empty file", BODY)
    dossier, report = tmp_path / "dossier.json", tmp_path / "report.json"
    assert triage("1", "--repo-name", NAME, "--step", "fetch", "-o", dossier).code == 0
    monkeypatch.delenv("GITHUB_TOKEN")
    thought = triage(dossier, "--step", "think", "-o", report, "--output-format", "json")
    assert thought.code == 0
    assert json.loads(report.read_text()) == thought.json
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    wrong = triage(report, "--step", "write", "--write", "labels", "--repo-name", "acme/other")
    assert (wrong.code, tracker.writes) == (2, [])
    monkeypatch.setenv("GITHUB_REPOSITORY", NAME)
    ran = triage(report, "--step", "write", "--write", "labels,comment")
    assert ran.code == 0, ran.err
    assert len(tracker.taken) == 2


@pytest.mark.usefixtures("thinks_here")
def test_three_runs_write_once(triage: Triage, tracker: GitHubDouble) -> None:
    tracker.add_issue(NAME, "load() fails on an empty file", BODY)
    args = ("1", "--repo-name", NAME, "--write", "labels,comment", "--output-format", "json")
    with Endpoint(lambda _asked: answer(GOOD)) as endpoint:
        assert triage(*args, endpoint=endpoint).code == 0
        first = list(tracker.taken)
        tracker.issue(NAME, 1).labels.append("question")
        tracker.add_label_event(NAME, 1, "question", "maintainer")
        tracker.add_comment(NAME, 1, "maintainer", "I can see it, too.", "MEMBER")
        assert triage(*args, endpoint=endpoint).code == 0
        asked = len(endpoint.requests)
        last = triage(*args, endpoint=endpoint)
    assert len(first) == 2
    assert tracker.taken == first
    assert tracker.issue(NAME, 1).labels == ["bug", AREA, "question"]
    assert [c.author.login for c in tracker.issue(NAME, 1).comments if c.author] == [
        BOT,
        "maintainer",
    ]
    assert (last.code, len(endpoint.requests)) == (0, asked + 1)


@pytest.mark.usefixtures("thinks_here")
def test_what_was_answered_is_not_thought_about_again(
    triage: Triage, tracker: GitHubDouble
) -> None:
    tracker.add_issue(NAME, "load() fails on an empty file", BODY)
    args = ("1", "--repo-name", NAME, "--write", "labels,comment")
    with Endpoint(lambda _asked: answer(GOOD)) as endpoint:
        triage(*args, endpoint=endpoint)
        again = triage(*args, endpoint=endpoint)
        assert len(endpoint.requests) == 1
        assert "nothing was said since" in again.err
        triage(*args, "--again", endpoint=endpoint)
        assert len(endpoint.requests) == 2
    assert len(tracker.taken) == 2


def test_a_failing_model_leaves_the_report_of_the_index(
    triage: Triage, tracker: GitHubDouble
) -> None:
    tracker.add_issue(NAME, "load() fails on an empty file", BODY)
    with Endpoint([Reply("no JSON", "hm"), Reply("no JSON", "hm")]) as endpoint:
        ran = triage("1", "--repo-name", NAME, "--output-format", "json", endpoint=endpoint)
    assert ran.code == 1
    report = ran.json
    assert report["suspects"]
    assert report["hypothesis"]["state"] == "unknown"
    assert "model" in [warning["code"] for warning in report["warnings"]]


@pytest.mark.usefixtures("thinks_here")
def test_a_batch_goes_on_where_it_stopped(triage: Triage, tracker: GitHubDouble) -> None:
    for number in range(1, 6):
        tracker.add_issue(NAME, f"load() fails, {number}", BODY, author=f"user{number}")
    args = ("--open", "--limit", "2", "--repo-name", NAME, "--output-format", "json")
    numbers = []
    for _ in range(3):
        ran = triage(*args)
        assert ran.code == 0, ran.err
        numbers.append([json.loads(line)["issue"]["number"] for line in ran.out.splitlines()])
    assert numbers == [[1, 2], [3, 4], [5]]
    assert "no open issue is left" in triage(*args).err
    assert tracker.writes == []


@pytest.mark.usefixtures("thinks_here")
def test_an_event_is_worked_off_and_a_delivery_once(
    triage: Triage, tracker: GitHubDouble, tmp_path: Path
) -> None:
    tracker.add_issue(NAME, "load() fails on an empty file", BODY)
    event = tmp_path / "event.json"
    event.write_text(
        json.dumps(
            {
                "action": "opened",
                "issue": {"number": 1, "url": "https://evil.invalid/api"},
                "repository": {"full_name": NAME},
                "sender": {"type": "User"},
            }
        )
    )
    first = triage(event, "--delivery", "d1", "--output-format", "json")
    assert first.json["run"]["trigger"] == "event"
    second = triage(event, "--delivery", "d1", "--output-format", "json")
    assert (second.code, second.json["status"]) == (0, "skipped")


def test_a_pull_request_is_passed_over(triage: Triage, tracker: GitHubDouble) -> None:
    tracker.add_issue(NAME, "Mend load()", BODY, is_pull_request=True)
    ran = triage("1", "--repo-name", NAME, "--write", "labels,comment", "--output-format", "json")
    assert ran.code == 0
    assert (ran.json["status"], ran.json["actions"]) == ("skipped", [])
    assert tracker.writes == []


def test_a_security_report_is_answered_to_its_reporter(
    triage: Triage, tracker: GitHubDouble
) -> None:
    tracker.add_issue(NAME, "Remote code execution in load(), exploit inside", BODY)
    report = triage("1", "--repo-name", NAME, "--output-format", "json").json
    assert report["status"] == "security_private"
    assert "security/policy" in report["reply"]["markdown"]
    assert report["reply"]["audience"] == "reporter"


def test_a_clone_of_another_repository_is_not_told_about(
    triage: Triage, tracker: GitHubDouble, tables: RepoBuilder
) -> None:
    tracker.add_repo("acme/public", labels=["bug"])
    tracker.add_issue("acme/public", "load() fails", BODY)
    page = f"https://{tracker.api_url.removeprefix('http://')}/acme/public/issues/1"
    ran = triage(page, "--write", "comment")
    assert ran.code == 2
    assert "the clone comes from acme/tables" in ran.err
    assert tracker.writes == []


@pytest.mark.usefixtures("thinks_here")
def test_an_issue_on_stdin_needs_no_tracker(
    run: Run, tables: RepoBuilder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = tmp_path / "issue.json"
    given.write_text(json.dumps({"title": "load() fails", "body": BODY, "number": 9}))
    with given.open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        ran = run("-C", tables.root, "triage", "-", "--offline", "--output-format", "json")
    assert ran.code == 0, ran.err
    assert (ran.json["issue"]["number"], ran.json["repo"]["full_name"]) == (9, NAME)
    assert ran.json["suspects"][0]["permalink"].startswith(f"https://github.com/{NAME}/blob/")


def test_what_would_be_sent_is_shown_with_its_price(triage: Triage, tracker: GitHubDouble) -> None:
    tracker.add_issue(NAME, "load() fails on an empty file", BODY)
    with Endpoint([]) as endpoint:
        ran = triage("1", "--repo-name", NAME, "--dry-run", endpoint=endpoint)
    assert ran.code == 0, ran.err
    assert endpoint.requests == []


@pytest.mark.usefixtures("thinks_here")
def test_a_fresh_runner_finds_what_the_last_one_put_into_the_cache(
    triage: Triage,
    tracker: GitHubDouble,
    tables: RepoBuilder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tables.file("src/more.py", "".join(f"value_{n} = {n}\n" for n in range(3_000)))
    tables.commit()
    tables.git("update-ref", "refs/remotes/origin/main", "HEAD")
    tracker.add_issue(NAME, "load() fails on an empty file", BODY, author="ann")
    tracker.add_issue(NAME, "save() writes no line ends", BODY, author="bob")
    usages = []
    with Endpoint(lambda _asked: answer(GOOD)) as endpoint:
        for number in ("1", "2"):
            for name in ("XDG_CACHE_HOME", "XDG_STATE_HOME"):
                monkeypatch.setenv(name, str(tmp_path / number / name))
            ran = triage(number, "--repo-name", NAME, "--output-format", "json", endpoint=endpoint)
            assert ran.code == 0, ran.err
            usages.append(ran.json["run"]["usage"])
    first, second = endpoint.requests[0], endpoint.requests[-1]
    assert first.messages[1] == second.messages[1]
    assert usages[1]["cache_hit_tokens"] > 0.9 * usages[1]["prompt_tokens"]
