"""Issues that were closed as duplicates -> what each is a duplicate of, followed to its end.

Only members say so, in a line of a comment of their own; other repositories are not followed.
"""

import re
from collections.abc import Sequence
from typing import Protocol

from bathy.agent.modes.triage.dossier import MEMBERS, Chain, Comment, Issue, Target

MOST_HOPS = 5
"""Links that are followed; a longer chain ends at an issue that is a duplicate itself."""

_SAID = re.compile(
    r"^ {0,3}duplicate of:?[ \t]{1,9}(?:"
    r"(?P<name>[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100})?#"
    r"|https://(?P<page>[^\s/]{1,200}/[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100})/issues/"
    r")(?P<number>[1-9]\d{0,8})(?!\w)",
    re.IGNORECASE | re.MULTILINE,
)


class Tracker(Protocol):
    """Where issues and their comments are looked up."""

    async def issue(self, number: int) -> Issue | None:
        """Give an issue of the repository; None for a pull request, or where there is none."""
        ...

    async def comments(self, number: int) -> Sequence[Comment]:
        """Give the comments under an issue, oldest first."""
        ...


def original_of(comments: Sequence[Comment], target: Target) -> int | None:
    """Return the issue that the last word of a member says an issue is a duplicate of.

    Args:
        comments: Under the issue, oldest first.
        target: Of the repository, which the original must belong to.
    """
    for comment in reversed(comments):
        if comment.association in MEMBERS and not comment.is_bot:
            for said in _SAID.finditer(comment.body):
                return int(said["number"]) if _is_here(said, target) else None
    return None


async def follow(first: Issue, tracker: Tracker, target: Target) -> Chain | None:
    """Follow what an issue is a duplicate of; None if it is not, or if nobody says of which."""
    links: list[int] = []
    at: Issue | None = first
    while at is not None and at.state_reason == "duplicate" and len(links) < MOST_HOPS:
        number = original_of(await tracker.comments(at.number), target)
        if number is None:
            break
        if number == first.number or number in links:
            return Chain(first.number, tuple(links), is_cycle=True)
        at = await tracker.issue(number)
        if at is not None:
            links.append(number)
    return Chain(first.number, tuple(links)) if links else None


def _is_here(said: re.Match[str], target: Target) -> bool:
    here = target.full_name.lower()
    if said["page"]:
        return said["page"].lower() == f"{target.host}/{here}".lower()
    return said["name"] is None or said["name"].lower() == here
