"""A text -> the same text after the user's own editor; a file -> that editor at a line of it."""

import contextlib
import os
import re
import shlex
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from bathy.agent.modes.tui.clipboard import find_program
from bathy.agent.modes.tui.input.paste import clean
from textual.app import App, SuspendNotSupported

Result = TypeVar("Result")

_MOST_BYTES = 4 << 20
_NAME = "question.md"
_FALLBACKS = ("nano", "vi")
_KIND = re.compile(r"\.[A-Za-z0-9]{1,12}$")

# Editors with a window of their own come back at once unless they are told to wait.
_WAIT = {"code": "--wait", "codium": "--wait", "cursor": "--wait", "zed": "--wait", "subl": "-w"}
_WAIT |= {"gvim": "-f", "mate": "-w"}

_PLUS_LINE = "vi vim nvim gvim view ex nano pico emacs emacsclient mg micro kak joe ne jed mcedit"
_AT_LINE: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_PLUS_LINE.split(), ("+{line}", "{path}")),
    **dict.fromkeys(("code", "code-insiders", "codium", "cursor"), ("--goto", "{path}:{line}")),
    **dict.fromkeys(("hx", "helix", "subl", "zed"), ("{path}:{line}",)),
    "mate": ("--line", "{line}", "{path}"),
}
"""What editors are given to open a file at a line; others get the file alone."""


class EditorError(Exception):
    """The text was not edited. The message is a sentence; the text is as it was."""


def editor_command(environ: Mapping[str, str], *, waits: bool = True) -> tuple[str, ...]:
    """Return what starts the user's editor, without the file.

    Args:
        environ: With VISUAL, EDITOR and PATH.
        waits: One with a window of its own is told to come back when the file is closed.

    Raises:
        EditorError: None is named, or what is named is not there.
    """
    named = environ.get("VISUAL", "").strip() or environ.get("EDITOR", "").strip()
    try:
        words = shlex.split(named)
    except ValueError as error:
        raise EditorError(f"$VISUAL or $EDITOR cannot be read: {error}") from error
    for program, *rest in [words] if words else [[name] for name in _FALLBACKS]:
        if found := find_program(program, environ):
            wait = _WAIT.get(Path(program).name) if waits else None
            return (found, *rest, *((wait,) if wait and wait not in rest else ()))
    raise EditorError(f"there is no {words[0]}" if words else "set $EDITOR to name an editor")


def at_line(command: Sequence[str], path: Path, line: int) -> tuple[str, ...]:
    """Return what starts an editor on a file at a line.

    Args:
        command: Of `editor_command`.
        path: Absolute, so that no name of a file is read as an option.
        line: 1-based.
    """
    words = _AT_LINE.get(Path(command[0]).name.removesuffix(".exe"), ("{path}",))
    given = {"{path}": str(path), "{line}": str(line)}
    return (*command, *(_filled(word, given) for word in words))


def _filled(word: str, given: Mapping[str, str]) -> str:
    # In one pass: a path may hold "{line}".
    return re.sub(r"\{(?:path|line)\}", lambda found: given[found[0]], word)


@contextmanager
def draft(text: str, name: str = _NAME) -> Iterator[Path]:
    """Put a text into a file for as long as the block runs; only the user can read it.

    It has a folder of its own, so that what an editor leaves beside it goes as well.
    """
    with tempfile.TemporaryDirectory(prefix="bathy-") as folder:
        path = Path(folder, name)
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
        yield path


def read_back(path: Path, before: str, mend: Callable[[str], str] = clean) -> str:
    """Return what an editor has left in a file.

    Args:
        path: Of the file.
        before: The text that was put there; the line end that editors add to it is taken off.
        mend: Makes the text what is wanted of it.

    Raises:
        EditorError: The file is gone or too large.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise EditorError(f"the editor left no text: {error.strerror}") from error
    if len(data) > _MOST_BYTES:
        raise EditorError(f"the editor left more than {_MOST_BYTES >> 20} MiB")
    text = mend(data.decode("utf-8", "replace"))
    return text if before.endswith("\n") else text.removesuffix("\n")


def edit(
    text: str,
    command: Sequence[str],
    name: str = _NAME,
    mend: Callable[[str], str] = clean,
) -> str:
    """Start an editor on a text and wait for it; the terminal must be free.

    Args:
        text: What is edited.
        command: Of `editor_command`.
        name: Of the file; editors colour by it.
        mend: Makes what the editor left what is wanted of it.

    Raises:
        EditorError: It cannot be started, failed, or left nothing that can be read.
    """
    with draft(text, name) as path:
        if code := _run([*command, str(path)]):
            raise EditorError(f"{command[0]} failed ({code}); nothing has changed")
        return read_back(path, text, mend)


_open: set[int] = set()
"""Numbers of the processes of editors that the screen waits for."""


def _run(command: Sequence[str]) -> int:
    import subprocess  # noqa: TID251 - the user's own editor

    try:
        editor = subprocess.Popen(command)  # noqa: S603 - no shell
    except OSError as error:
        raise EditorError(f"cannot start {command[0]}: {error.strerror}") from error
    _open.add(editor.pid)
    try:
        return editor.wait()
    finally:
        _open.discard(editor.pid)


def has_editor() -> bool:
    """Whether the screen waits for an editor."""
    return bool(_open)


def end_editor(number: int) -> None:
    """Send a signal to an editor that the screen waits for, if there is any; from any thread."""
    for process in tuple(_open):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


def edit_outside(app: App[Any], text: str) -> str:
    """Leave the screen to the user's editor until it is done with a text.

    Raises:
        EditorError: As `edit` and `editor_command`, or the terminal cannot be left.
    """
    command = editor_command(os.environ)
    return _outside(app, lambda: edit(text, command))


def rewrite_outside(app: App[Any], path: str, text: str) -> str | None:
    """Leave the screen to the user's editor until it is done with some lines of a file.

    Args:
        app: That is left.
        path: Of the file, for the kind of its language; nothing is read or written there.
        text: The lines.

    Returns:
        What they have become; None if they are as they were.

    Raises:
        EditorError: As `edit_outside`.
    """
    command = editor_command(os.environ)
    kind = _KIND.search(path)
    name = f"lines{kind[0] if kind else '.txt'}"
    # A file may hold what no question does, so only line ends are mended.
    mend = lambda left: left.replace("\r\n", "\n")  # noqa: E731
    new = _outside(app, lambda: edit(text, command, name, mend))
    return new if new != text else None


def open_at_line(app: App[Any], path: Path, line: int) -> None:
    """Leave the screen to the user's editor, with a file open at a line.

    Args:
        app: That is left.
        path: Absolute; that it lies in the repository was checked before.
        line: 1-based.

    Raises:
        EditorError: None is named, it cannot be started, or it failed.
    """
    command = at_line(editor_command(os.environ, waits=False), path, line)
    if code := _outside(app, lambda: _run(command)):
        raise EditorError(f"{command[0]} failed ({code})")


def _outside(app: App[Any], run: Callable[[], Result]) -> Result:
    """Give the terminal away for as long as something runs, and take it back however it ends."""
    failed: EditorError | None = None
    try:
        # Textual takes nothing back from a block that raises.
        with app.suspend():
            try:
                result = run()
            except EditorError as error:
                failed = error
    except SuspendNotSupported as error:
        raise EditorError("this terminal cannot be given to an editor") from error
    if failed is not None:
        raise failed
    return result
