"""Lines of a terminal or of a pipe -> questions, choices, words; nothing is drawn but prompts.

On a terminal lines are edited and recalled by readline. A pipe is a script: no prompts, one line
after another, and what a script cannot decide is decided by the careful choice.
"""

import contextlib
import termios
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TextIO

from bathy.agent.config import Settings
from bathy.agent.modes.places import repo_root
from bathy.agent.modes.tui.input.history import History, history_path
from bathy.agent.modes.tui.panels.figures import one_line
from bathy.tools.redact import redact

PROMPT, MORE = "ask: ", "more: "
FENCE = '"""'

_QUIET = (
    # Each of these would send escape sequences that no user asked for.
    "set enable-bracketed-paste off",
    "set enable-meta-key off",
    "set enable-active-region off",
    "set show-mode-in-prompt off",
    "set bell-style none",
    "tab: self-insert",
)


class Keyboard(Protocol):
    """Where the user's words come from.

    Attributes:
        is_terminal: A person may be asked.
    """

    is_terminal: bool

    def line(self, prompt: str) -> str:
        """Return the next line, without its end.

        Raises:
            EOFError: There is none any more.
            KeyboardInterrupt: Ctrl-C was pressed.
        """
        ...

    def forget(self) -> None:
        """Drop what was typed before it was asked for."""
        ...

    def remember(self, text: str) -> None:
        """Keep a question for the next time."""
        ...


class Script:
    """Lines of a pipe or a file."""

    is_terminal = False

    def __init__(self, source: TextIO) -> None:
        """Read from `source`."""
        self._source = source

    def line(self, prompt: str) -> str:
        """Return the next line; see `Keyboard`."""
        line = self._source.readline()
        if not line:
            raise EOFError
        return line.rstrip("\r\n")

    def forget(self) -> None:
        """Drop nothing: all of a script was written before."""

    def remember(self, text: str) -> None:
        """Keep nothing: a script asks the same each time."""


class Terminal:
    """Lines that a person types."""

    is_terminal = True

    def __init__(self, source: TextIO, history: History) -> None:
        """Set up readline, if this Python has it.

        Args:
            source: The terminal.
            history: Questions of this repository.
        """
        self._source, self._history = source, history
        self._recall: Callable[[str], None] = lambda _text: None
        with contextlib.suppress(ImportError):
            import readline

            for setting in _QUIET:
                readline.parse_and_bind(setting)
            readline.set_auto_history(False)
            self._recall = readline.add_history
        for entry in history.entries:
            self._recall(one_line(entry))

    def line(self, prompt: str) -> str:
        """Return the next line; see `Keyboard`."""
        return input(prompt)

    def forget(self) -> None:
        """Drop what was typed before it was asked for."""
        with contextlib.suppress(termios.error):
            termios.tcflush(self._source, termios.TCIFLUSH)

    def remember(self, text: str) -> None:
        """Keep a question for the next time."""
        self._history.add(text)
        self._recall(one_line(text))


class Attentive:
    """A keyboard that is interrupted only while somebody reads from it.

    Attributes:
        is_terminal: As of the other one.
    """

    def __init__(self, inner: Keyboard) -> None:
        """Read from another keyboard."""
        self._inner = inner
        self._is_reading, self._is_interrupted = False, False
        self.is_terminal = inner.is_terminal
        self.forget, self.remember = inner.forget, inner.remember

    def line(self, prompt: str) -> str:
        """Return the next line; see `Keyboard`."""
        try:
            self._is_reading = True
            if self._is_interrupted:
                raise KeyboardInterrupt
            return self._inner.line(prompt)
        finally:
            self._is_reading, self._is_interrupted = False, False

    def interrupt(self) -> None:
        """Take a Ctrl-C, now or when the next line is read.

        Raises:
            KeyboardInterrupt: A line is being read.
        """
        self._is_interrupted = True
        if self._is_reading:
            raise KeyboardInterrupt


def open_keyboard(settings: Settings, source: TextIO) -> Keyboard:
    """Return what reads from `source`."""
    if not source.isatty():
        return Script(source)
    return Terminal(source, History(_history_file(settings), lambda text: redact(text, "").text))


def _history_file(settings: Settings) -> Path | None:
    from platformdirs import user_state_path

    folder = user_state_path("bathy", appauthor=False) / "history"
    return history_path(folder, repo_root(settings.folder)) if settings.keep_session else None


def read_question(keyboard: Keyboard) -> str:
    r"""Return a question: lines that end in a backslash go on, and those between two fences.

    Raises:
        EOFError: There is none any more; a question that was begun is returned first.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    lines, prompt, is_fenced = list[str](), PROMPT, False
    while True:
        try:
            line = keyboard.line(prompt)
        except EOFError:
            if not lines:
                raise
            return "\n".join(lines)
        prompt = MORE
        if line.strip() == FENCE and (is_fenced or not lines):
            if is_fenced:
                return "\n".join(lines)
            is_fenced = True
        elif is_fenced:
            lines.append(line)
        elif line.endswith("\\"):
            lines.append(line[:-1])
        else:
            return "\n".join((*lines, line))


def choose(
    keyboard: Keyboard, say: Callable[[str], None], choices: Sequence[str], *, usual: int = 0
) -> int:
    """Let the user choose by number.

    Args:
        keyboard: Answers; what was typed before the choices were shown does not count.
        say: Writes a line.
        choices: In words; the first is number 1.
        usual: What an empty line means; 0 for nothing, so that it is asked again.

    Returns:
        The number.

    Raises:
        EOFError: There is no answer any more.
        KeyboardInterrupt: Ctrl-C was pressed.
    """
    marks = (" (the default)" if number == usual else "" for number in range(1, len(choices) + 1))
    named = zip(range(1, len(choices) + 1), choices, marks, strict=True)
    say(", ".join(f"{number} {words}{mark}" for number, words, mark in named))
    while True:
        keyboard.forget()
        answer = keyboard.line("number: ").strip()
        if not answer and usual:
            return usual
        if answer.isdecimal() and 1 <= int(answer[:4]) <= len(choices):
            return int(answer[:4])
        say(f"type a number from 1 to {len(choices)}")
