"""Texts of strangers -> lines that the runner of GitHub Actions takes for no commands."""

import re
import secrets
from collections.abc import Callable

from bathy.agent.modes.triage.untrusted.invisible import strip_invisible

_COMMAND = re.compile(r":{2,}(?=[\w-]{1,60}(?: [\w-]{1,60}=[^:]{0,400})?::)|\A\s*:{2,}")
_OLD_COMMAND = re.compile(r"#{2}(?=\[)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}")
_MOST_DRAWS = 100


def _random() -> str:
    return secrets.token_hex(16)


def log_line(text: str) -> str:
    """Write a text as one line of a log: no control characters, no commands.

    Runners take a line for a command if `::` stands first in it, or `##[` anywhere.
    """
    line = " ".join(strip_invisible(text)[0].split())
    return _OLD_COMMAND.sub("# #", _COMMAND.sub(lambda found: " ".join(found[0].strip()), line))


def output_block(name: str, value: str, draw: Callable[[], str] = _random) -> str:
    """Write what sets an output of a step, to be appended to the file GITHUB_OUTPUT.

    Args:
        name: Of the output.
        value: Anything but lone surrogates.
        draw: Gives a delimiter; drawn again while the value holds it.

    Returns:
        Lines, with an LF at the end.

    Raises:
        ValueError: It is no name, or no usable delimiter was drawn.
    """
    if not _NAME.fullmatch(name):
        raise ValueError("an output is named with letters, digits, underscores and hyphens")
    for _ in range(_MOST_DRAWS):
        mark = draw()
        if re.fullmatch(r"[A-Za-z0-9_-]{8,200}", mark) and mark not in value:
            return f"{name}<<{mark}\n{value}\n{mark}\n"
    raise ValueError("no delimiter was drawn that the value does not hold")
