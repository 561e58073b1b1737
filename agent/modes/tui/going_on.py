"""Sessions: going on with one, what it held, its name, its export."""

from dataclasses import replace
from pathlib import Path

from bathy.agent.errors import BathyError
from bathy.agent.loop.record import read_record
from bathy.agent.loop.sessions import (
    SessionInfo,
    export_session,
    exports_folder,
    find_session,
    last_session,
    name_session,
    sessions_folder,
)
from bathy.agent.modes.tui import drawing
from bathy.agent.modes.tui.deciding import Deciding
from bathy.agent.modes.tui.sessions.replay import PastTurn, turns_of
from bathy.agent.modes.tui.sessions.screen import SessionsScreen
from bathy.agent.modes.tui.state import resumed
from bathy.agent.modes.tui.transcript.view import MoreWanted
from textual import on, work

SHOWN_TURNS = 20
"""Questions of a session that goes on which are shown at first, and each time more are wanted."""


class GoingOn(Deciding):
    """Begins sessions, and goes on with them."""

    _past: tuple[PastTurn, ...] = ()

    def show_state(self) -> None:
        """Draw what stands around the transcript."""
        raise NotImplementedError

    def action_new_session(self) -> None:
        """Let the next question begin a session."""
        if self.state.is_busy:
            self.warn("stop the question first")
            return
        self.engine.use_session(None)
        self._past = ()
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
        if info is None:
            return
        if self.state.is_busy:
            self.warn("stop the question first")
            return
        self.engine.use_session(info.id)
        self.replay(info.path)

    def resume_first(self) -> None:
        """Show the session that the command line goes on with."""
        asked = self.engine.session
        if asked is None or self.opened is None:
            return
        try:
            folder = sessions_folder()
            path = find_session(folder, asked) if asked else None
            path = path or last_session(folder, str(self.opened.root))
        except BathyError as error:
            self.engine.use_session(None)
            self.transcript.add_error(str(error))
            return
        self.engine.use_session(path.stem)
        self.replay(path)

    @work(thread=True, exclusive=True, group="replay")
    def replay(self, path: Path) -> None:
        """Show what a session held; read in a thread, since a log may be long."""
        try:
            turns = turns_of(read_record(path))
        except BathyError as error:
            self.call_from_thread(self.transcript.add_error, str(error))
            return
        self.call_from_thread(self._show_past, path.stem, turns)

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

    def _session_path(self) -> Path | None:
        if not self.state.session_id:
            self.warn("there is no session yet: ask something first")
            return None
        return find_session(sessions_folder(), self.state.session_id)

    def rename(self, name: str) -> None:
        """Give the session a name."""
        if path := self._session_path():
            kept = name_session(path, name)
            self.say(f"this session is called {kept}" if kept else "this session has no name now")

    def export(self, target: str) -> None:
        """Write the session to a file."""
        if path := self._session_path():
            wanted = Path(target).expanduser() if target else None
            self.say(f"the session is in {export_session(path, wanted, exports_folder())}")
