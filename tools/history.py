"""A path and perhaps lines -> the commits that changed them, newest first."""

from bathy.tools.base import (
    MAX_RESULT_CHARS,
    RepoView,
    Tool,
    ToolError,
    ToolResult,
    description_of,
    split_lines,
)
from bathy.tools.git import GitError, stream_bytes
from bathy.tools.paths import resolve_path
from bathy.tools.redact import redact
from pydantic import BaseModel, ConfigDict, Field

DEFAULT_COMMITS = 20
"""Commits shown where the model does not say."""

MOST_COMMITS = 200
TIMEOUT_S = 20
"""Seconds that git may take."""

_FORMAT = "%h %as %an: %s"


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
    text = redact(data.decode("utf-8", "replace"), path).text.strip("\n")
    if not text:
        raise ToolError(f"no commit has changed {args.path!r} yet")
    end = "[newest first]" if is_whole else "[cut here; lower max_commits or give fewer lines]"
    return ToolResult(f"{text}\n{end}", "history")


def history_raw(args: History, view: RepoView) -> bytes:
    """Give what git says."""
    return _log(args, resolve_path(view, args.path), view, None)[0]


def _log(args: History, path: str, view: RepoView, limit: int | None) -> tuple[bytes, bool]:
    """Output of git, and whether it was read to its end."""
    if view.git is None:
        raise ToolError("this folder has no git history")
    count = min(max(1, args.max_commits), MOST_COMMITS)
    command = ["log", f"--max-count={count}", f"--format={_FORMAT}", "--no-color", "--no-ext-diff"]
    command += ["--no-textconv", "--no-show-signature"]
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
