"""The double behind Prism: each request and each answer fits GitHub's own description.

Optional, since it needs node and what npm brings: `make prism` installs it and runs this.
"""

import asyncio
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import github_writes
import pytest
from bathy.agent.modes.triage.dossier import Target
from bathy.agent.modes.triage.github import calls
from bathy.agent.modes.triage.github.client import GitHub, GitHubError, Patience
from bathy.agent.modes.triage.github.fetch import fetch_dossier
from bathy.agent.modes.triage.marker import is_ours
from bathy.agent.modes.triage.report import AddedLabel
from github_contract import cut
from github_double import GitHubDouble

PRISM = os.environ.get("BATHY_PRISM", "")
pytestmark = [
    pytest.mark.skipif(not PRISM, reason="needs node; make prism"),
    pytest.mark.timeout(300),
]
NAME, TOKEN = "acme/tables", "a-token"


@pytest.fixture(scope="module")
def double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHubDouble]:
    """The double, found through Prism alone."""
    folder = Path(PRISM) / "node_modules"
    whole = json.loads((folder / "@octokit/openapi/generated/api.github.com.json").read_text())
    described = tmp_path_factory.mktemp("prism") / "subset.json"
    described.write_text(json.dumps(cut(whole)))
    with GitHubDouble(links_by_id=False) as there, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
        free.close()
        command = [str(folder / ".bin/prism"), "proxy", "-h", "127.0.0.1", "-p", port, "--errors"]
        process = subprocess.Popen(
            [*command, str(described), there.api_url], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        assert any(b"is listening" in line for line in process.stdout)
        there.public_url = f"http://127.0.0.1:{port}"
        there.add_token(TOKEN, "octobot")
        there.add_repo(NAME, labels={"bug": "It fails", "area/core": "", "area: io, files": ""})
        yield there
        process.terminate()
        process.stdout.close()
        process.wait()


def connection(double: GitHubDouble) -> GitHub:
    return GitHub(double.api_url, TOKEN, Patience(most_tries=1))


def target_of(double: GitHubDouble, number: int) -> Target:
    return Target("github.test", double.api_url, NAME, number)


def test_all_that_is_fetched_fits(double: GitHubDouble) -> None:
    for number in range(1, 131):
        reason = "duplicate" if number % 9 == 0 else None
        state: dict[str, Any] = {"state": "closed", "state_reason": reason} if reason else {}
        double.add_issue(NAME, f"load() fails, {number}", "It raises.", **state)
    last = double.add_issue(NAME, "load() fails again", None, author=None, labels=["bug"])
    for number in range(205):
        double.add_comment(NAME, last.number, f"user{number}", "I see it, too.", "MEMBER")
    double.add_comment(NAME, 9, "maintainer", "Duplicate of #3", "MEMBER")
    double.add_label_event(NAME, last.number, "bug", "octobot")

    async def work() -> None:
        async with connection(double) as github:
            target = target_of(double, last.number)
            dossier = await fetch_dossier(
                github, target, "cli", marker=is_ours, resembling=lambda _one, _all: [9, 18]
            )
            assert dossier.notes == (("comments_cut", dict(dossier.notes)["comments_cut"]),)
            assert dossier.comments_seen == 205
            assert len(dossier.others) == 130
            assert dossier.chains[0].links == (3,)
            assert dossier.login == "octobot"
            assert (await calls.list_open(github, target, limit=10)).issues

    asyncio.run(work())


def test_all_that_is_written_fits(double: GitHubDouble) -> None:
    issue = double.add_issue(NAME, "save() fails", "It raises.")

    async def work() -> None:
        async with connection(double) as github:
            target = target_of(double, issue.number)
            await github_writes.add_labels(github, target, ["bug", "area/core", "area: io, files"])
            await github_writes.remove_label(github, target, "area/core")
            assert await calls.can_suggest(github, target)
            label = AddedLabel("area/core", "area", "medium", "It is in the core.")
            await github_writes.suggest_labels(github, target, [label])
            answer = await github_writes.create_comment(github, target, "A first look.")
            await github_writes.update_comment(github, target, answer.value["id"], "A second look.")

    asyncio.run(work())
    assert [str(label) for label in issue.labels] == ["bug", "area: io, files"]
    assert [comment.body for comment in issue.comments] == ["A second look."]


def test_what_does_not_fit_is_seen(double: GitHubDouble) -> None:
    issue = double.add_issue(NAME, "close() fails", "It raises.")

    async def work(body: object) -> int:
        path = f"/repos/{NAME}/issues/{issue.number}/labels"
        async with connection(double) as github:
            with pytest.raises(GitHubError) as caught:
                await github.send("POST", path, body)  # type: ignore[arg-type]
            return caught.value.status

    assert asyncio.run(work({"labels": "bug"})) == 422
    assert asyncio.run(work({"labels": [{"name": "bug", "confidence": "certain"}]})) == 422
