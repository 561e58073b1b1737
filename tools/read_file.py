"""A path and a range of lines -> those lines, numbered."""

from bathy.tools.base import (
    MAX_RESULT_CHARS,
    RepoView,
    Tool,
    ToolError,
    ToolResult,
    description_of,
    shorten,
    split_lines,
)
from bathy.tools.paths import resolve_path
from bathy.tools.workspace import quote_path
from pydantic import BaseModel, ConfigDict, Field

MOST_LINES = 2_000
"""Lines returned by one call at most."""


class ReadFile(BaseModel):
    """What the model may ask for."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(description="path of the file, from the top of the repository")
    start_line: int | None = Field(default=None, description="first line, 1-based; 1 if left out")
    end_line: int | None = Field(
        default=None, description="last line, inclusive; the end if left out"
    )


def read_file(args: ReadFile, view: RepoView) -> ToolResult:
    """Return numbered lines, as many as fit, and a footer that says how to get the rest."""
    path = resolve_path(view, args.path)
    lines = split_lines(view.shown(path))
    if not lines:
        return ToolResult(f"[{quote_path(path)} is empty]", "empty")
    first = max(1, args.start_line or 1)
    last = len(lines) if args.end_line is None else min(args.end_line, len(lines))
    if first > len(lines):
        raise ToolError(f"{quote_path(path)} has {len(lines)} lines; start_line is {first}")
    if last < first:
        raise ToolError(f"end_line {args.end_line} is before start_line {first}")
    shown, chars = list[str](), 0
    for number in range(first, min(last, first + MOST_LINES - 1) + 1):
        row = f"{number}\t{shorten(lines[number - 1])}"
        chars += len(row) + 1
        if chars > MAX_RESULT_CHARS and shown:
            break
        shown.append(row)
    end = first + len(shown) - 1
    footer = f"[{quote_path(path)} lines {first}-{end} of {len(lines)}]"
    if end < last:
        footer = f"{footer[:-1]}; go on with start_line={end + 1}]"
    return ToolResult("\n".join((*shown, footer)), f"lines {first}-{end} of {len(lines)}")


def read_raw(args: ReadFile, view: RepoView) -> bytes:
    """Return the exact bytes of the lines; of any regular file below the root. Only LF ends one."""
    data = view.raw(args.path)
    if args.start_line is None and args.end_line is None:
        return data
    lines = data.split(b"\n")
    ends = [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    first = max(1, args.start_line or 1)
    last = len(ends) if args.end_line is None else args.end_line
    return b"".join(ends[first - 1 : max(last, 0)])


READ_FILE = Tool("read_file", description_of(__file__), ReadFile, read_file, read_raw)
"""The tool."""
