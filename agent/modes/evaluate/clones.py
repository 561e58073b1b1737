"""The name of a repository in a file -> its clone on this machine."""

from pathlib import Path

_NESTED = (".", "repo")


def find_clone(repo: str, file: Path, repos: Path) -> Path:
    """Find the clone that a line of a file means.

    Args:
        repo: OWNER/NAME, or a path from where the file lies.
        file: Where it is named.
        repos: Folder of clones, OWNER+NAME each; bare ones too, and in a folder `repo` of them.

    Returns:
        A folder; it need not exist.
    """
    kept = repos / repo.replace("/", "+")
    places = [*(kept / name for name in _NESTED), file.parent / repo]
    return next((place for place in places if _is_clone(place)), file.parent / repo)


def _is_clone(folder: Path) -> bool:
    return (folder / ".git").exists() or (folder / "objects").is_dir()
