"""`bathy tool NAME`: JSON arguments on stdin -> what the model would read, on stdout."""

import json
import sys

from bathy.agent.config import Settings
from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.modes.compose import open_bench
from bathy.agent.modes.editing import open_edits
from bathy.agent.modes.progress import Progress
from bathy.agent.modes.terminal import printable


def run_tool_command(settings: Settings, name: str, arguments: str, *, raw: bool) -> int:
    """Run one of the model's tools once.

    Args:
        settings: Of this run.
        name: Of the tool.
        arguments: A JSON object; "" for none.
        raw: Everything, unredacted, without line numbers, limits and footers.

    Returns:
        0, or 1 if the tool could not answer (nothing found counts as such).

    Raises:
        ConfigError: No such tool, or the arguments are no JSON object.
    """
    from bathy.tools.base import ToolError
    from bathy.tools.registry import TOOLS, WRITE_TOOLS, check_arguments, run_tool

    tool = TOOLS.get(name)
    if tool is None:
        raise ConfigError(f"there is no tool {name!r}; there are {', '.join(TOOLS)}")
    try:
        values = json.loads(arguments or "{}")
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"the arguments on stdin are no JSON: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError("the arguments on stdin must be one JSON object")
    progress = Progress(quiet=settings.quiet, verbose=settings.verbose)
    with open_bench(settings, progress) as bench, bench.view() as view:
        edits = open_edits(bench, view, shown={e.path for e in bench.snapshot.entries})
        if raw:
            target = edits if name in WRITE_TOOLS else view
            try:
                sys.stdout.buffer.write(tool.raw(check_arguments(tool, values), target))
            except ToolError as error:
                raise BathyError(str(error)) from error
            return 0
        outcome = run_tool(tool, values, edits)
    sys.stdout.write(printable(outcome.text) + "\n")
    return int(outcome.is_error)
