"""The review as a screen: hunks, keys to decide about them -> what is taken, and what is told."""

import time
from collections.abc import Callable, Collection
from typing import ClassVar

from bathy.agent.modes.tui.input.keymap import Keymap, bindings
from bathy.agent.modes.tui.review import choices
from bathy.agent.modes.tui.review.decision import Decision, decision_of
from bathy.agent.modes.tui.review.diffview import DiffView
from bathy.agent.modes.tui.review.heading import heading
from bathy.agent.modes.tui.review.hunks import (
    Choice,
    Files,
    Place,
    chosen,
    hunk_at,
    places_of,
)
from bathy.agent.modes.tui.viewer.glyphs import ASCII, UNICODE
from bathy.agent.modes.tui.viewer.keybar import KeyBar, key_words
from bathy.agent.modes.tui.viewer.messages import OpenInViewer
from bathy.agent.modes.tui.viewer.prompt import Prompt
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Static

GRACE_S = 0.5
"""Seconds after it has opened for which keys do nothing: they were meant for what stood there."""

_KEYS = (
    ("review.accept", "accept"),
    ("review.reject", "reject"),
    ("review.accept_file review.reject_file", "rest of file"),
    ("review.next_hunk review.previous_hunk", "hunk"),
    ("review.split", "split"),
    ("review.comment", "comment"),
    ("review.rewrite", "edit"),
    ("review.open", "open"),
    ("review.wrap", "wrap"),
    ("review.apply", "apply accepted"),
    ("review.back", "back"),
)

_TO_DECIDE = (
    ("review.accept", "accepts a hunk"),
    ("review.reject", "rejects it"),
    ("review.back", "goes back"),
)

Rewrite = Callable[[str, str], str | None]
"""Lets the user edit a text, given a path for its name and the text; None for no change."""


