"""Where a question is written: the field, the names that are offered, and the questions that wait.

It says what the user wants by messages and calls nothing: a screen tells it whether a question is
worked on (`busy`), what files there are and whether the model sees, and acts on the messages.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self, TypeAlias

from bathy.agent.modes.tui.clipboard import may_hold_image, paste_image
from bathy.agent.modes.tui.commands import COMMANDS, Command, Given, is_doubtful, read_command
from bathy.agent.modes.tui.input import messages
from bathy.agent.modes.tui.input.area import Hooks, PromptArea
from bathy.agent.modes.tui.input.complete import Finder
from bathy.agent.modes.tui.input.drafts import Drafts
from bathy.agent.modes.tui.input.editor import EditorError, edit_outside
from bathy.agent.modes.tui.input.history import History
from bathy.agent.modes.tui.input.kept import Draft
from bathy.agent.modes.tui.input.keymap import Keymap, bindings
from bathy.agent.modes.tui.input.names import Names
from bathy.agent.modes.tui.input.popup import Popup
from bathy.agent.modes.tui.input.waiting import Hint, Waiting
from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.reactive import reactive
from textual.widgets import Static

KEEP_S = 1.0
"""How often it is told at most what is written, to be kept."""


class Composer(Vertical):
    """The composer.

    Attributes:
        busy: A question is worked on, so that others wait. Set from outside; when that question
            has ended, `send_next` is called, or after a stop `give_back`.
        area: The field.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("composer", "everywhere.stop")]
    DEFAULT_CSS = """
    Composer {
        height: auto;
        border-top: hkey $border-blurred;
        &:focus-within { border-top: hkey $border; }
        & > Horizontal { height: auto; padding: 0 1; }
        & .composer--sign { width: 2; height: 1; color: $accent; }
    }
    """
    busy = reactive(False)

    Sent: TypeAlias = messages.Sent
    Queued: TypeAlias = messages.Queued
    Commanded: TypeAlias = messages.Commanded
    StopRequested: TypeAlias = messages.StopRequested
    Hurried: TypeAlias = messages.Hurried
    Drafted: TypeAlias = messages.Drafted

    def __init__(
        self,
        history: History,
        *,
        keymap: Keymap | None = None,
        commands: Sequence[Command] = COMMANDS,
        is_ascii: bool = False,
        id: str | None = None,
    ) -> None:
        """Set up.

        Args:
            history: Of the repository.
            keymap: For the hints alone; the bindings follow `App.set_keymap`.
            commands: That begin with a slash.
            is_ascii: Draw with ASCII alone.
            id: Of the widget.
        """
        super().__init__(id=id)
        keymap = keymap or Keymap()
        self._shown_key = keymap.shown
        self._commands = commands
        self._drafts = Drafts(history)
        self._names = Names(popup := Popup(is_ascii=is_ascii), commands)
        self._queue = Waiting(keymap, is_ascii=is_ascii)
        self._hint = Hint(keymap, is_ascii=is_ascii)
        hooks = Hooks(
            self._paste,
            self._picture,
            self._offer,
            self._show_hint,
            self._accept,
            self._names.dismiss,
        )
        self.area = PromptArea(self._drafts.attachments, popup, hooks)
        self._kept, self._doubted = Draft(), ""
        self._keep_due: asyncio.TimerHandle | None = None

    def compose(self) -> ComposeResult:
        """Put the parts below each other."""
        yield self._queue
        yield self._names.popup
        yield Horizontal(Static(">", classes="composer--sign", markup=False), self.area)
        yield self._hint

    def know_files(self, finder: Finder) -> None:
        """Offer these files behind an "@"."""
        self._names.finder = finder
        self._drafts.files = finder.spelled

    def know_model(self, name: str, *, sees_images: bool) -> None:
        """Take pictures along only if the model sees them."""
        self._drafts.model, self._drafts.sees_images = name, sees_images

    def focus(self, scroll_visible: bool = True) -> Self:
        """Focus the field."""
        self.area.focus(scroll_visible)
        return self

    @property
    def waiting(self) -> tuple[str, ...]:
        """Questions that wait, as they were written, the next one first."""
        return tuple(self._drafts.waiting)

    @property
    def draft(self) -> Draft:
        """What is to be kept now; also when the composer is on no screen any more."""
        return self._drafts.kept(self.area.text)

    def restore(self, draft: Draft) -> str:
        """Put a draft of before into the field, if nothing is written.

        What waited goes into the history: nobody knows any more whether it is still wanted, so
        nothing of a draft is sent without a key of its own. What is then in `draft` is for the
        caller to keep; only what changes afterwards is told.

        Returns:
            What the user is to be told; "" for nothing.
        """
        written = self._drafts.restore(draft, self.area.text)
        if written != self.area.text:
            self._put(written)
        self._kept = self.draft
        count = len(draft.waiting)
        if not count:
            return ""
        were = "questions that were waiting are" if count > 1 else "question that was waiting is"
        return f"{count:,} {were} in the history: {self._shown_key('composer.older')}"

    def _keep_later(self) -> None:
        if self._keep_due is None:
            loop = asyncio.get_running_loop()
            self._keep_due = loop.call_later(KEEP_S, self.call_next, self._keep)

    def _keep(self) -> None:
        """Tell what is to be kept, if it is not what was told last."""
        if self._keep_due is not None:
            self._keep_due.cancel()
            self._keep_due = None
        draft = self.draft
        if draft != self._kept and (draft or self._kept):
            self.post_message(self.Drafted(draft))
        self._kept = draft

    def on_unmount(self) -> None:
        """Nothing is told any more."""
        if self._keep_due is not None:
            self._keep_due.cancel()

    def keys_go_to(self, part: str) -> None:
        """Say which part of the screen has the keys, if it is not the field; "" for the field."""
        if part != self._hint.away:
            self._hint.away = part
            self._show_hint()

    def notice(self, text: str) -> None:
        """Say something below the field, until the next key; nothing for ""."""
        if text:
            self._hint.notice(text)

    def send_next(self) -> bool:
        """Send the question that waits longest; return whether there was one."""
        if not self.waiting or not self._can_take(self.waiting[0]):
            return False
        self._send(self._drafts.waiting.pop(0))
        self._show_waiting()
        return True

    def give_back(self) -> bool:
        """Put the last question that was sent back, if nothing is written; return whether it was.

        What waits goes on waiting, until `send_next` or enter in an empty field.
        """
        self._show_waiting()
        if self.area.text.strip() or not self._drafts.last:
            return False
        self._put(self._drafts.last)
        return True

    def resend(self) -> bool:
        """Send the last question again, whatever is written; return whether there was one."""
        last = self._drafts.last
        if not last or not self._can_take(last):
            return False
        if self.area.text.strip() == last:
            self._put("")
        self._send(last)
        return True

    def attach(self, path: Path) -> bool:
        """Put a picture into the question; return whether that was done, or say why not."""
        mark, problem = self._drafts.attach(path, self.area.text)
        self.area.insert_text(mark)
        self.notice(problem)
        return not problem

    def paste(self, text: str) -> None:
        """Put in what was pasted where nothing can be written."""
        self.area.insert_text(self._paste(text))

    def _paste(self, text: str) -> str:
        text, problem = self._drafts.paste(text, self.area.text)
        self.notice(problem)
        return text

    def _picture(self) -> bool:
        """Look for a picture in the clipboard, if the model sees any and there is a way to."""
        is_possible = self._drafts.sees_images and may_hold_image()
        if is_possible:
            self._paste_picture()
        return is_possible

    @work(thread=True, group="picture")
    def _paste_picture(self) -> None:
        from platformdirs import user_state_path

        try:
            path = paste_image(user_state_path("bathy", appauthor=False) / "pasted")
        except OSError as error:
            self.app.call_from_thread(self.notice, f"cannot keep the picture: {error.strerror}")
            return
        if path is None:
            self.app.call_from_thread(self.area.paste_own)
        else:
            self.app.call_from_thread(self.attach, path)

    def _put(self, text: str, *, at_top: bool = False) -> None:
        self.area.put(text, at_top=at_top)
        self._names.close()

    def _offer(self) -> None:
        self._names.offer(self.area)
        self._keep_later()

    def _accept(self, is_enter: bool) -> None:
        if self._names.accept(self.area, is_enter=is_enter):
            self.action_send()

    @on(Popup.Picked)
    def _picked(self, event: Popup.Picked) -> None:
        event.stop()
        self._names.take(self.area, event.choice)
        self.area.focus()

    def action_send(self) -> None:
        """Send what is written, put it into the queue, or do what it commands."""
        written = self.area.text.strip()
        if given := read_command(self.area.text, self._commands):
            self._command(given)
        elif is_doubtful(self.area.text) and self._doubted != written:
            self._doubted = written
            send = self._shown_key("composer.send")
            self.notice(f"there is no command {written}; {send} again asks it as a question")
        elif not written and self.busy:
            self.post_message(self.Hurried())
        elif not written:
            self.send_next()
        elif written and self._can_take(written):
            self._remember(written)
            if self.busy:
                self._drafts.waiting.append(written)
                self._show_waiting()
                self.post_message(self.Queued(*self._drafts.question(written)))
            else:
                self._send(written)

    def _command(self, given: Given) -> None:
        if given.problem or given.command is None:
            self.notice(given.problem)
            return
        written = self.area.text.strip()
        self._remember(written)
        argument = self._drafts.attachments.expand(given.argument)
        if given.command.name != "attach":
            self.post_message(self.Commanded(given.command, argument))
        elif not self.attach(Path(argument)):
            self._put(written)

    def _can_take(self, written: str) -> bool:
        problem = self._drafts.refusal(written)
        self.notice(problem)
        return not problem

    def _remember(self, written: str) -> None:
        """Put what was written into the history, and clear the field."""
        problem = self._drafts.remember(written)
        self._put("")
        self.notice(problem)

    def _send(self, written: str) -> None:
        self._drafts.last = written
        self._keep()
        self.post_message(self.Sent(*self._drafts.question(written)))

    def action_newline(self) -> None:
        """Begin a new line."""
        self.area.insert_text("\n")

    def action_older(self) -> None:
        """Go up; from the first row, to the last that waits or to older questions."""
        if not self.area.is_on_first_row:
            self.area.action_cursor_up()
        elif self._drafts.waiting and not self.area.text:
            self._put(self._drafts.waiting.pop())
            self._show_waiting()
        elif (text := self._drafts.older(self.area.text)) is not None:
            self._put(text, at_top=True)

    def action_newer(self) -> None:
        """Go down; from the last row, to newer questions."""
        if not self.area.is_on_last_row:
            self.area.action_cursor_down()
        elif (text := self._drafts.newer(self.area.text)) is not None:
            self._put(text)

    def action_editor(self) -> None:
        """Let the user's own editor have the text; pasted texts are in full there."""
        marks = self._drafts.attachments
        try:
            text = edit_outside(self.app, marks.expand(self.area.text))
        except EditorError as error:
            self.notice(str(error))
        else:
            self._put(marks.fold(text))

    def action_stop(self) -> None:
        """Ask for a stop; what is written stays."""
        self.post_message(self.StopRequested())

    def on_resize(self) -> None:
        """Show the hint where there is room for it."""
        self._hint.fit()

    def watch_busy(self) -> None:
        """Say what enter does now."""
        self._show_hint()
        self._show_waiting()

    def _show_waiting(self) -> None:
        self._queue.show(self._drafts.waiting, busy=self.busy)
        self._keep_later()

    def _show_hint(self) -> None:
        self._hint.show(busy=self.busy)
