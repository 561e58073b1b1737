"""Commands that look back: places, costs, sessions, the clipboard. And pictures, which go along."""

import os
import sys
from dataclasses import replace
from itertools import islice
from pathlib import Path

from bathy.agent.config import read_service
from bathy.agent.errors import BathyError
from bathy.agent.loop.record import read_record
from bathy.agent.loop.sessions import SessionInfo, list_sessions, sessions_folder
from bathy.agent.model.catalog import find_model
from bathy.agent.modes.pictures import read_images
from bathy.agent.modes.tui.clipboard import copy, may_hear
from bathy.agent.modes.tui.events import EvidenceFound, Packed, RefitFailed, TurnEnded
from bathy.agent.modes.tui.panels.figures import percent_word, usd_word
from bathy.agent.modes.tui.plain.deciding import Deciding
from bathy.agent.modes.tui.plain.files import read_place
from bathy.agent.modes.tui.plain.words import cited_lines, lines_of
from bathy.agent.modes.tui.sessions import asked
from bathy.agent.modes.tui.sessions.replay import turns_of
from bathy.agent.modes.tui.state import resumed
from bathy.tools.workspace import quote_path

MOST_SESSIONS = 20
"""Sessions that are listed, the one last used first."""

_ID_CHARS = 8


class Conversing(Deciding):
    """Obeys the commands that look back.

    Attributes:
        images: Pictures that go with the next question.
    """

    images: tuple[Path, ...] = ()

    def open(self, wanted: str) -> None:
        """Read out lines of a file."""
        if self.opened is None:
            self.say("the repository is not open")
            return
        found = read_place(
            wanted,
            self.opened,
            rev=self.engine.settings.rev,
            cited=self.cited,
            spans=self.spans,
        )
        self.say(found.title)
        self.printer.numbered(found.lines, found.first)
        if found.more:
            self.say(found.more)

    def say_cited(self, _argument: str) -> None:
        """Say again what the last answer cites."""
        if self.cited or not self.spans:
            for line in cited_lines(self.cited):
                self.say(line)
        else:
            self.say("the last answer cites nothing; this was found for the question")
            for line in lines_of(EvidenceFound(self.spans, is_answer=True)):
                self.say(line)

    def cost(self, _argument: str) -> None:
        """Say what was spent, and what came from the cache."""
        state = self.state
        if not state.prompt_tokens and not state.session_usd:
            self.say("no model has been asked yet")
            return
        for what, usd, is_about in (
            ("question", state.turn_usd, state.is_turn_guessed),
            ("session", state.session_usd, state.is_session_guessed),
        ):
            guess = ", an estimate in part" if is_about else ""
            self.say(f"this {what}: {usd_word(usd)}{guess}")
        if state.prompt_tokens:
            cached = percent_word(state.hit_tokens, state.prompt_tokens)
            self.say(f"cache: {cached} of the last prompt of {state.prompt_tokens:,} tokens")

    def copy(self, _argument: str) -> None:
        """Copy the last answer, and say where it went."""
        if not self.answer:
            self.say("there is no answer to copy")
            return
        from platformdirs import user_state_path

        folder = user_state_path("bathy", appauthor=False) / "copied"
        hears = self.keyboard.is_terminal and sys.stdout.isatty() and may_hear(os.environ)
        self.say(copy(self.answer, write=self.printer.control if hears else None, folder=folder))

    def attach(self, name: str) -> None:
        """Send a picture along with the next question, or none of them any more."""
        if not name:
            self.images = ()
            self.say("no picture goes with the next question")
            return
        path, service = Path(name).expanduser(), read_service(self.engine.settings)
        # What cannot be sent is refused here, or every question from now on would fail.
        read_images((path,), find_model(service.model, service.own_models))
        self.images = (*self.images, path)
        self.say(f"{quote_path(name)} goes with the next question")

    def new(self, _argument: str) -> None:
        """Let the next question begin a session."""
        self.engine.use_session(None)
        self.state = resumed(self.state, ())
        self.say("the next question begins a session")

    def sessions(self, number: str) -> None:
        """List earlier sessions, or go on with one of them."""
        found = self._sessions()
        if not number:
            for at, info in enumerate(found, 1):
                when = info.created[:16].replace("T", " ")
                self.say(f"{at} {when}, {info.model}: {info.name or info.question}")
            if not found:
                self.say("there are no sessions about this repository yet")
                return
            number = self._number() if self.keyboard.is_terminal else ""
        if number.isdecimal() and 1 <= int(number[:4]) <= len(found):
            self.go_on(found[int(number[:4]) - 1].path)
        elif number:
            self.say(f"there is no session {number}; /sessions lists them")

    def _sessions(self) -> list[SessionInfo]:
        root = str(self.opened.root) if self.opened else ""
        mine = (info for info in list_sessions(sessions_folder()) if info.folder == root)
        return list(islice(mine, MOST_SESSIONS))

    def _number(self) -> str:
        self.say("a number goes on with that session; Enter goes back")
        try:
            return self.keyboard.line("number: ").strip()
        except (EOFError, KeyboardInterrupt):
            self.printer.next_line()
            return ""

    def rename(self, name: str) -> None:
        """Give the session a name."""
        self.say(asked.rename(self.state.session_id, name))

    def export(self, target: str) -> None:
        """Write the session to a file."""
        self.say(asked.export(self.state.session_id, target))

    def go_on(self, path: Path) -> None:
        """Let the next question go on with a session, and say where that was.

        Raises:
            BathyError: The log cannot be read.
        """
        turns = turns_of(read_record(path))
        is_packed_anew = self.engine.use_session(path.stem)
        self.state = resumed(replace(self.state, session_id=path.stem), turns)
        self.say(f"the next question goes on with session {path.stem[:_ID_CHARS]}")
        if turns:
            last = turns[-1]
            self.spans, self.answer = last.evidence, last.answer
            self.cited = self.state.cited if last.cited else ()
            self.say(f"its last question was: {last.question}")
        if is_packed_anew:
            self.until(Packed, RefitFailed, TurnEnded)

    def go_on_first(self) -> None:
        """Go on with the session that the command line names, if it names one."""
        session = self.engine.session
        if session is None or self.opened is None:
            return
        try:
            self.go_on(asked.log_of(session, self.opened.root))
        except BathyError as error:
            self.engine.use_session(None)
            self.say(str(error))
