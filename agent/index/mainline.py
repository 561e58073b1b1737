"""A repository at a commit -> the commit that its frozen base is made of, from git alone.

Every clone must come to the same answer without asking anybody, so that all of them share what the
service keeps of the base. The commits of the main line whose ids end in zero bits are as good as
chosen by lot, and everybody draws the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bathy.tools.git import GitError, GitRepo, run_git

LEVELS = (32, 16, 8)
"""A commit is chosen if its id is a multiple of this: one in 32, or in fewer where too much has
changed since. A larger number would be cheaper, since a cached token costs a thirtieth to a
fiftieth; what has changed must fit the window and the model's attention, too."""

MOST_COMMITS = 2_000
"""How far back a line is followed. The chance that none of so many is chosen is below 1e-27."""

MOST_MAIN_COMMITS = 20_000
"""How far back main lines are followed to find where an old branch left them."""

UNKNOWN_MAIN = "this clone does not know which branch of its origin is the default one"
APART = "this branch has no commit in common with the default one"

_REMOTES = ("refs/remotes/origin/", "refs/remotes/upstream/")
_BRANCHES = ("HEAD", "main", "master", "develop", "trunk")
_LOCAL = tuple(f"refs/heads/{name}" for name in _BRANCHES[1:])


@dataclass(frozen=True, slots=True)
class Shared:
    """The part of a line that other clones have, too.

    Attributes:
        commits: Ids, newest first.
        note: Why they may not have it after all; "" if they do.
    """

    commits: tuple[str, ...]
    note: str = ""


def read_line(repo: GitRepo, commit: str) -> tuple[str, ...]:
    """Return the ids of a commit and its first parents, newest first, `MOST_COMMITS` at most.

    Raises:
        GitError: There is no such commit.
    """
    return _first_parents(repo, [commit], MOST_COMMITS)


def main_tips(repo: GitRepo) -> tuple[str, ...]:
    """Return the commits at the tips of the branches that all clones of one origin follow.

    Those are the default branch of the origin, and what it calls main, master, develop or trunk, in
    case a clone was never told which one is the default, or was told so before it changed; the same
    of the upstream of a fork. A repository without these goes by its own; so does a bare one, whose
    branches are those of its origin, and whose HEAD is its default branch.
    """
    remote = [f"{remote}{name}" for remote in _REMOTES for name in _BRANCHES]
    found = _targets(repo, (*remote, *_LOCAL))
    tips = [found[ref] for ref in remote if ref in found]
    if repo.is_bare or not tips:
        tips += [found[ref] for ref in _LOCAL if ref in found]
    if repo.is_bare:
        tips += _head(repo)
    return tuple(dict.fromkeys(tips))


def shared_line(repo: GitRepo, line: Sequence[str]) -> Shared:
    """Return the part of a line that lies on a main line.

    What only this clone has, unpushed or on a branch, is left out: nobody else would make a base of
    it. Where it meets no main line, it is the whole line.

    Args:
        repo: The repository.
        line: From `read_line`; not empty.
    """
    tips = main_tips(repo)
    if not tips:
        has_remote = bool(_targets(repo, ("refs/remotes/",), most=1))
        return Shared(tuple(line), UNKNOWN_MAIN if has_remote else "")
    if line[0] in tips:
        return Shared(tuple(line))
    for most in (MOST_COMMITS, MOST_MAIN_COMMITS):
        try:
            main = frozenset(_first_parents(repo, tips, most, "--ignore-missing"))
        except GitError:  # the clone lacks a commit
            return Shared(tuple(line), UNKNOWN_MAIN)
        meets = next((at for at, one in enumerate(line) if one in main), None)
        if meets is not None:
            return Shared(tuple(line[meets:]))
    return Shared(tuple(line), APART)


def base_candidates(line: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield (level, commit): for each of `LEVELS` its newest chosen commit, the oldest level first.

    A level that has none in this line, or the same one as the level before, yields nothing. Since
    what is a multiple of one level is one of the next, no commit is older than the one before.
    """
    last = ""
    for level in LEVELS:
        found = next((commit for commit in line if is_chosen(commit, level)), "")
        if found and found != last:
            yield level, found
            last = found


def is_chosen(commit: str, level: int) -> bool:
    """Whether the number that a commit's id spells is a multiple of a level, a power of two."""
    return int(commit[-8:], 16) % level == 0


def why_unlike(repo: GitRepo) -> str:
    """Say why this clone may see another history, or other attributes, than others do; "" if not.

    Raises:
        GitError: git is missing.
    """
    if is_shallow(repo):
        return "this clone is shallow, so its order by history may differ from that of full ones"
    info = repo.common_dir / "info"
    if (info / "grafts").is_file():
        return "this clone has grafts, which change its history"
    if (info / "attributes").is_file():
        return "this clone has attributes of its own in .git/info"
    if _lacks_trees(repo):
        return "this clone lacks the history of its files, as partial clones without trees do"
    return ""


def is_shallow(repo: GitRepo) -> bool:
    """Whether the history of this clone was cut off, so that its lines may end too soon."""
    return (repo.common_dir / "shallow").exists()


def _lacks_trees(repo: GitRepo) -> bool:
    """Whether a partial clone may lack trees, which say what a commit changed."""
    packs = repo.common_dir / "objects" / "pack"
    if not any(packs.glob("*.promisor")):
        return False
    try:
        out = run_git(repo, "config", "--get-regexp", r"^remote\..*\.partialclonefilter$")
    except GitError:  # git ends with 1 where nothing is set
        return False
    return "tree:" in out.decode("utf-8", "replace")


def _first_parents(repo: GitRepo, tips: Sequence[str], most: int, *options: str) -> tuple[str, ...]:
    # With several tips the limit is one of all lines together, newest commits first.
    limit = f"--max-count={most * len(tips)}"
    out = run_git(repo, "rev-list", "--first-parent", limit, *options, *tips, "--")
    return tuple(out.decode("ascii").split())


def _targets(repo: GitRepo, refs: Sequence[str], *, most: int = 0) -> dict[str, str]:
    """Commits by ref, of the refs that there are; those with a wrong target are left out."""
    try:
        limit = [f"--count={most}"] if most else []
        out = run_git(repo, "for-each-ref", *limit, "--format=%(refname) %(objectname)", *refs)
    except GitError:
        return {}
    lines = out.decode("utf-8", "surrogateescape").split("\n")
    return {name: target for name, _, target in (line.rpartition(" ") for line in lines if line)}


def _head(repo: GitRepo) -> list[str]:
    try:
        return [run_git(repo, "rev-parse", "--verify", "--quiet", "HEAD^{commit}").decode().strip()]
    except GitError:
        return []
