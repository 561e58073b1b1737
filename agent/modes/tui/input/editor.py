"""A text -> the same text after the user's own editor."""

import os
import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bathy.agent.modes.tui.clipboard import find_program
from bathy.agent.modes.tui.input.paste import clean
from textual.app import App, SuspendNotSupported

_MOST_BYTES = 4 << 20
_NAME = "question.md"
_FALLBACKS = ("nano", "vi")

# Editors with a window of their own come back at once unless they are told to wait.
_WAIT = {"code": "--wait", "codium": "--wait", "cursor": "--wait", "zed": "--wait", "subl": "-w"}
_WAIT |= {"gvim": "-f", "mate": "-w"}


class EditorError(Exception):
    """The text was not edited. The message is a sentence; the text is as it was."""


def editor_command(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return what starts the user's editor, without the file.

    Args:
        environ: With VISUAL, EDITOR and PATH.

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
            wait = _WAIT.get(Path(program).name)
            return (found, *rest, *((wait,) if wait and wait not in rest else ()))
    raise EditorError(f"there is no {words[0]}" if words else "set $EDITOR to name an editor")


@contextmanager
def draft(text: str) -> Iterator[Path]:
    """Put a text into a file for as long as the block runs; only the user can read it.

    It has a folder of its own, so that what an editor leaves beside it goes as well.
    """
    with tempfile.TemporaryDirectory(prefix="bathy-") as folder:
        path = Path(folder, _NAME)
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
        yield path


def read_back(path: Path, before: str) -> str:
    """Return what an editor has left in a file.

    Args:
        path: Of the file.
        before: The text that was put there; the line end that editors add to it is taken off.

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
    text = clean(data.decode("utf-8", "replace"))
    return text if before.endswith("\n") else text.removesuffix("\n")


def edit(text: str, command: Sequence[str]) -> str:
    """Start an editor on a text and wait for it; the terminal must be free.

    Args:
        text: What is edited.
        command: Of `editor_command`.

    Raises:
        EditorError: It cannot be started, failed, or left nothing that can be read.
    """
    import subprocess  # noqa: TID251 - the user's own editor

    with draft(text) as path:
        try:
            done = subprocess.run([*command, str(path)], check=False)  # noqa: S603 - no shell
        except OSError as error:
            raise EditorError(f"cannot start {command[0]}: {error.strerror}") from error
        if done.returncode:
            raise EditorError(f"{command[0]} failed ({done.returncode}); nothing has changed")
        return read_back(path, text)


def edit_outside(app: App[object], text: str) -> str:
    """Leave the screen to the user's editor until it is done with a text.

    Raises:
        EditorError: As `edit` and `editor_command`, or the terminal cannot be left.
    """
    command = editor_command(os.environ)
    try:
        with app.suspend():
            return edit(text, command)
    except SuspendNotSupported as error:
        raise EditorError("this terminal cannot be given to an editor") from error
