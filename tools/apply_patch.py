"""A patch in any of the usual formats -> the files, changed, or nothing at all."""

from bathy.tools.base import Tool, ToolResult, description_of
from bathy.tools.edits import Edits
from bathy.tools.patch.plan import plan_patch
from pydantic import BaseModel, ConfigDict, Field


class ApplyPatch(BaseModel):
    """What the model may ask for."""

    model_config = ConfigDict(extra="forbid")

    patch: str = Field(description="the whole patch, as text")


def apply_patch(args: ApplyPatch, edits: Edits) -> ToolResult:
    """Make or propose what the patch says."""
    return edits.make(lambda files: plan_patch(args.patch, files))


def apply_raw(args: ApplyPatch, edits: Edits) -> bytes:
    """Make or propose what the patch says; give it as a unified diff."""
    apply_patch(args, edits)
    return edits.diff()


APPLY_PATCH = Tool("apply_patch", description_of(__file__), ApplyPatch, apply_patch, apply_raw)
"""The tool."""
