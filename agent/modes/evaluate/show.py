"""A result -> stdout as text or JSON, and a file whose suffix says what it is to hold."""

import json
import sys

from bathy.agent.config import Settings
from bathy.agent.errors import ConfigError
from bathy.agent.modes.evaluate.result import Result
from bathy.agent.modes.evaluate.table import render_table
from bathy.agent.modes.saving import save


def check_output(settings: Settings) -> None:
    """Find out before the work begins whether it can be done as asked.

    Raises:
        ConfigError: It cannot; says why.
    """
    if settings.needs_more_than_triage or settings.diff is not None or settings.dry_run:
        raise ConfigError(
            "eval history and ranking ask no model: leave out --apply, --diff, --dry-run, --image,"
            " --output-schema, --patch-out and --resume"
        )
    if settings.output_format not in ("text", "json"):
        raise ConfigError("eval writes text or json; give --output-format one of them")


def show(result: Result, settings: Settings) -> None:
    """Print a result, and write it to the file that the settings name.

    Raises:
        BathyError: The file cannot be written.
    """
    as_json = settings.output_format == "json"
    text = _json(result) if as_json else _text(result)
    output = settings.output
    if output is not None:
        suffix = output.suffix.lower()
        if suffix in (".html", ".htm"):
            from bathy.agent.modes.evaluate.webpage import result_page

            save(output, result_page(result).encode("utf-8"))
        else:
            save(output, (_json(result) if suffix == ".json" else text).encode("utf-8"))
    sys.stdout.write(text)


def _json(result: Result) -> str:
    from bathy.agent.modes.evaluate.dump import dump_result

    return json.dumps(dump_result(result)) + "\n"


def _text(result: Result) -> str:
    parts = [render_table(result.groups)]
    if result.left_out:
        seen = sum(result.left_out.values()) + len(result.outcomes)
        reasons = sorted(result.left_out.items(), key=lambda pair: (-pair[1], pair[0]))
        width = len(str(seen))
        parts.append(f"\n{seen} commits were looked at, and these left out:\n")
        parts += [f"  {n:>{width}}  {reason}\n" for reason, n in reasons]
    if result.failed:
        n = len(result.failed)
        parts.append(f"\n{n} question{'s' * (n != 1)} could not be measured.\n")
    return "".join(parts)
