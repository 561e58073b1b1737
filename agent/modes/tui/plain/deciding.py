"""What the user decides about, in lines: what is packed, which edits are written or taken back."""

from collections.abc import Sequence

from bathy.agent.config import EFFORTS
from bathy.agent.modes.tui.events import Packed, RefitFailed, TurnEnded
from bathy.agent.modes.tui.panels.figures import count_word
from bathy.agent.modes.tui.plain.listening import Listening
from bathy.agent.modes.tui.plain.packing import pack_lines
from bathy.agent.modes.tui.review.decision import Decision, decision_of
from bathy.agent.modes.tui.review.hunks import Files, review_of
from bathy.agent.modes.tui.state import resumed
from bathy.agent.modes.tui.waiting_edits import States
from bathy.agent.modes.tui.writing import RefusedError, kept_words, take_back, write_decided


class Deciding(Listening):
    """Obeys the commands that change something.

    Attributes:
        note: What the model is told with the next question of what became of its edits.
    """

    note = ""
    _left: tuple[States, Files] | None = None

    def pack(self, _argument: str) -> None:
        """Say what the window holds."""
        if self.packed is None:
            self.say("the repository is not packed")
            return
        window = self.opened.window_tokens if self.opened else 0
        for line in pack_lines(self.packed, window):
            self.say(line)

    def exclude(self, glob: str) -> None:
        """Leave files out of the pack."""
        self._refit((*self.engine.settings.exclude, glob))

    def include(self, glob: str) -> None:
        """Take files back into it."""
        self._refit((*self.engine.settings.exclude, f"!{glob}"))

    def _refit(self, exclude: Sequence[str]) -> None:
        before = self.packed
        self.engine.refit(self.engine.settings.include, exclude)
        if isinstance(self.until(Packed, RefitFailed, TurnEnded), Packed) and before is not None:
            self.say(f"before: {count_word(before.tokens, 'token')}")

    def model(self, name: str) -> None:
        """Ask another model, or say which one is asked."""
        if not name:
            self.say(
                self._offline()
                or f"model: {self.state.model}; /model ID begins a session with another"
            )
            return
        self.engine.choose(model=name)
        self._begin_with_other()

    def think(self, effort: str) -> None:
        """Let the model think in another way, or say how it thinks."""
        chosen = next((each for each in EFFORTS if each == effort), None)
        if chosen is None:
            others = ", ".join(EFFORTS)
            told = f"effort: {self.state.effort}; /think and one of {others} begins a session"
            self.say(self._offline() or told)
            return
        self.engine.choose(effort=chosen)
        self._begin_with_other()

    def _offline(self) -> str:
        why = self.state.why_offline
        return f"no model is asked, because this is offline: {why}" if why else ""

    def _begin_with_other(self) -> None:
        if isinstance(self.until(Packed, RefitFailed, TurnEnded), Packed):
            self.state = resumed(self.state, ())
            self.say("the next question begins a session")

    def review(self, _argument: str) -> None:
        """Go through the edits that wait, and write what is accepted."""
        # Only a review needs the rows of a diff, which take a while to import.
        from bathy.agent.modes.tui.plain.reviewing import outcome_words, review

        states = self.engine.edits.states
        if not states:
            self.say("no edits wait")
            return
        # A review that was left is taken up again, unless other edits have come since.
        is_same = self._left is not None and self._left[0] == states
        files = self._left[1] if self._left is not None and is_same else review_of(states)
        files, is_decided = review(files, self.keyboard, self.say)
        # Those that cannot be written are kept as well.
        self._left = (states, files)
        self.say(outcome_words(files))
        if is_decided:
            self._apply(decision_of(files), states)
        else:
            self.say("the review is left, and nothing was written; /review goes on with it")

    def _apply(self, decision: Decision, states: States) -> None:
        """Write what was taken, all of it or nothing, and keep for the model what was not."""
        try:
            done = write_decided(self.engine.settings, decision)
        except RefusedError as error:
            self.say(f"{error}; {kept_words('/review')}")
            return
        self._left = None
        for path in done.paths:
            self.say(f"written: {path}")
        if done.entry:
            self.say(f"/undo takes it back, and so does 'bathy undo {done.entry}'")
        else:
            self.say("nothing was written")
        if done.told:
            self._tell_model(done.told)
            self.say(f"the model is told with the next question: {done.told}")
        self.engine.edits.drop(states)

    def _tell_model(self, text: str) -> None:
        """Keep something for the next question, after what is kept already."""
        self.note = f"{self.note} {text}".strip()

    def undo(self, _argument: str) -> None:
        """Take back the edits that were written last."""
        done = take_back(self.engine.settings)
        self.say(f"taken back: {', '.join(done.paths)}")
        self._tell_model(done.told)
