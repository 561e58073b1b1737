"""Lines of a file at a commit -> the address of their page, and whether the commit has them."""

from urllib.parse import quote

from bathy.agent.modes.compose import Bench
from bathy.tools.base import RepoView, ToolError
from bathy.tools.decode import decode
from bathy.tools.workspace import encode_path

_DRAWN = (".md", ".markdown", ".mdown", ".rst", ".adoc", ".asciidoc", ".org", ".textile", ".pod")
"""Files whose pages show a drawn document without line numbers, unless they are asked not to."""


def permalink(host: str, full_name: str, commit: str, path: str, start: int, end: int) -> str:
    """Return the address of lines that stays the same whatever happens to the branch.

    Args:
        host: Of the pages, such as "github.com".
        full_name: "OWNER/NAME".
        commit: Full id.
        path: In the repository; bytes that are not UTF-8 as surrogates.
        start: First line, 1-based.
        end: Last line, inclusive.

    Returns:
        ASCII; all of the path but letters, digits, `_.-~` and the slashes is percent-encoded.
    """
    name, file = quote(full_name, safe="/"), quote(encode_path(path), safe="/")
    lines = f"L{start}" if start == end else f"L{start}-L{end}"
    plain = "?plain=1" if path.lower().endswith(_DRAWN) else ""
    return f"https://{host}/{name}/blob/{commit}/{file}{plain}#{lines}"


def resolves(source: RepoView | Bench, path: str, start: int, end: int) -> bool:
    """Say whether a permalink leads to lines, by git's objects alone.

    Args:
        source: The repository at a commit.
        path: In the repository.
        start: First line, 1-based.
        end: Last line, inclusive.

    Returns:
        False as well for a link, a submodule, a file that is no text or may not be read, and where
        no commit is read at all.
    """
    if isinstance(source, Bench):
        with source.view() as view:
            return resolves(view, path, start, end)
    return bool(source.commit) and 1 <= start <= end <= count_lines(source, path)


def count_lines(view: RepoView, path: str) -> int:
    """Count the lines that the page of a file numbers; 0 if there is no text at that path."""
    try:
        data = view.raw(path) if view.has(path) else b""
    except ToolError:
        return 0
    decoded = decode(data)
    text = decoded.text if decoded is not None else ""
    return text.count("\n") + (not text.endswith("\n") and bool(text))
