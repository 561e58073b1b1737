"""A repository at a commit -> the commit that its frozen base is made of, from git alone.

Every clone must come to the same answer without asking anybody, so that all of them share what the
service keeps of the base. The commits of the main line whose ids end in zero bits are as good as
chosen by lot, and everybody draws the same.
"""

from collections.abc import Iterator, Sequence

from bathy.tools.git import GitError, GitRepo, run_git

LEVELS = (32, 16, 8)
"""A commit is chosen if its id is a multiple of this: one in 32, or in fewer where too much has
changed since. A larger number would be cheaper, since a cached token costs a thirtieth to a
fiftieth; what has changed must fit the window and the model's attention, too."""

MOST_COMMITS = 2_000
"""How far back the lines are followed. The chance that none of so many is chosen is below 1e-27."""

_REFS = (
    "refs/remotes/origin/HEAD",
    "refs/remotes/origin/main",
    "refs/remotes/origin/master",
    "refs/heads/main",
    "refs/heads/master",
)


def read_line(repo: GitRepo, commit: str) -> tuple[str, ...]:
    """Return the ids of a commit and its first parents, newest first, `MOST_COMMITS` at most.

    Raises:
        GitError: There is no such commit.
    """
    out = run_git(repo, "rev-list", "--first-parent", f"--max-count={MOST_COMMITS}", commit, "--")
    return tuple(out.decode("ascii").split())


def default_tip(repo: GitRepo) -> str:
    """Return the commit at the tip of the default branch, as clones of one origin agree on it.

    That is where `origin/HEAD` points, or a branch main or master of the origin or of this
    repository; "" if there is none of them.
    """
    try:
        out = run_git(repo, "for-each-ref", "--format=%(refname) %(objectname)", *_REFS)
    except GitError:
        return ""
    found = dict(line.split(" ", 1) for line in out.decode("utf-8", "replace").splitlines())
    return next((found[ref] for ref in _REFS if ref in found), "")


def shared_line(repo: GitRepo, commit: str) -> tuple[str, ...]:
    """Return the part of a commit's line that lies on the main line, newest first.

    What only this clone has, unpushed or on a branch, is left out: nobody else would make a base of
    it. Where the two lines do not meet, it is the whole line.

    Raises:
        GitError: There is no such commit.
    """
    line, tip = read_line(repo, commit), default_tip(repo)
    if not tip or tip == commit:
        return line
    try:
        main = set(read_line(repo, tip))
    except GitError:
        return line
    meets = next((at for at, one in enumerate(line) if one in main), 0)
    return line[meets:]


def base_candidates(line: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield (level, commit): for each of `LEVELS` its newest chosen commit, the oldest level first.

    A level that has none in this line, or the same one as the level before, yields nothing.
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


def is_shallow(repo: GitRepo) -> bool:
    """Whether the history of this clone was cut off, so that its lines may end too soon."""
    return (repo.common_dir / "shallow").exists()
