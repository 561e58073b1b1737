"""What the user decides about: what is packed, which edits are written, what is taken back."""

from functools import partial

from bathy.agent.errors import BathyError
from bathy.agent.modes.tui import drawing
from bathy.agent.modes.tui.events import Packed, RefitFailed
from bathy.agent.modes.tui.input.editor import EditorError, rewrite_outside
from bathy.agent.modes.tui.panels.pack_screen import PackScreen
from bathy.agent.modes.tui.panels.pack_words import Place
from bathy.agent.modes.tui.review.decision import Decision
from bathy.agent.modes.tui.review.hunks import Files, review_of
from bathy.agent.modes.tui.review.screen import ReviewScreen
from bathy.agent.modes.tui.showing import Showing
from bathy.agent.modes.tui.waiting_edits import States
from bathy.agent.modes.tui.writing import RefusedError, kept_words, take_back, write_decided
from bathy.tools.base import count_of
from textual import on, work


class Deciding(Showing):
    """Shows the pack and the edits that wait.

    Attributes:
        note: What the model is told with the next question of what became of its edits.
    """

    note = ""
    _left: tuple[object, Files] | None = None

    def action_pack(self) -> None:
        """Show what the window holds."""
        if self.is_open(PackScreen):
            return
        if self.packed is None:
            self.warn("the repository is not packed yet")
            return
        settings = self.engine.settings
        screen = PackScreen(
            partial(drawing.price_of, self.packed),
            include=settings.include,
            exclude=settings.exclude,
            keymap=self.keymap,
            is_ascii=self.look.is_ascii,
        )
        self._fill(screen, self.packed)
        self.push_screen(screen)

    def _fill(self, screen: PackScreen, packed: Packed) -> None:
        opened = self.opened
        place = Place(opened.commit, opened.window_tokens) if opened is not None else Place()
        appended = drawing.appended_of(packed)
        screen.set_manifest(packed.manifest, appended, place, session=packed.session)

    @on(PackScreen.Refit)
    def _refit(self, event: PackScreen.Refit) -> None:
        self.engine.refit(event.include, event.exclude)
        self.surveying()

    def refitted(self, event: Packed | RefitFailed) -> None:
        """Tell the pack screen, if it is open, what came of a choice."""
        for screen in self.screen_stack:
            if isinstance(screen, PackScreen):
                if isinstance(event, Packed):
                    self._fill(screen, event)
                else:
                    screen.refit_failed(event.text)

    @work
    async def action_review(self) -> None:
        """Go through the edits that wait."""
        states = self.engine.edits.states
        if self.is_open(ReviewScreen):
            return
        if not states:
            self.warn("no edits wait")
            return
        # A review that was left is taken up again, unless other edits have come since.
        files = self._left[1] if self._left and self._left[0] == states else review_of(states)
        turns = self.state.turns
        screen = ReviewScreen(
            files,
            title=turns[-1].question if turns else "",
            rewrite=self._rewrite,
            clock=self.clock,
            is_ascii=self.look.is_ascii,
            keymap=self.keymap,
        )
        decision = await self.push_screen_wait(screen)
        self._left = (states, screen.files)
        if decision is not None:
            self._apply(decision, states)

    def _rewrite(self, path: str, text: str) -> str | None:
        try:
            return rewrite_outside(self, path, text)
        except EditorError as error:
            self.warn(str(error))
            return None

    def _apply(self, decision: Decision, states: States) -> None:
        """Write what was taken, all of it or nothing, and keep for the model what was not."""
        try:
            done = write_decided(self.settings, decision)
        except RefusedError as error:
            key = self.keymap.shown("everywhere.review")
            self.transcript.add_error(f"{error}; {kept_words(key)}")
            return
        except BathyError as error:
            self.transcript.add_error(str(error))
            return
        self._left = None
        self._drop(states)
        if done.entry:
            files = count_of(len(done.paths), "file")
            self.say(f"{files} written; /undo takes it back ('bathy undo {done.entry}')")
        else:
            self.say("nothing was written")
        if done.told:
            self._tell_model(done.told)
            self.say(f"the model is told with the next question: {done.told}")

    def _drop(self, states: States) -> None:
        """Forget edits that were decided about."""
        try:
            self.engine.edits.drop(states)
        except BathyError as error:
            self.transcript.add_error(str(error))

    def _tell_model(self, text: str) -> None:
        """Keep something for the next question, after what is kept already."""
        self.note = f"{self.note} {text}".strip()

    def undo(self) -> None:
        """Take back the edits that were written last."""
        try:
            done = take_back(self.settings)
        except BathyError as error:
            self.transcript.add_error(str(error))
            return
        self.say(f"taken back: {', '.join(done.paths)}")
        self._tell_model(done.told)
