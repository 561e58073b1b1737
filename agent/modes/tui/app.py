"""The full-screen mode: the engine's events on one screen, the user's wishes back to it.

It draws and passes on; what things mean is decided by `state` and the engine.
"""

import threading
from collections.abc import Callable
from functools import partial
from typing import ClassVar

from bathy.agent.config import Settings
from bathy.agent.errors import BathyError
from bathy.agent.loop.citations import Cited
from bathy.agent.loop.events import CitationsChecked
from bathy.agent.modes.places import open_journal
from bathy.agent.modes.tui import drawing
from bathy.agent.modes.tui.clipboard import copy
from bathy.agent.modes.tui.engine import Engine
from bathy.agent.modes.tui.events import Opened, Packed, TurnEnded, UiEvent
from bathy.agent.modes.tui.input.complete import Finder
from bathy.agent.modes.tui.input.composer import Composer
from bathy.agent.modes.tui.input.history import History
from bathy.agent.modes.tui.panels.pack_screen import PackScreen
from bathy.agent.modes.tui.panels.side import SidePanel
from bathy.agent.modes.tui.panels.status import StatusLine
from bathy.agent.modes.tui.question import YesNo
from bathy.agent.modes.tui.review.decision import Decision
from bathy.agent.modes.tui.review.hunks import review_of
from bathy.agent.modes.tui.review.screen import ReviewScreen
from bathy.agent.modes.tui.state import State, reduce
from bathy.agent.modes.tui.transcript.messages import CitationChosen, CopyWanted
from bathy.agent.modes.tui.transcript.view import Transcript
from bathy.agent.modes.tui.viewer.messages import CopyText, OpenInViewer
from bathy.agent.modes.tui.viewer.screen import ViewerScreen
from bathy.tools.edits import write_of
from bathy.tools.redact import redact
from bathy.tools.workspace import Workspace, WorkspaceError
from textual import on, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

_MOST_FILE_BYTES = 10 << 20


