"""A text of a file and what takes its place -> the file, edited."""

from bathy.tools.base import Tool, ToolError, ToolResult, description_of
from bathy.tools.edits import Edits
from bathy.tools.patch.paths import created
from bathy.tools.patch.plan import FileChange, PatchFiles, check_free, plan_edit
from bathy.tools.paths import resolve_path
from pydantic import BaseModel, ConfigDict, Field


class EditFile(BaseModel):
    """What the model may ask for."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(description="path of the file, from the top of the repository")
    old_text: str = Field(description="the text to replace, exactly; empty to create the file")
    new_text: str = Field(description="the text that takes its place")
    replace_all: bool = Field(default=False, description="replace every occurrence")


def edit_file(args: EditFile, edits: Edits) -> ToolResult:
    """Make or propose the edit."""
    path = _path(args, edits)

    def plan(files: PatchFiles) -> tuple[FileChange]:
        before = files.read(path)
        if before is None and not args.old_text:
            check_free(files, path)
        after = plan_edit(path, before, args.old_text, args.new_text, replace_all=args.replace_all)
        return (FileChange(path, before, after),)

    return edits.make(plan)


def _path(args: EditFile, edits: Edits) -> str:
    try:
        return resolve_path(edits.view, args.path)
    except ToolError:
        # That a path leads out is said before that there is nothing.
        path = created(args.path, is_diff=False, is_folder=lambda _: False)
        if args.old_text:
            raise
    return path


def edit_raw(args: EditFile, edits: Edits) -> bytes:
    """Make or propose the edit; give it as a unified diff."""
    edit_file(args, edits)
    return edits.diff()


EDIT_FILE = Tool("edit_file", description_of(__file__), EditFile, edit_file, edit_raw)
"""The tool."""
