"""The standard streams, so that whatever is said can be written, in any locale."""

import codecs
import io
import os
import sys

_ERRORS = "bathy"
_PLAIN = {
    **dict.fromkeys("█▉▊▋▌", "#"),
    **dict.fromkeys("▍▎▏", ""),
    "…": "...",
    "·": "-",
    "\N{EN DASH}": "-",
    "\N{EM DASH}": "-",
}
"""What stands for letters that an encoding may not have; all others are escaped."""


def open_streams() -> bool:
    """Make the streams take every letter, and put nothing in the place of those that are closed.

    Returns:
        Whether stdout was open.
    """
    is_heard = sys.stdout is not None
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115
    codecs.register_error(_ERRORS, _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ERRORS)
    return is_heard


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    rest = error.object[error.start : error.end]
    told = (_PLAIN.get(c, c.encode("ascii", "backslashreplace").decode()) for c in rest)
    return "".join(told), error.end
