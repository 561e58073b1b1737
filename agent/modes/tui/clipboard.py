"""A text -> the user's clipboard, by terminal, tool or file; a picture in it -> a file.

A terminal never says whether it took a text (OSC 52), so where a tool of the system is at hand it
is asked as well; the sentence that comes back names what is sure, or else what was tried.
"""

import base64
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

MOST_ESCAPE_CHARS = 100_000
"""Longest OSC 52 that is sent; hterm's and xterm's limit, and that of the usual editor plugins."""

# screen drops a control string of more than 768 bytes (its MAXSTR, as older builds have it).
_SCREEN_CHUNK = 500
_TOOL_S = 2.0
_FILE = "copied.txt"


@dataclass(frozen=True, slots=True)
class _Tool:
    """A program that takes the text on stdin; `needs` is a variable without which it is deaf."""

    command: tuple[str, ...]
    needs: str = ""
    is_local: bool = False


_TOOLS = (
    _Tool(("wl-copy",), needs="WAYLAND_DISPLAY"),
    _Tool(("xclip", "-selection", "clipboard"), needs="DISPLAY"),
    _Tool(("xsel", "--clipboard", "--input"), needs="DISPLAY"),
    _Tool(("pbcopy",), is_local=True),
    # Its default settings take no OSC 52 from within; -w also passes the text to the terminal.
    _Tool(("tmux", "load-buffer", "-w", "-"), needs="TMUX"),
)


_IMAGE_TOOLS = (
    _Tool(("wl-paste", "--no-newline", "--type", "image/png"), needs="WAYLAND_DISPLAY"),
    _Tool(("xclip", "-selection", "clipboard", "-target", "image/png", "-out"), needs="DISPLAY"),
    _Tool(("pngpaste", "-"), is_local=True),
)
_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_IMAGE_BYTES = 20 << 20


def osc52(text: str, environ: Mapping[str, str]) -> str | None:
    """Return the escape sequence that asks a terminal to take a text, or None if it is too long.

    Args:
        text: Any.
        environ: Says whether tmux or screen stands between, which have to be told to pass it on.
    """
    data = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    sequence = f"\x1b]52;c;{data}\x07"
    if len(sequence) > MOST_ESCAPE_CHARS:
        return None
    if environ.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environ.get("STY") or environ.get("TERM", "").startswith("screen"):
        starts = range(0, len(sequence), _SCREEN_CHUNK)
        return "".join(f"\x1bP{sequence[at : at + _SCREEN_CHUNK]}\x1b\\" for at in starts)
    return sequence


def may_hear(environ: Mapping[str, str]) -> bool:
    """Whether the terminal may know OSC 52; False for those that are known not to."""
    return (
        environ.get("TERM", "dumb") not in ("dumb", "linux")
        and environ.get("TERM_PROGRAM") != "Apple_Terminal"
        and "VTE_VERSION" not in environ
    )


def copy(
    text: str,
    *,
    write: Callable[[str], object] | None,
    folder: Path,
    environ: Mapping[str, str] = os.environ,
) -> str:
    """Copy a text; may wait for a tool, for two seconds at most each, so call it in a thread.

    Args:
        text: Any.
        write: Sends an escape sequence to the terminal; None if there is none to send to.
        folder: Where a text is left that no clipboard takes; made if need be.
        environ: Of this process.

    Returns:
        A sentence for the user: what worked, or where the text is.
    """
    what = _size(text)
    sequence = osc52(text, environ) if write else None
    if write and sequence:
        write(sequence)
    for tool in _TOOLS:
        if _runs(tool, text, environ):
            return f"copied {what} with {tool.command[0]}"
    if sequence and may_hear(environ):
        return f"handed {what} to the terminal's clipboard (OSC 52)"
    try:
        path = _leave(text, folder)
    except OSError as error:
        return f"could not copy {what}: no clipboard, and no file in {folder}: {error.strerror}"
    return f"no clipboard took {what}: the text is in {path}"


def may_hold_image(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether there is a tool that could give a picture."""
    return any(_program(tool, environ) for tool in _IMAGE_TOOLS)


def paste_image(folder: Path, environ: Mapping[str, str] = os.environ) -> Path | None:
    """Put the picture in the clipboard into a file; waits for a tool, so call it in a thread.

    Args:
        folder: Where the file is put; made if need be.
        environ: Of this process.

    Returns:
        The file, a PNG that only the user can read; None if the clipboard holds no picture.

    Raises:
        OSError: The disk refuses.
    """
    for tool in _IMAGE_TOOLS:
        data = _output(tool, environ)
        if data.startswith(_PNG) and len(data) <= _MOST_IMAGE_BYTES:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file, name = tempfile.mkstemp(prefix="pasted-", suffix=".png", dir=folder)
            with open(file, "wb") as opened:  # noqa: PTH123 - a descriptor
                opened.write(data)
            return Path(name)
    return None


def _output(tool: _Tool, environ: Mapping[str, str]) -> bytes:
    """What a tool writes; b"" if it is not there or fails."""
    program = _program(tool, environ)
    if program is None:
        return b""
    import subprocess  # noqa: TID251 - the user's own clipboard tool

    try:
        done = subprocess.run(  # noqa: S603 - no shell
            (program, *tool.command[1:]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environ),
            timeout=_TOOL_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return b""
    return done.stdout


def _program(tool: _Tool, environ: Mapping[str, str]) -> str | None:
    if (tool.needs and not environ.get(tool.needs)) or (tool.is_local and _is_remote(environ)):
        return None
    return find_program(tool.command[0], environ)


def _size(text: str) -> str:
    lines = text.count("\n") + (not text.endswith("\n"))
    if lines > 1:
        return f"{lines:,} lines"
    return f"{len(text):,} character{'s' * (len(text) != 1)}"


def _runs(tool: _Tool, text: str, environ: Mapping[str, str]) -> bool:
    program = _program(tool, environ)
    if program is None:
        return False
    import subprocess  # noqa: TID251 - the user's own clipboard tool

    try:
        # Nothing is piped out: such tools stay behind to serve the text, and would hold the pipe.
        done = subprocess.run(  # noqa: S603 - no shell
            (program, *tool.command[1:]),
            input=text.encode("utf-8", "replace"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=dict(environ),
            timeout=_TOOL_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def find_program(name: str, environ: Mapping[str, str]) -> str | None:
    """Find a program in the absolute folders of PATH, so that no repository can bring its own."""
    folders = [each for each in environ.get("PATH", "").split(":") if each.startswith("/")]
    if "/" in name and not name.startswith("/"):
        return None
    return shutil.which(name, path=":".join(folders))


def _is_remote(environ: Mapping[str, str]) -> bool:
    return bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))


def _leave(text: str, folder: Path) -> Path:
    """Write the text into a file that only the user can read, in the place of the last one."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file, name = tempfile.mkstemp(prefix=f".{_FILE}.", dir=folder)
    try:
        with open(file, "wb") as opened:  # noqa: PTH123 - a descriptor
            opened.write(text.encode("utf-8", "replace"))
        target = folder / _FILE
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)
    return target