class ReviewScreen(Screen[Decision | None]):
    """Shows edits hunk by hunk; gives a decision, or None when the user goes back undecided.

    What was decided so far is in `files`, so that a review that was left can be taken up again.
    """

    DEFAULT_CSS = """
    ReviewScreen > #heading { height: auto; padding: 0 1; background: $panel; color: $foreground; }
    ReviewScreen > DiffView { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("review")]

    def __init__(
        self,
        files: Files,
        *,
        title: str = "",
        rewrite: Rewrite | None = None,
        clock: Callable[[], float] = time.monotonic,
        is_ascii: bool = False,
        keymap: Keymap | None = None,
    ) -> None:
        """Show what there is to review.

        Args:
            files: Of `review_of`, or of a review that was left.
            title: What the edit is for, such as the question.
            rewrite: Lets the user edit a hunk; None if there is no editor.
            clock: Seconds that only go up.
            is_ascii: Draw signs of ASCII alone.
            keymap: For the words alone; the bindings follow `App.set_keymap`.
        """
        super().__init__()
        self.files = files
        self.current = next(iter(_open_first(files)), (0, 0))
        self._keymap = keymap or Keymap()
        self._glyphs = ASCII if is_ascii else UNICODE
        self._view = DiffView(files, glyphs=self._glyphs)
        self._for, self._rewrite, self._clock = title, rewrite, clock
        self._opened_s = clock()
        self._draft: tuple[Place, str] | None = None

    def compose(self) -> ComposeResult:
        """Put the parts together."""
        yield Static(self._heading(), id="heading", markup=False)
        yield self._view
        yield KeyBar(self._keymap, *_KEYS)

    def on_mount(self) -> None:
        """Begin; from now on the time counts in which keys do nothing."""
        self._opened_s = self._clock()
        self.set_focus(self._view)
        self._view.show(self.files, self.current)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let no key do anything right after the screen has opened."""
        if self._clock() - self._opened_s < GRACE_S:
            return False
        return super().check_action(action, parameters)

    def action_decide(self, choice: Choice) -> None:
        """Decide about the current hunk, and go on to the next open one."""
        self._decide([self.current], choice)

    def action_decide_rest(self, choice: Choice) -> None:
        """Decide about the current hunk and the open ones behind it in its file."""
        self._decide(choices.rest_of_file(self.files, self.current), choice)

    def action_go_to_hunk(self, step: int) -> None:
        """Make the next hunk current, or the one before."""
        places = places_of(self.files)
        if self.current in places:
            at = places.index(self.current) + step
            self._show(self.files, places[min(max(at, 0), len(places) - 1)])

    def action_split(self) -> None:
        """Put the current hunk in pieces."""
        files = choices.split(self.files, self.current) if self.files else self.files
        if files is self.files:
            self._say("This hunk cannot be split further.")
        self._show(files, self.current)

    def action_comment(self) -> None:
        """Ask for a comment on the current hunk."""
        if not self.files:
            return
        text = hunk_at(self.files, self.current).comment
        if self._draft is not None and self._draft[0] == self.current:
            text = self._draft[1]
        self._draft = (self.current, text)
        is_ascii = self._glyphs is ASCII
        Prompt("comment", "Comment for the model", text, is_ascii=is_ascii).ask(self)

    def on_prompt_answered(self, event: Prompt.Answered) -> None:
        """Keep the comment."""
        event.stop()
        place = self._draft[0] if self._draft is not None else self.current
        self._draft = None
        self.set_focus(self._view)
        self._show(choices.comment(self.files, place, event.text), place)

    def on_prompt_left(self, event: Prompt.Left) -> None:
        """Keep what was written, for the next time that a comment is asked for."""
        event.stop()
        place = self._draft[0] if self._draft is not None else self.current
        self._draft = (place, event.text)
        self.set_focus(self._view)

    def action_rewrite(self) -> None:
        """Let the user edit the lines of the current hunk."""
        text = choices.text_to_rewrite(self.files, self.current) if self.files else None
        if text is None or self._rewrite is None:
            self._say("There is no editor." if text is not None else "No lines to edit here.")
            return
        new = self._rewrite(self.files[self.current[0]].path, text)
        if new is None:
            return
        try:
            self._show(choices.rewrite(self.files, self.current, new), self.current)
        except choices.RewriteError as error:
            self._say(f"Not taken over: {error}.")

    def action_open(self) -> None:
        """Show the current file as it is proposed."""
        if not self.files:
            return
        path = self.files[self.current[0]].path
        lines, start, end = choices.proposed(self.files, self.current)
        if lines:
            self.post_message(OpenInViewer(path, lines, start, end))
        else:
            self._say("There are no lines to show.")

    def action_wrap(self) -> None:
        """Let long lines go on below, or cut them."""
        self._view.toggle_wrap()

    def action_apply(self) -> None:
        """Give the decision; hunks that are open are not taken."""
        if len(chosen(self.files, "open")) == len(places_of(self.files)):
            self._say(f"Nothing is decided yet: {', '.join(key_words(self._keymap, _TO_DECIDE))}.")
            return
        self.dismiss(decision_of(self.files))

    def action_back(self) -> None:
        """Go back; nothing is written."""
        self.dismiss(None)

    def on_diff_view_picked(self, event: DiffView.Picked) -> None:
        """Make the hunk current that was clicked."""
        event.stop()
        self._show(self.files, event.place)

    def _decide(self, places: Collection[Place], choice: Choice) -> None:
        if not self.files:
            return
        files = choices.decide(self.files, places, choice)
        left = sorted(chosen(files, "open"))
        behind = [place for place in left if place > self.current]
        self._show(files, next(iter(behind or left), self.current))

    def _show(self, files: Files, current: Place) -> None:
        self.files, self.current = files, current
        self._view.show(files, current)
        self.query_one("#heading", Static).update(self._heading())

    def _heading(self) -> str:
        return heading(self.files, self.current, self._for, self._glyphs)

    def _say(self, text: str) -> None:
        self.notify(text, severity="warning", timeout=3, markup=False)


def _open_first(files: Files) -> list[Place]:
    """All hunks, those that are open first."""
    is_open = chosen(files, "open")
    return sorted(places_of(files), key=lambda place: (place not in is_open, place))
