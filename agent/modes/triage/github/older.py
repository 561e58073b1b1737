"""An issue -> older ones of its repository, and what those that resemble it are duplicates of."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from bathy.agent.errors import BathyError
from bathy.agent.modes.triage.dossier import Chain, Comment, Issue, Target
from bathy.agent.modes.triage.github.calls import (
    Found,
    read_comments,
    read_issue,
    read_issues,
    search_issues,
)
from bathy.agent.modes.triage.github.chains import follow
from bathy.agent.modes.triage.github.client import GitHub
from bathy.agent.modes.triage.github.failures import GitHubError, TooLargeError
from bathy.agent.pack.question_words import FILLER

Notes = list[tuple[str, str]]
Resembling = Callable[[Issue, Sequence[Issue]], Sequence[int]]
"""Takes the issue and older ones; gives numbers of those that resemble it, the best one first."""

MOST_BODY_CHARS = 20_000
"""What is kept of an older issue's body: enough to compare it by."""

MOST_PAGES = 10
"""Of 100 issues that changed last, among which the older ones are looked for."""

MOST_CHAINS = 5
"""Issues whose chains are followed."""

_MOST_COMMENT_PAGES = 10
_MOST_WORDS = 6
_WORD = re.compile(r"[^\W_]{3,40}")


@dataclass(slots=True)
class Older:
    """Issues that were opened before the target, as far as they are known, and a way to more."""

    github: GitHub
    target: Target
    found: dict[int, Issue] = field(default_factory=dict)

    @property
    def issues(self) -> tuple[Issue, ...]:
        """Those that are known, by number."""
        return tuple(self.found[number] for number in sorted(self.found))

    def add(self, issues: Sequence[Issue]) -> bool:
        """Keep those of some issues that are older; say whether one was cut."""
        is_cut = False
        for issue in issues:
            if 0 < issue.number < self.target.number and issue.number not in self.found:
                is_cut |= len(issue.body) > MOST_BODY_CHARS
                self.found[issue.number] = replace(issue, body=issue.body[:MOST_BODY_CHARS])
        return is_cut

    async def issue(self, number: int) -> Issue | None:
        """Look up an issue; None for a pull request, or where there is none."""
        if number in self.found:
            return self.found[number]
        try:
            read = await read_issue(self.github, replace(self.target, number=number))
        except GitHubError as error:
            if error.status not in (301, 404, 410):
                raise
            return None
        if read.is_pull_request:
            return None
        self.add([read])
        return read

    async def comments(self, number: int) -> Sequence[Comment]:
        """Look up the comments under an issue, oldest first."""
        there = replace(self.target, number=number)
        found = read_comments(self.github, there, most_pages=_MOST_COMMENT_PAGES)
        return [comment async for comment in found]


async def read_older(github: GitHub, target: Target, issue: Issue, notes: Notes) -> Older:
    """Read the issues that changed last, and those that share words with the title.

    Args:
        github: The connection.
        target: The issue.
        issue: The same, read.
        notes: Taken note in of what was cut or could not be read.
    """
    older = Older(github, target)
    try:
        listed = await read_issues(github, target, most_pages=MOST_PAGES)
    except TooLargeError as error:
        notes.append(("others_cut", f"older issues were searched, not listed: {error}"))
        listed = Found(())
    is_cut = older.add(listed.issues)
    if listed.is_cut:
        said = f"only the {MOST_PAGES * 100:,} issues and pull requests that changed last were read"
        notes.append(("others_cut", said))
    words = words_to_search(issue.title)
    if words:
        try:
            is_cut |= older.add(await search_issues(github, target, words))
        except BathyError as error:
            notes.append(("search_failed", f"GitHub's search could not be asked: {error}"))
    if is_cut:
        said = f"bodies of older issues were cut to {MOST_BODY_CHARS:,} characters"
        notes.append(("others_shortened", said))
    return older


async def follow_chains(older: Older, issue: Issue, resembling: Resembling) -> tuple[Chain, ...]:
    """Follow those of the older issues that resemble the issue most and are duplicates themselves.

    An issue that a chain leads to joins the older ones, if it is one.
    """
    known = older.issues
    numbers = list(dict.fromkeys(resembling(issue, known)))
    nearest = [older.found[n] for n in numbers if n in older.found][:MOST_CHAINS]
    followed = [await follow(one, older, older.target) for one in nearest]
    return tuple(chain for chain in followed if chain is not None)


def words_to_search(title: str) -> tuple[str, ...]:
    """Return the words of a title that say most: the longest ones, in lower case, in order.

    They hold letters and digits alone, so that a title cannot ask for more than its words.
    """
    words = dict.fromkeys(word.lower() for word in _WORD.findall(title[:1000]))
    telling = [word for word in words if word not in FILLER]
    longest = sorted(telling, key=len, reverse=True)[:_MOST_WORDS]
    return tuple(word for word in telling if word in longest)
