"""The sessions about a repository, as a screen: to be found, named, exported, and gone on with.

Logs are read in threads: first the first line of each, then what those in sight come to.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from bathy.agent.errors import BathyError
from bathy.agent.loop.sessions import (
    SessionInfo,
    export_session,
    exports_folder,
    list_sessions,
    name_session,
)
from bathy.agent.modes.tui.asking.line import Line
from bathy.agent.modes.tui.input.keymap import Keymap, bindings
from bathy.agent.modes.tui.panels.figures import cut
from bathy.agent.modes.tui.sessions.listing import SessionList
from bathy.agent.modes.tui.sessions.rows import find, head_text, heading
from bathy.agent.modes.tui.sessions.tally import Tally, tally
from bathy.agent.modes.tui.viewer.keybar import KeyBar
from bathy.agent.modes.tui.viewer.prompt import Prompt
from bathy.tools.workspace import quote_path
from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, Static
from textual.worker import get_current_worker

_KEYS = (
    ("moving.up moving.down", "choose"),
    ("sessions.resume", "go on with it"),
    ("sessions.rename", "name"),
    ("sessions.export", "export"),
    ("sessions.back", "back"),
)
_LOOKING = "looking for sessions"
_NONE_YET = "no sessions about this repository yet: ask a question, and it is kept here"
_NONE_SUCH = "no session holds these words: type others, or take some away"


class SessionsScreen(Screen[SessionInfo | None]):
    """Shows sessions; gives the one to go on with, or None when the user goes back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("sessions", "moving.up", "moving.down", "moving.page_up", "moving.page_down"),
        *bindings("everywhere.sessions"),
    ]
    DEFAULT_CSS = """
    SessionsScreen {
        & > #sessions-heading { padding: 0 1; background: $panel; color: $foreground; }
        & > #sessions-find { height: 1; margin: 1 0; padding: 0 1; }
        & > #sessions-find > Static { width: 6; text-style: bold; }
        & > #sessions-columns { padding: 0 1; text-style: bold; }
        & > #sessions-told { display: none; padding: 0 1; }
        & > SessionList { height: 1fr; padding: 0 1; }
    }
    """

    @dataclass
    class Listed(Message):
        """The sessions have been found, the one last used first."""

        infos: tuple[SessionInfo, ...]

    @dataclass
    class Tallied(Message):
        """It is known what a session comes to, or that it cannot be said."""

        session_id: str
        tally: Tally | None

    def __init__(
        self,
        folder: Path,
        about: str,
        *,
        exports: Path | None = None,
        clock: Callable[[], float] = time.time,
        keymap: Keymap | None = None,
        is_ascii: bool = False,
    ) -> None:
        """Set up.

        Args:
            folder: Of the logs.
            about: Folder of the repository.
            exports: Folder that exports go to; None for the one in the user's state folder.
            clock: Seconds since 1970.
            keymap: For the words alone; the bindings follow `App.set_keymap`.
            is_ascii: Draw with ASCII alone.
        """
        super().__init__()
        self._folder, self._about, self._exports = folder, about, exports
        self._clock, self._keymap, self._is_ascii = clock, keymap or Keymap(), is_ascii
        self._infos: tuple[SessionInfo, ...] | None = None
        self._tallies: dict[str, Tally | None] = {}
        self._named: SessionInfo | None = None
        self.filter = Line("some words of a name or of a question")
        self.list = SessionList(self._tallies, is_ascii=is_ascii)

    def compose(self) -> ComposeResult:
        """Put the parts below each other."""
        yield Static(id="sessions-heading", markup=False)
        with Horizontal(id="sessions-find"):
            yield Static("find", markup=False)
            yield self.filter
        yield Static(id="sessions-columns", markup=False)
        yield Static(id="sessions-told", markup=False)
        yield self.list
        yield KeyBar(self._keymap, *_KEYS)

    def on_mount(self) -> None:
        """Look for the sessions."""
        self.filter.focus()
        self._show()
        self._look()

    def on_resize(self) -> None:
        """Cut the texts anew."""
        self._show()

    @work(thread=True, group="sessions")
    def _look(self) -> None:
        found = (info for info in list_sessions(self._folder) if info.folder == self._about)
        self.post_message(self.Listed(tuple(found)))

    @on(Listed)
    def _listed(self, event: Listed) -> None:
        self._infos = event.infos
        self._show()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        if event.input is self.filter:
            self._show()

    def _show(self) -> None:
        """List what is meant, and say what there is."""
        infos = self._infos or ()
        shown, is_ascii = find(infos, self.filter.value), self._is_ascii
        self.list.show(shown, self._clock())
        told = _LOOKING if self._infos is None else _NONE_SUCH if infos else _NONE_YET
        self.query_one("#sessions-told").display = not shown
        self._write("told", told)
        width = self.size.width - 2
        repo = Path(self._about).name
        head = heading(repo, len(shown), len(infos), is_ascii=is_ascii) if infos else "Sessions"
        self._write("heading", cut(head, width, is_ascii=is_ascii))
        width -= self.list.styles.scrollbar_size_vertical
        self._write("columns", head_text(width, is_ascii=is_ascii) if shown else "")

    def _write(self, part: str, text: str) -> None:
        self.query_one(f"#sessions-{part}", Static).update(text)

    # What those in sight come to.

    @on(SessionList.Seen)
    def _seen(self) -> None:
        unknown = [info for info in self.list.seen if info.id not in self._tallies]
        if unknown:
            self._tally(unknown)

    @work(thread=True, exclusive=True, group="tally")
    def _tally(self, infos: Sequence[SessionInfo]) -> None:
        worker = get_current_worker()
        for info in infos:
            if worker.is_cancelled:
                return
            self.post_message(self.Tallied(info.id, tally(info.path)))

    @on(Tallied)
    def _tallied(self, event: Tallied) -> None:
        self._tallies[event.session_id] = event.tally
        self.list.refresh()

    # Keys.

    def action_move(self, rows: int) -> None:
        """Choose another session."""
        self.list.move(rows)

    def action_move_page(self, pages: int) -> None:
        """Choose a session a page away."""
        self.list.move_page(pages)

    @on(SessionList.Picked)
    def action_resume(self) -> None:
        """Go on with the session that is chosen, if there is one."""
        if self.list.chosen is not None:
            self.dismiss(self.list.chosen)

    def action_rename(self) -> None:
        """Ask for a name."""
        if self.list.chosen is not None and not self.query(Prompt):
            self._named = self.list.chosen
            label = "Name of the session (an empty one takes it away)"
            Prompt("name", label, self._named.name, is_ascii=self._is_ascii).ask(self)

    @on(Prompt.Answered)
    def _renamed(self, event: Prompt.Answered) -> None:
        event.stop()
        self.filter.focus()
        if self._named is None:
            return
        try:
            name = name_session(self._named.path, event.text)
        except BathyError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        named = replace(self._named, name=name)
        self._infos = tuple(named if i.id == named.id else i for i in self._infos or ())
        self._show()

    @on(Prompt.Left)
    def _not_renamed(self, event: Prompt.Left) -> None:
        event.stop()
        self.filter.focus()

    def action_export(self) -> None:
        """Write the session to a file, and say where it is."""
        if self.list.chosen is not None:
            self._export(self.list.chosen.path)

    @work(thread=True, group="export")
    def _export(self, path: Path) -> None:
        tell, app = self.app.notify, self.app
        try:
            written = export_session(path, None, self._exports or exports_folder())
        except BathyError as error:
            app.call_from_thread(tell, str(error), severity="error", markup=False)
            return
        where = quote_path(str(written))
        app.call_from_thread(tell, f"the session is in {where}", markup=False)

    def action_sessions(self) -> None:
        """Go back: the key that opened it closes it."""
        self.action_back()

    def action_back(self) -> None:
        """Go back."""
        self.dismiss(None)
