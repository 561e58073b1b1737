"""Single writes, as tests of the connection make them; bathy sends what its plan lists."""

from collections.abc import Sequence
from urllib.parse import quote

from bathy.agent.modes.triage.dossier import Target
from bathy.agent.modes.triage.github.client import Answer, GitHub
from bathy.agent.modes.triage.report import AddedLabel


async def add_labels(github: GitHub, target: Target, names: Sequence[str]) -> Answer:
    """Put labels on the issue; those that it has stay."""
    path = f"{issue_path(target)}/labels"
    return await github.send("POST", path, {"labels": list(names)})


async def suggest_labels(github: GitHub, target: Target, labels: Sequence[AddedLabel]) -> Answer:
    """Leave labels for a maintainer to approve or dismiss.

    A server that does not know suggestions may put the labels on; ask `can_suggest` before.
    """
    wanted = [
        {
            "name": one.name,
            "rationale": one.rationale,
            "confidence": one.confidence,
            "suggest": True,
        }
        for one in labels
    ]
    return await github.send("POST", f"{issue_path(target)}/labels", {"labels": wanted})


async def remove_label(github: GitHub, target: Target, name: str) -> Answer:
    """Take one label off the issue.

    Raises:
        GitHubError: The name is "." or "..", which would take off all; and as for `send`.
    """
    path = f"{issue_path(target)}/labels/{quote(name, safe='')}"
    return await github.send("DELETE", path, None)


async def create_comment(github: GitHub, target: Target, markdown: str) -> Answer:
    """Write a comment under the issue."""
    return await github.send("POST", f"{issue_path(target)}/comments", {"body": markdown})


async def update_comment(github: GitHub, target: Target, comment: int, markdown: str) -> Answer:
    """Write a comment anew; `comment` is its id."""
    path = f"/repos/{target.full_name}/issues/comments/{comment}"
    return await github.send("PATCH", path, {"body": markdown})


def issue_path(target: Target) -> str:
    return f"/repos/{target.full_name}/issues/{target.number}"
