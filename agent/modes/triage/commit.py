"""A repository -> the commit that an issue is judged at, and the files of its maintainers."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from bathy.agent.errors import ConfigError, RepoError
from bathy.agent.index.mainline import main_tips
from bathy.tools.git import GitError, GitRepo, run_git
from bathy.tools.workspace import decode_path

MOST_FILE_BYTES = 100_000
_REV_CHARS = 200


@dataclass(frozen=True, slots=True)
class Commits:
    """Full ids: of the code that is judged, and of the commit whose rules hold, "" for none."""

    code: str
    rules: str
    is_default_known: bool


def find_commits(repo: GitRepo | None, *, rev: str | None, default_branch: str) -> Commits:
    """Choose the commit to judge at: the one asked for, else the tip of the default branch.

    Args:
        repo: The clone.
        rev: As asked for, or None.
        default_branch: As the tracker names it, or "".

    Raises:
        ConfigError: It is a plain folder.
        RepoError: There is no such commit.
    """
    if repo is None:
        raise ConfigError("triage reads git objects of one commit; name a git repository with -C")
    default = _default_tip(repo, default_branch)
    code = _commit(repo, rev or default or "HEAD")
    if not code:
        raise RepoError(f"there is no commit {(rev or 'HEAD')[:_REV_CHARS]!r} in this repository")
    # A commit that was asked for may be anybody's, and must not bring its own rules.
    return Commits(code, default or ("" if rev else code), bool(default))


def read_files(repo: GitRepo, commit: str, globs: tuple[str, ...]) -> dict[str, str]:
    """Return texts by path of the files at a commit that fit globs, whatever their case.

    Files over `MOST_FILE_BYTES` and those that are no UTF-8 are left out.
    """
    top = sorted({glob.split("/")[0] for glob in globs})
    listed = run_git(repo, "ls-tree", "-r", "-z", "-l", "--full-tree", commit)
    found = {}
    for record in listed.split(b"\0"):
        head, _, name = record.partition(b"\t")
        path, fields = decode_path(name), head.split()
        if len(fields) != 4 or not any(path.lower().startswith(t.lower()) for t in top):
            continue
        mode, kind, blob, size = fields
        fits = any(fnmatchcase(path.lower(), glob.lower()) for glob in globs)
        if not fits or kind != b"blob" or mode == b"120000" or int(size) > MOST_FILE_BYTES:
            continue
        data = run_git(repo, "cat-file", "blob", blob.decode("ascii"))
        try:
            found[path] = data.decode("utf-8")
        except UnicodeDecodeError:
            continue
    return found


def origin_url(repo: GitRepo | None) -> str:
    """Return the address that a clone came from; "" if none is set."""
    if repo is None:
        return ""
    try:
        return run_git(repo, "config", "--get", "remote.origin.url").decode("utf-8", "replace")
    except GitError:
        return ""


def _default_tip(repo: GitRepo, branch: str) -> str:
    refs = [f"refs/remotes/origin/{branch}", f"refs/heads/{branch}"] if branch else []
    found = next((tip for ref in refs if (tip := _commit(repo, ref))), "")
    return found or next(iter(main_tips(repo)), "")


def _commit(repo: GitRepo, rev: str) -> str:
    if rev.startswith("-") or not rev.isprintable():
        return ""
    try:
        out = run_git(
            repo, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}"
        )
    except GitError:
        return ""
    return out.decode("ascii").strip()
