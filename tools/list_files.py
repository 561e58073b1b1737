"""A folder and a glob -> the paths of the repository's files."""

from collections import Counter
from collections.abc import Sequence

from bathy.tools.base import RepoView, Tool, ToolError, ToolResult, count_of, description_of
from bathy.tools.paths import glob_filter, resolve_folder
from bathy.tools.workspace import encode_path, quote_path
from pydantic import BaseModel, ConfigDict, Field

MOST_PATHS = 500
"""Paths shown at most; beyond it folders are counted instead."""

_MOST_FOLDERS = 200


class ListFiles(BaseModel):
    """What the model may ask for."""

    model_config = ConfigDict(extra="forbid")

    glob: str = Field(default="", description="gitignore syntax, such as *.py or src/**/test_*.go")
    path: str = Field(
        default="", description="a folder to look below; the whole repository if left out"
    )


def list_files(args: ListFiles, view: RepoView) -> ToolResult:
    """List paths, or folders with their numbers of files where there are too many."""
    found = _chosen(args, view)
    if not found:
        raise ToolError("no file fits; try a wider glob, or leave path out")
    if len(found) <= MOST_PATHS:
        body = "\n".join(quote_path(path) for path in found)
        return ToolResult(f"{body}\n[{count_of(len(found), 'file')}]", count_of(len(found), "file"))
    counts = Counter(_folder_of(path) for path in found)
    rows = [f"{quote_path(folder)}/ {count_of(n, 'file')}" for folder, n in sorted(counts.items())]
    more = f", of which the first {_MOST_FOLDERS} folders are shown" * (len(rows) > _MOST_FOLDERS)
    footer = f"[{len(found)} files{more}; give path or glob to see names]"
    return ToolResult("\n".join((*rows[:_MOST_FOLDERS], footer)), f"{len(found)} files")


def list_raw(args: ListFiles, view: RepoView) -> bytes:
    """List every path, one a line, as bytes."""
    return b"".join(encode_path(path) + b"\n" for path in _chosen(args, view))


def _chosen(args: ListFiles, view: RepoView) -> Sequence[str]:
    fits = glob_filter(args.glob)
    return [path for path in resolve_folder(view, args.path) if fits(path)]


def _folder_of(path: str) -> str:
    return path.rpartition("/")[0] or "."


LIST_FILES = Tool("list_files", description_of(__file__), ListFiles, list_files, list_raw)
"""The tool."""
