"""The name of a repository in a file -> its clone on this machine."""

from pathlib import Path

_NESTED = (".", "repo")


def find_clone(repo: str, repos: Path) -> Path | None:
    """Find the clone of a repository.

    Args:
        repo: OWNER/NAME.
        repos: Folder of clones: OWNER+NAME, or else NAME; bare ones too, and in a folder `repo` of
            them.

    Returns:
        None if there is none.
    """
    names = dict.fromkeys((repo.replace("/", "+"), repo.rpartition("/")[2]))
    places = (repos / name / nested for name in names if name.strip(".") for nested in _NESTED)
    return next((place for place in places if _is_clone(place)), None)


def clone_or_beside(repo: str, file: Path, repos: Path) -> Path:
    """Find the clone that a line of a file means.

    Args:
        repo: As in `find_clone`, or a path from where the file lies.
        file: Where it is named.
        repos: As in `find_clone`.

    Returns:
        A folder; it need not exist.
    """
    return find_clone(repo, repos) or file.parent / repo


def _is_clone(folder: Path) -> bool:
    return (folder / ".git").exists() or (folder / "objects").is_dir()
