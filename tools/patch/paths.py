"""A path as a patch writes it -> the path that is meant, or why it cannot be used."""

from collections.abc import Callable, Sequence

from bathy.tools.patch.hunks import FilePatch, PatchError
from bathy.tools.patch.names import strip_one
from bathy.tools.workspace import quote_path

_MAX_SUGGESTED = 3

Exists = Callable[[str], bool]


def checked(path: str) -> str:
    """Return a path without "./" before it.

    Raises:
        PatchError: It is absolute, leads out, goes into a git folder, or is no path.
    """
    while path.startswith("./"):
        path = path[2:]
    parts = path.split("/")
    if path.startswith(("/", "~")) or path[1:3] in (":\\", ":/"):
        raise PatchError("absolute paths are refused; give it relative to the repository")
    if ".." in parts:
        raise PatchError("paths with .. are refused; give it relative to the repository")
    if any(part.lower().rstrip(". ") == ".git" for part in parts):
        raise PatchError("paths inside .git are refused; leave git's own data alone")
    if "\0" in path or not all(parts) or "." in parts:
        raise PatchError("that is not the path of a file")
    return path


def existing(file: FilePatch, exists: Exists, paths: Sequence[str]) -> str:
    """Find the file that is edited, deleted, renamed or copied.

    Args:
        file: Of the patch.
        exists: Whether there is a file.
        paths: All files, for suggestions.

    Returns:
        The path as it stands, else without "a/" or "b/".

    Raises:
        PatchError: There is no such file, the two header lines name different ones, or the path
            may not be used.
    """
    new = _found(file.path, exists)
    old = _found(file.other_path, exists) if file.other_path else None
    if new is None:
        if old is not None:
            raise PatchError(
                f"there is no such file, but the --- line names {quote_path(old)}, which there is; "
                "name the same file in both lines, or add rename from and rename to"
            )
        raise PatchError(f"there is no such file{suggestion(file.path, paths)}")
    if old is not None and old != new:
        raise PatchError(
            f"the --- line names another file, {quote_path(old)}; name the same one in both lines"
        )
    return new


def created(path: str, *, is_diff: bool, is_folder: Exists) -> str:
    """Return the path of a new file.

    Args:
        path: As the patch has it.
        is_diff: Whether "a/" and "b/" before it may be a diff's own.
        is_folder: Whether a path is a folder of the repository.

    Raises:
        PatchError: The path may not be used, or the prefix may be a folder's name.
    """
    path = checked(path)
    bare = strip_one(path) if is_diff else path
    if bare == path:
        return path
    if is_folder(path[:1]):
        raise PatchError(
            f"{path[:2]} may be a diff's prefix or the folder of that name; add a line "
            f"diff --git a/{bare} b/{bare} or diff --git a/{path} b/{path} above the file"
        )
    return checked(bare)


def suggestion(path: str, paths: Sequence[str]) -> str:
    """Return "; did you mean ...?" with the paths most like one, or what else to try."""
    from rapidfuzz import fuzz, process

    name = path.rpartition("/")[2]
    same = [other for other in paths if other.rpartition("/")[2] == name]
    found = process.extract(
        path, same or paths, scorer=fuzz.ratio, limit=_MAX_SUGGESTED, score_cutoff=0 if same else 60
    )
    if not found:
        return "; list the files to find it"
    return f"; did you mean {' or '.join(quote_path(one[0]) for one in found)}?"


def _found(path: str, exists: Exists) -> str | None:
    path = checked(path)
    for candidate in (path, strip_one(path)):
        if candidate and exists(checked(candidate)):
            return candidate
    return None
