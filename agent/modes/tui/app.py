"""The full-screen mode: the engine's events on one screen, the user's wishes back to it.

It draws and passes on; what things mean is decided by `state` and the engine.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from bathy.agent.loop.citations import Cited
from bathy.agent.loop.events import CitationsChecked, TurnStarted
from bathy.agent.model.messages import ReasoningDelta, TextDelta
from bathy.agent.modes.places import repo_root
from bathy.agent.modes.tui import drawing, looks
from bathy.agent.modes.tui.asking.search_bar import SearchBar
from bathy.agent.modes.tui.events import (
    EvidenceFound,
    Opened,
    Packed,
    RefitFailed,
    TurnBegan,
    TurnEnded,
    UiEvent,
)
from bathy.agent.modes.tui.help.palette import Palette
from bathy.agent.modes.tui.input.composer import Composer
from bathy.agent.modes.tui.input.history import History, history_path
from bathy.agent.modes.tui.input.keymap import bindings
from bathy.agent.modes.tui.job_control import JobControl
from bathy.agent.modes.tui.panels.packing import packing_rows
from bathy.agent.modes.tui.panels.side import SidePanel
from bathy.agent.modes.tui.panels.status import StatusLine
from bathy.agent.modes.tui.panels.status_row import StatusState
from bathy.agent.modes.tui.panels.treemap import Item
from bathy.agent.modes.tui.state import reduce
from bathy.agent.modes.tui.transcript.view import Transcript
from bathy.agent.modes.tui.watching import Watching
from bathy.tools.redact import redact
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static


class BathyApp(Watching):
    """The application."""

    CSS = (
        looks.CSS
        + """
    #top { height: 1; background: $panel; padding: 0 1; }
    #body { height: 1fr; }
    #packing { height: auto; display: none; padding: 0 1; border-top: hkey $border-blurred; }
    #new-lines { height: 1; display: none; text-align: right; padding: 0 1; color: $text-accent; }
    SidePanel { width: 34; border-left: vkey $border-blurred; display: none; }
    .-wide SidePanel { display: block; }
    .-slow SidePanel { display: none; }
    SidePanel:focus { border-left: vkey $border; }
    Transcript:focus { scrollbar-color: $border; }
    .-ascii #packing, .-ascii Composer { border-top: ascii $border-blurred; }
    .-ascii Composer:focus-within { border-top: ascii $border; }
    .-ascii SidePanel:focus { border-left: ascii $border; }
    """
    )
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - Textual's own
    COMMANDS = {Palette}  # noqa: RUF012 - Textual's own
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("everywhere", "reading.help", "reading.search", "reading.suspend")
    ]

    _marks: Sequence[Cited] = ()
    _blocks: tuple[Item, ...] = ()
    _jobs: JobControl | None = None

    def compose(self) -> ComposeResult:
        """Put the parts together."""
        look = self.look
        yield Static(id="top", markup=False)
        with Horizontal(id="body"):
            with Vertical():
                yield Transcript(fps=look.fps, glyphs="ascii" if look.is_ascii else "unicode")
                yield Static(id="new-lines", markup=False)
                yield SearchBar(is_ascii=look.is_ascii, keymap=self.keymap)
                yield Static(id="packing", markup=False)
                yield Composer(self._history(), keymap=self.keymap, is_ascii=look.is_ascii)
            yield SidePanel(is_ascii=look.is_ascii)
        yield StatusLine(
            is_ascii=look.is_ascii,
            is_still=not look.has_motion,
            tick_s=look.tick_s,
            clock=self.clock,
        )

    def _history(self) -> History:
        from platformdirs import user_state_path

        folder = user_state_path("bathy", appauthor=False) / "history"
        keep = self.settings.keep_session
        path = history_path(folder, repo_root(self.settings.folder)) if keep else None
        return History(path, lambda text: redact(text, "").text)

    def on_mount(self) -> None:
        """Look at the repository."""
        self.set_keymap(self.keymap.for_textual())
        self.composer.focus()
        self.composer.busy = True
        if not self.look.takes_mouse:
            self.action_mouse()
        self.show_state()
        if not self.is_headless:
            self._heed_stops()
        # What it imports would keep the first screen waiting.
        self.call_after_refresh(self.engine.start)

    def _heed_stops(self) -> None:
        """Know when the terminal is another program's, and draw when it is taken again."""
        loop = asyncio.get_running_loop()
        if self._driver is not None:
            resume = partial(loop.call_soon_threadsafe, self.app_resume_signal.publish, self)
            self._jobs = jobs = JobControl(self._driver, resume)
            self.app_suspend_signal.subscribe(self, lambda _: jobs.goes_away())
            self.app_resume_signal.subscribe(self, lambda _: self._is_back(jobs))

    def _is_back(self, jobs: JobControl) -> None:
        jobs.is_back()
        self.refresh(layout=True)

    def on_unmount(self) -> None:
        """Leave a whole log behind."""
        self.leave()
        self.engine.close()
        if self._jobs is not None:
            self._jobs.close()

    # Events of the engine.

    def take(self, event: UiEvent) -> None:
        """Draw one event."""
        before, self.state = self.state, reduce(self.state, event, self.clock())
        if isinstance(event, CitationsChecked):
            self._marks = event.cited
        elif isinstance(event, TurnStarted) and event.turn:
            self.note = ""  # it has gone
        elif isinstance(event, TurnBegan):
            self.pending.is_asking = True
        elif isinstance(event, Opened):
            self._opened(event)
        elif isinstance(event, Packed | RefitFailed):
            if isinstance(event, Packed):
                self.packed, self._blocks = event, drawing.blocks_of(event)
            self.refitted(event)
        drawing.draw(self.transcript, event, self._marks)
        if isinstance(event, Packed | RefitFailed | TurnEnded):
            self._ended(event)
        if isinstance(event, EvidenceFound) and event.is_answer:
            # The best place comes first, and nothing will follow the last.
            self.transcript.go_to_prompt(-1)
        if isinstance(event, ReasoningDelta | TextDelta) and self.state.phase == before.phase:
            # It comes a hundred times a second, and nothing else changes by it.
            self._show_status()
        elif self.state is not before:
            self.show_state()

    def _opened(self, event: Opened) -> None:
        is_first, self.opened = self.opened is None, event
        self.composer.know_model(event.model, sees_images=event.sees_images)
        self.know_files(event.paths)
        if is_first:
            if not self.settings.keep_session:
                self.say("--no-session: nothing is kept, so each question begins anew")
            if event.why_offline:
                self.say(drawing.offline_words(self.state, self.keymap))
            self.resume_first()

    def _ended(self, event: Packed | RefitFailed | TurnEnded) -> None:
        self.pending.end(event)
        self.go_on()
        if not isinstance(event, TurnEnded):
            return
        is_back = event.how != "answered" and self.composer.give_back()
        if is_back and event.may_retry:
            self.composer.notice("enter asks again")
        self.ring()

    def show_state(self) -> None:
        """Draw what stands around the transcript, as far as it has changed."""
        state, main, is_ascii = self.state, self.screen_stack[0], self.look.is_ascii
        status = self._show_status()
        width = self.size.width - 2
        self.write_part("top", drawing.heading(state, status, width, is_ascii=is_ascii))
        files = len(self.packed.manifest.files) if self.packed else 0
        main.query_one(SidePanel).show(drawing.side_of(state, files, self._blocks))
        room = main.query_one(Transcript).size.width - 2
        stages = () if state.can_stop and all(s.is_done for s in state.stages) else state.stages
        title = f"{'Searching' if state.can_stop else 'Packing'} {state.repo}"
        rows = packing_rows(stages, title, room, self.clock(), is_ascii=is_ascii)
        self.write_part("packing", "\n".join(rows))

    def _show_status(self) -> StatusState:
        status = drawing.status_of(self.state, self.keymap)
        self.screen_stack[0].query_one(StatusLine).show(status)
        return status

    def write_part(self, part: str, text: str) -> None:
        """Put a text into a part; an empty one other than the heading goes."""
        widget = self.screen_stack[0].query_one(f"#{part}", Static)
        # Drawing anew would lay out the whole screen.
        if widget.content != text:
            widget.update(text)
        widget.display = bool(text) or part == "top"

    def on_resize(self) -> None:
        """Fit the heading, once the size is known."""
        self.call_after_refresh(self.show_state)
