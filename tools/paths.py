"""A path as a model or a person writes it -> a path of the repository, or an error that helps."""

import difflib
import re
from collections.abc import Callable

from bathy.tools.base import RepoView, ToolError
from bathy.tools.workspace import quote_path

_DECORATION = "`'\"<>[]() \t\r\n"
_LINES = re.compile(":L?\\d+(?:[-\N{EN DASH}:]L?\\d+)?$")
_MOST_SUGGESTIONS = 5


def resolve_path(view: RepoView, written: str) -> str:
    """Find the file that is meant.

    Quotes, `./`, a leading `/`, a `:12-20` at the end, and the `a/` of diffs are taken off where
    the path as written does not exist.

    Raises:
        ToolError: There is no such file; names the nearest ones.
    """
    for path in _readings(written):
        if view.has(path):
            return path
    folder = written.strip(_DECORATION).strip("/")
    if folder in ("", ".") or any(p.startswith(folder + "/") for p in view.paths):
        raise ToolError(f"{written!r} is a folder; list_files shows what is in it")
    if _leads_out(view, written.strip(_DECORATION)):
        raise ToolError(
            f"{written!r} is refused, since it is outside of the repository's files; give paths"
            " relative to its top"
        )
    raise ToolError(_missing(view, written))


def _leads_out(view: RepoView, path: str) -> bool:
    """Whether a path means a file elsewhere, and not one of the repository that is not there."""
    parts = path.lower().split("/")
    top = path.lstrip("/").partition("/")[0] + "/"
    is_absolute = path.startswith("/") and not any(p.startswith(top) for p in view.paths)
    return is_absolute or path.startswith("~") or ".." in parts or ".git" in parts


def resolve_folder(view: RepoView, written: str) -> tuple[str, ...]:
    """Return the files at or below a path: one file, a folder, or "" for everything.

    Raises:
        ToolError: Nothing is there.
    """
    folder = written.strip(_DECORATION).removeprefix("./").strip("/")
    if folder in ("", "."):
        return tuple(view.paths)
    below = tuple(path for path in view.paths if path.startswith(folder + "/"))
    return below or (resolve_path(view, written),)


def glob_filter(glob: str) -> Callable[[str], bool]:
    """Return a test of paths for a glob in gitignore syntax; "" lets everything through.

    Raises:
        ToolError: It cannot be read.
    """
    if not glob.strip():
        return lambda _: True
    from pathspec import GitIgnoreSpec

    try:
        return GitIgnoreSpec.from_lines([glob.strip()]).match_file
    except (ValueError, re.error) as error:
        raise ToolError(f"the glob {glob!r} cannot be read: {error}") from error


def _readings(written: str) -> list[str]:
    bare = written.strip(_DECORATION)
    plain = _LINES.sub("", bare)
    found = [written, bare, plain]
    for text in (bare, plain):
        rooted = text.removeprefix("./").lstrip("/")
        found += [rooted, re.sub(r"^[ab]/", "", rooted)]
    return list(dict.fromkeys(found))


def _missing(view: RepoView, written: str) -> str:
    name = _LINES.sub("", written.strip(_DECORATION)).rpartition("/")[2]
    same = [path for path in view.paths if path.rpartition("/")[2].lower() == name.lower()]
    if not same:
        names: dict[str, list[str]] = {}
        for path in view.paths:
            names.setdefault(path.rpartition("/")[2], []).append(path)
        near = difflib.get_close_matches(name[:80], list(names)[:20_000], _MOST_SUGGESTIONS, 0.75)
        same = [path for found in near for path in names[found]]
    if not same:
        return f"there is no file {written!r}; list_files or grep finds what there is"
    listed = ", ".join(quote_path(path) for path in same[:_MOST_SUGGESTIONS])
    return f"there is no file {written!r}; did you mean {listed}?"