class BathyApp(App[None]):
    """The application."""

    TITLE = "bathy"
    CSS = """
    #heading { height: 1; background: $panel; padding: 0 1; }
    #body { height: 1fr; }
    SidePanel { width: 34; border-left: vkey $panel; display: none; }
    .-wide SidePanel { display: block; }
    StatusLine { height: 1; background: $panel; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - Textual's own
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "pack", "Pack"),
        Binding("f4", "review", "Review"),
        Binding("ctrl+c", "stop_or_quit", "Stop", show=False, priority=True),
        *(Binding(f"alt+{n}", f"cited({n})", show=False) for n in range(1, 10)),
    ]

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        """Set up.

        Args:
            settings: Of the command line.
            clock: Seconds that only grow.
        """
        super().__init__()
        self._clock = clock
        self.state = State()
        self._opened: Opened | None = None
        self._packed: Packed | None = None
        self.engine = Engine(settings, self._post, self._confirm)
        self._rejected = ""
        self._marks: tuple[Cited, ...] = ()

    def compose(self) -> ComposeResult:
        """Put the parts together."""
        yield Static(id="heading", markup=False)
        with Horizontal(id="body"):
            with Vertical():
                yield Transcript()
                yield Composer(History(None, lambda text: redact(text, "").text))
            yield SidePanel()
        yield StatusLine()

    def on_mount(self) -> None:
        """Look at the repository."""
        self.query_one(Composer).focus()
        self._show()
        self.engine.start()

    def on_unmount(self) -> None:
        """Leave a whole log behind."""
        self.engine.close()

    def _post(self, event: UiEvent) -> None:
        self.call_from_thread(self._take, event)

    def _take(self, event: UiEvent) -> None:
        """Draw one event."""
        self.state = reduce(self.state, event, self._clock())
        if isinstance(event, CitationsChecked):
            self._marks = event.cited
        drawing.draw(self.query_one(Transcript), event, self._marks)
        composer = self.query_one(Composer)
        if isinstance(event, Opened):
            self._opened = event
            composer.know_model(event.model, sees_images=event.sees_images)
            self._know_files(event.paths)
        elif isinstance(event, Packed):
            self._packed = event
        elif isinstance(event, TurnEnded):
            composer.busy = False
            if event.how == "stopped":
                composer.give_back()
            else:
                composer.send_next()
        self._show()

    @work(thread=True, exclusive=True, group="files")
    def _know_files(self, paths: tuple[str, ...]) -> None:
        self.call_from_thread(self.query_one(Composer).know_files, Finder(paths))

    def _show(self) -> None:
        manifest = self._packed.manifest if self._packed else None
        self.query_one("#heading", Static).update(drawing.heading(self.state))
        self.query_one(SidePanel).show(drawing.side_of(self.state, manifest))
        self.query_one(StatusLine).show(drawing.status_of(self.state))

    @on(Composer.Sent)
    def _ask(self, event: Composer.Sent) -> None:
        text, self._rejected = self._rejected + event.text, ""
        self.query_one(Composer).busy = True
        self.engine.ask(text, event.images)

    @on(Composer.StopRequested)
    def _stop(self) -> None:
        self.engine.stop()

    @on(Composer.Commanded)
    def _command(self, event: Composer.Commanded) -> None:
        name = event.command.name
        actions: dict[str, Callable[[], object]] = {
            "quit": self.exit,
            "new": self._new,
            "pack": self.action_pack,
            "review": self.action_review,
            "copy": lambda: self._copy(self.query_one(Transcript).answer_text),
            "cost": lambda: self._say(drawing.cost_words(self.state)),
            "help": lambda: self._say(drawing.HELP),
        }
        if name in actions:
            actions[name]()
        elif name == "theme" and event.argument in self.available_themes:
            self.theme = event.argument
        elif name == "theme":
            self._say(f"themes: {', '.join(sorted(self.available_themes))}")
        else:
            self.query_one(Composer).notice(f"/{name} is not there yet")

    def _say(self, text: str) -> None:
        self.query_one(Transcript).add_notice(text)

    def _new(self) -> None:
        self.engine.new_session()
        self._say("the next question begins a new session")

    def _copy(self, text: str) -> None:
        self._copy_in_thread(text)

    @work(thread=True, group="copy")
    def _copy_in_thread(self, text: str) -> None:
        from platformdirs import user_state_path

        folder = user_state_path("bathy", appauthor=False) / "copied"
        write = self._driver.write if self._driver else None
        told = copy(text, write=write, folder=folder)
        self.call_from_thread(self.notify, told)

    @on(CopyWanted)
    @on(CopyText)
    def _copied(self, event: CopyWanted | CopyText) -> None:
        self._copy(event.text)

    @on(CitationChosen)
    def _cited(self, event: CitationChosen) -> None:
        self._view(event.path, event.start, event.end)

    @on(SidePanel.Chosen)
    def _chosen(self, event: SidePanel.Chosen) -> None:
        self.action_cited(event.number)

    @on(OpenInViewer)
    def _open(self, event: OpenInViewer) -> None:
        span = (event.start_line, event.end_line)
        self.push_screen(ViewerScreen(event.path, event.lines, span))

    def action_cited(self, number: int) -> None:
        """Show the place of a citation."""
        for cited in self.state.cited:
            if cited.number == number:
                self._view(cited.path, cited.start_line, cited.end_line)

    def _view(self, path: str, start: int, end: int) -> None:
        if self._opened is None:
            return
        try:
            data = Workspace(self._opened.root).read_bytes(path, max_bytes=_MOST_FILE_BYTES)
        except WorkspaceError as error:
            self.notify(f"{path}: {error}", severity="warning")
            return
        lines = drawing.lines_of(path, data)
        self.push_screen(ViewerScreen(path, lines, (start, end)))

    def action_pack(self) -> None:
        """Show what the window holds."""
        if self._packed is None:
            self.notify("the repository is not packed yet")
            return
        screen = PackScreen(partial(drawing.price_of, self._packed))
        screen.set_manifest(self._packed.manifest)
        self.push_screen(screen)

    @on(PackScreen.Refit)
    def _refit(self, event: PackScreen.Refit) -> None:
        self.engine.refit(event.include, event.exclude)

    @work
    async def action_review(self) -> None:
        """Go through the edits that wait."""
        if not self.engine.proposals:
            self.notify("no edits wait")
            return
        screen = ReviewScreen(review_of(self.engine.proposals))
        decision = await self.push_screen_wait(screen)
        if decision is not None:
            self._apply(decision)

    def _apply(self, decision: Decision) -> None:
        assert self._opened is not None
        root = self._opened.root
        self._rejected = f"{decision.rejected}\n\n" if decision.rejected else ""
        try:
            entry = ""
            if decision.changes:
                writes = [write_of(root, change) for change in decision.changes]
                entry = open_journal().apply(root, writes)
        except BathyError as error:
            self.query_one(Transcript).add_error(str(error))
            return
        self.engine.proposals.clear()
        told = (
            f"written; 'bathy undo {entry[:8]}' takes it back" if entry else "nothing was written"
        )
        self._say(told)

    def action_stop_or_quit(self) -> None:
        """Stop what is under way; leave if nothing is."""
        if self.state.is_busy:
            self.engine.stop()
        else:
            self.exit()

    def _confirm(self, question: str) -> bool:
        """Put a question to the user; called in the engine's thread, which waits."""
        answered, done = [False], threading.Event()

        def answer(value: bool | None) -> None:
            answered[0] = bool(value)
            done.set()

        self.call_from_thread(self.push_screen, YesNo(question, self._clock), answer)
        done.wait()
        return answered[0]


def run_tui(settings: Settings) -> int:
    """Run the full-screen mode; return the exit code."""
    import time
    from multiprocessing import resource_tracker

    # It wants the real stderr, which Textual puts something else in the place of.
    resource_tracker.ensure_running()
    BathyApp(settings, time.monotonic).run()
    return 0
