"""What every part of the full screen needs: state, settings, sentences for the user, the clipboard.

The application is put together of layers, each a class that adds some wishes of the user to the
one before: `Shell`, `Showing`, `Deciding`, `Conversing`, and `BathyApp`, which draws.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from bathy.agent.config import Settings
from bathy.agent.model.messages import ReasoningDelta, TextDelta
from bathy.agent.modes.terminal import printable
from bathy.agent.modes.tui.clipboard import copy
from bathy.agent.modes.tui.engine import Engine
from bathy.agent.modes.tui.events import Confirming, Opened, Packed, UiEvent
from bathy.agent.modes.tui.input.composer import Composer
from bathy.agent.modes.tui.input.keymap import Keymap
from bathy.agent.modes.tui.input.waiting import Hint
from bathy.agent.modes.tui.looks import Look
from bathy.agent.modes.tui.mailbox import Mailbox
from bathy.agent.modes.tui.pending import Pending
from bathy.agent.modes.tui.question import YesNo
from bathy.agent.modes.tui.state import State
from bathy.agent.modes.tui.transcript.view import Transcript
from bathy.agent.modes.tui.viewer.keybar import KeyBar
from textual import on, work
from textual.actions import ActionParseResult
from textual.app import App
from textual.dom import DOMNode
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.screen import Screen

_STREAM_S = 0.05
"""Seconds that text is gathered for, before it is taken; half of what lies between two drawings."""


_NOTICE_S = 5.0


class Arrived(Message):
    """Events of the engine wait to be taken."""


class Asked(Message):
    """The engine asks the user something, and waits until `done` is set."""

    def __init__(self, question: str) -> None:
        super().__init__()
        self.question, self.is_yes, self.done = question, False, threading.Event()


class Noticed(Message):
    """A sentence is to be shown for some seconds."""

    def __init__(self, text: str, seconds: float) -> None:
        super().__init__()
        self.text, self.seconds = text, seconds


class Shell(App[str], inherit_bindings=False):
    """Holds what is known, and talks to the user."""

    TITLE = "bathy"

    def __init__(
        self,
        settings: Settings,
        look: Look,
        keymap: Keymap,
        clock: Callable[[], float],
        *,
        ansi_color: bool | None = None,
    ) -> None:
        """Set up.

        Args:
            settings: Of the command line.
            look: How it looks.
            keymap: The keys in use.
            clock: Seconds that only grow.
            ansi_color: As `looks.colored` gives it.
        """
        super().__init__(ansi_color=ansi_color)
        self.settings, self.look, self.keymap, self.clock = settings, look, keymap, clock
        self.state = State()
        self.opened: Opened | None = None
        self.packed: Packed | None = None
        self.pending = Pending()
        self._mailbox = Mailbox()
        self._asking, self._is_leaving = threading.Lock(), False
        self._asked: Asked | None = None
        self._ui: asyncio.AbstractEventLoop | None = None
        self.engine = Engine(settings, self.post, self._confirm)

    @property
    def transcript(self) -> Transcript:
        """The transcript."""
        return self.screen_stack[0].query_one(Transcript)

    @property
    def composer(self) -> Composer:
        """The composer."""
        return self.screen_stack[0].query_one(Composer)

    def take(self, event: UiEvent) -> None:
        """Draw an event."""
        raise NotImplementedError

    def post(self, event: UiEvent) -> None:
        """Hand over an event; for the engine's thread, which never waits for the screen."""
        if not self._mailbox.put(event):
            return
        if self._ui is not None and isinstance(event, TextDelta | ReasoningDelta):
            # A message costs more than the text in it; nobody sees more than some a second.
            with contextlib.suppress(RuntimeError):  # the loop has ended, and so has the screen
                self._ui.call_soon_threadsafe(self._ui.call_later, _STREAM_S, self._come)
        else:
            self._come()

    def _come(self) -> None:
        self.post_message(Arrived())

    def surveying(self) -> None:
        """Let questions wait in sight until the repository has been packed once more."""
        self.pending.surveys += 1
        self.composer.busy = True

    def on_mount(self) -> None:
        """Know the loop that the screen runs in."""
        self._ui = asyncio.get_running_loop()

    @on(Arrived)
    def _arrived(self) -> None:
        for event in self._mailbox.take():
            self.take(event)

    def _confirm(self, question: str) -> bool:
        """Put a question to the user; called in the engine's thread, which waits."""
        with self._asking:
            asked = self._asked = Asked(question)
            if self._is_leaving:
                return False
        self.post_message(asked)
        asked.done.wait()
        return asked.is_yes

    @on(Asked)
    def _ask_user(self, asked: Asked) -> None:
        def answer(value: bool | None) -> None:
            asked.is_yes = bool(value)
            self.take(Confirming(is_over=True))
            asked.done.set()

        self.take(Confirming(is_over=False))
        self.push_screen(self.question(asked.question), answer)
        self.ring()

    async def run_action(
        self,
        action: "str | ActionParseResult",
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do what a key says, but nothing of what was pressed before the end and not yet done."""
        return not self._exit and await super().run_action(action, default_namespace, namespaces)

    def leave(self) -> None:
        """Let nobody wait for an answer any more."""
        with self._asking:
            self._is_leaving = True
            if self._asked is not None:
                self._asked.done.set()

    def question(self, text: str) -> YesNo:
        """A question that is answered with yes or no."""
        return YesNo(text, self.clock, keymap=self.keymap, is_ascii=self.look.is_ascii)

    def say(self, text: str) -> None:
        """Put a sentence into the transcript."""
        self.transcript.add_notice(text)

    def warn(self, text: str) -> None:
        """Show a sentence for a moment."""
        self.notify(text, severity="warning", markup=False)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a sentence for a moment; for any thread, as Textual's own is.

        It takes the place of what the keys do, so that it covers nothing that is written or read.
        """
        del title, severity, markup
        self.post_message(Noticed(message, timeout or _NOTICE_S))

    @on(Noticed)
    def _noticed(self, event: Noticed) -> None:
        for screen in reversed(self.screen_stack):
            for place in screen.query("KeyBar, Hint").results():
                if isinstance(place, KeyBar | Hint):
                    place.notice(event.text)
                    end = partial(self._unnotice, place, event.text)
                    asyncio.get_running_loop().call_later(event.seconds, self.call_later, end)
                    return

    def _unnotice(self, place: KeyBar | Hint, text: str) -> None:
        """Say again what the keys do, unless something else is said by now."""
        if not place.is_attached:
            return
        if isinstance(place, KeyBar):
            place.end_notice(text)
        elif str(place.content) == printable(text):
            place.show(busy=self.composer.busy)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text, in the terminal, by a tool or into a file, and say which it was."""
        self._clipboard = text
        self._copy_in_thread(text)

    @work(thread=True, group="copy")
    def _copy_in_thread(self, text: str) -> None:
        from platformdirs import user_state_path

        folder = user_state_path("bathy", appauthor=False) / "copied"
        write = self._driver.write if self._driver else None
        told = copy(text, write=write, folder=folder)
        self.call_from_thread(self.notify, told, markup=False)

    def ring(self) -> None:
        """Call the user back who is looking at something else."""
        if not self.app_focus:
            self.bell()

    def is_open(self, kind: type[Screen[Any]]) -> bool:
        """Whether a screen of a kind is open, so that its key opens no second one."""
        return any(isinstance(screen, kind) for screen in self.screen_stack)
