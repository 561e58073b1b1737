"""Sessions: going on with one, what it held, its name, its export."""

from dataclasses import replace
from pathlib import Path

from bathy.agent.errors import BathyError
from bathy.agent.loop.record import read_record
from bathy.agent.loop.sessions import SessionInfo, sessions_folder
from bathy.agent.modes.tui import drawing
from bathy.agent.modes.tui.deciding import Deciding
from bathy.agent.modes.tui.sessions import asked
from bathy.agent.modes.tui.sessions.replay import PastTurn, turns_of
from bathy.agent.modes.tui.sessions.screen import SessionsScreen
from bathy.agent.modes.tui.state import resumed
from bathy.agent.modes.tui.transcript.view import MoreWanted
from bathy.tools.base import count_of
from textual import on, work

SHOWN_TURNS = 20
"""Questions of a session that goes on which are shown at first, and each time more are wanted."""


class GoingOn(Deciding):
    """Begins sessions, and goes on with them."""

    _past: tuple[PastTurn, ...] = ()
    _is_loading = False

    def show_state(self) -> None:
        """Draw what stands around the transcript."""
        raise NotImplementedError

    def action_new_session(self) -> None:
        """Let the next question begin a session."""
        if self.may_begin():
            self.engine.use_session(None)
            self.begin_session()

    def may_begin(self) -> bool:
        """Whether a session may be left now; says why not."""
        if self.state.can_stop:
            self.warn("stop the question first")
        elif self.state.is_busy or self._is_loading:
            self.warn("wait until the repository is read")
        return not (self.state.is_busy or self._is_loading)

    def begin_session(self) -> None:
        """Show that nothing has been asked yet."""
        self._past, self.note = (), ""
        self.transcript.clear()
        self.state = resumed(self.state, ())
        self.show_state()
        self.say("the next question begins a session")

    def action_sessions(self) -> None:
        """Show the sessions about this repository."""
        if self.opened is None:
            self.warn("the repository is not open yet")
            return
        screen = SessionsScreen(
            sessions_folder(),
            str(self.opened.root),
            keymap=self.keymap,
            is_ascii=self.look.is_ascii,
        )
        self.push_screen(screen, self._resume)

    def _resume(self, info: SessionInfo | None) -> None:
        if info is not None and self.may_begin():
            self._load(info.path)

    def resume_first(self) -> None:
        """Show the session that the command line goes on with."""
        session = self.engine.session
        if session is None or self.opened is None:
            return
        try:
            path = asked.log_of(session, self.opened.root)
        except BathyError as error:
            self.engine.use_session(None)
            self.transcript.add_error(str(error))
            return
        self._load(path)

    def _load(self, path: Path) -> None:
        """Go on with a session; questions wait until it is there."""
        self._is_loading = self.composer.busy = True
        self._read(path)

    @work(thread=True, group="replay")
    def _read(self, path: Path) -> None:
        """Read a log, in a thread, since it may be long."""
        try:
            turns: tuple[PastTurn, ...] | None = turns_of(read_record(path))
        except BathyError as error:
            self.call_from_thread(self.transcript.add_error, str(error))
            turns = None
        self.call_from_thread(self._loaded, path, turns)

    def _loaded(self, path: Path, turns: tuple[PastTurn, ...] | None) -> None:
        """Show what was read; what cannot be read is not gone on with."""
        self._is_loading = False
        try:
            if self.engine.use_session(path.stem if turns is not None else None):
                self.surveying()
        except BathyError as error:
            self.transcript.add_error(str(error))
        if turns is not None:
            self.note = ""
            self._show_past(path.stem, turns)
        if waiting := len(self.engine.edits.states):
            files = count_of(waiting, "file")
            self.say(
                f"edits of {files} wait; {self.keymap.shown('everywhere.review')} reviews them"
            )
        self.go_on()

    def go_on(self) -> None:
        """Send what waits, once nothing else is under way."""
        self.composer.busy = self._is_loading or self.pending.is_busy
        if not self.composer.busy and self.pending.may_go_on:
            self.composer.send_next()

    def _show_past(self, session: str, turns: tuple[PastTurn, ...]) -> None:
        self._past = turns[:-SHOWN_TURNS]
        transcript = self.transcript
        transcript.clear()
        if self._past:
            transcript.add_more(SHOWN_TURNS, len(turns))
        for turn in turns[-SHOWN_TURNS:]:
            drawing.draw_past(transcript, turn)
        self.state = resumed(replace(self.state, session_id=session), turns)
        self.show_state()

    @on(MoreWanted)
    def _more(self) -> None:
        """Show older questions above those that are shown."""
        shown, self._past = self._past[-SHOWN_TURNS:], self._past[:-SHOWN_TURNS]
        transcript = self.transcript
        with transcript.above(left=len(self._past)):
            for turn in shown:
                drawing.draw_past(transcript, turn)

    def rename(self, name: str) -> None:
        """Give the session a name."""
        self.say(asked.rename(self.state.session_id, name))

    def export(self, target: str) -> None:
        """Write the session to a file."""
        self.say(asked.export(self.state.session_id, target))
