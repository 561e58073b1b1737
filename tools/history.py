"""A path and perhaps lines -> the commits that changed them, newest first."""

import hashlib
import re
from collections.abc import Callable
from functools import cached_property

from bathy.tools.base import (
    MAX_RESULT_CHARS,
    RepoView,
    Tool,
    ToolError,
    ToolResult,
    description_of,
    split_lines,
)
from bathy.tools.decode import decode
from bathy.tools.git import BlobReader, GitError, stream_bytes
from bathy.tools.paths import resolve_path
from bathy.tools.redact import redact
from pydantic import BaseModel, ConfigDict, Field

DEFAULT_COMMITS = 20
"""Commits shown where the model does not say."""

MOST_COMMITS = 200
TIMEOUT_S = 20
"""Seconds that git may take."""

_MARK = "\x01"
_FORMAT = "%h %as %an: %s"
_RANGE = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")


class History(BaseModel):
    """What the model may ask for."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(description="a file")
    start_line: int | None = Field(
        default=None, description="first line, 1-based, to follow lines only"
    )
    end_line: int | None = Field(default=None, description="last line, inclusive")
    max_commits: int = Field(
        default=DEFAULT_COMMITS, description="commits to show, 20 if left out, at most 200"
    )


def history(args: History, view: RepoView) -> ToolResult:
    """Show commits, with the change of the lines if some are given."""
    path = resolve_path(view, args.path)
    data, is_whole = _log(args, path, view, MAX_RESULT_CHARS)
    text = _shown(data.decode("utf-8", "replace"), path, view).strip("\n")
    if not text:
        raise ToolError(f"no commit has changed {args.path!r} yet")
    end = "[newest first]" if is_whole else "[cut here; lower max_commits or give fewer lines]"
    return ToolResult(f"{text}\n{end}", "history")


def _shown(log: str, path: str, view: RepoView) -> str:
    """The log without secrets: lines of a change are taken from the whole files, redacted.

    A piece of a diff does not show that it is a piece of a key, or a line of a dotenv file.
    """
    if view.git is None:
        return ""
    out, commit, at = list[str](), "", dict[str, int]()
    sides = dict[str, _Side]()
    with BlobReader(view.git) as blobs:
        for line in log.split("\n"):
            if line.startswith(_MARK):
                commit, _, told = line[1:].partition(_MARK)
                out.append(redact(told, path).text)
                at = {}
            elif line.startswith(("--- ", "+++ ")) and not at:
                rev = f"{commit}^" if line[0] == "-" else commit
                sides[line[0]] = _Side(blobs, rev, line[4:], path, view.note_blob)
                out.append(redact(line, path).text)
            elif match := _RANGE.match(line):
                at = {"-": int(match[1]), "+": int(match[2])}
                out.append(match[0])
            elif at and line[:1] in ("-", "+", " ") and line:
                mark = "-" if line[0] == "-" else "+"
                out.append(line[0] + sides[mark].shown(at[mark], line[1:]))
                for each in "-+" if line[0] == " " else mark:
                    at[each] += 1
            else:
                at = {}
                out.append(redact(line, path).text)
    return "\n".join(out)


class _Side:
    """One side of a change: a whole file, read once a line of it is needed."""

    def __init__(
        self, blobs: BlobReader, rev: str, name: str, path: str, note: Callable[[str], None]
    ) -> None:
        self._blobs, self._rev, self._name, self._path = blobs, rev, name, path
        self._note = note

    def shown(self, number: int, line: str) -> str:
        """Return a line as shown; a mark if it does not stand at that number, 1-based."""
        raw, shown = self._lines
        is_there = 0 < number <= len(raw) and raw[number - 1] == line.removesuffix("\r")
        return shown[number - 1] if is_there else "[not shown]"

    @cached_property
    def _lines(self) -> tuple[list[str], list[str]]:
        name = self._name.removesuffix("\t")
        if not name.startswith(("a/", "b/")):
            return [], []
        data = self._blobs.read(f"{self._rev}:{name[2:]}")
        decoded = decode(data) if data is not None else None
        if data is None or decoded is None:
            return [], []
        self._note(hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest())
        text = decoded.text.replace("\r\n", "\n")
        return split_lines(text), split_lines(redact(text, self._path).text)


def history_raw(args: History, view: RepoView) -> bytes:
    """Give what git says."""
    return _log(args, resolve_path(view, args.path), view, None)[0]


def _log(args: History, path: str, view: RepoView, limit: int | None) -> tuple[bytes, bool]:
    """Output of git, and whether it was read to its end."""
    if view.git is None:
        raise ToolError("this folder has no git history")
    count = min(max(1, args.max_commits), MOST_COMMITS)
    form = _FORMAT if limit is None else f"%x01%H%x01{_FORMAT}"
    command = ["log", f"--max-count={count}", f"--format={form}", "--no-color", "--no-ext-diff"]
    command += ["--no-textconv", "--no-show-signature", "--src-prefix=a/", "--dst-prefix=b/"]
    lines = _lines(args, path, view)
    tail = [f"-L{lines}:{path}"] if lines else ["--follow"]
    command += [*tail, view.commit or "HEAD", "--", *([] if lines else [f":(literal){path}"])]
    out, size = list[bytes](), 0
    try:
        for chunk in stream_bytes(view.git, *command, timeout_s=TIMEOUT_S):
            out.append(chunk)
            size += len(chunk)
            if limit is not None and size > limit:
                return b"".join(out)[:limit], False
    except GitError as error:
        raise ToolError(f"git cannot tell the history of {args.path!r}: {error}") from error
    return b"".join(out), True


def _lines(args: History, path: str, view: RepoView) -> str:
    """Range for `git log -L`, or ""; git refuses lines beyond the end of the committed file."""
    if args.start_line is None and args.end_line is None:
        return ""
    first = max(1, args.start_line or 1)
    last = args.end_line if args.end_line is not None else len(split_lines(view.shown(path)))
    if last < first:
        raise ToolError(f"end_line {last} is before start_line {first}")
    return f"{first},{last}"


HISTORY = Tool("history", description_of(__file__), History, history, history_raw)
"""The tool."""
