"""What is written but not yet answered: marks, history, what waits, and what was sent last.

It knows no widget; the composer asks it what a paste becomes and what a question is sent as.
"""

from collections.abc import Collection
from pathlib import Path

from bathy.agent.modes.tui.input.history import History, Recall
from bathy.agent.modes.tui.input.kept import Draft
from bathy.agent.modes.tui.input.mention import spell_out
from bathy.agent.modes.tui.input.paste import (
    Attachments,
    clean,
    image_at,
    image_paths,
    is_large,
    is_there,
)
from bathy.tools.workspace import quote_path


class Drafts:
    """The questions of a session on their way.

    Attributes:
        attachments: What the marks in them stand for.
        waiting: As they were written, the next one first.
        last: The one that was sent last, as it was written.
        model: Its id.
        sees_images: Whether it takes pictures.
        files: Names of files as they stand behind an "@".
    """

    def __init__(self, history: History) -> None:
        self.attachments = Attachments()
        self.waiting: list[str] = []
        self.last = ""
        self.model, self.sees_images = "the model", False
        self.files: Collection[str] = ()
        self._told = ""
        self._history, self._recall = history, Recall(history)

    def paste(self, text: str, beside: str) -> tuple[str, str]:
        """Take up what was pasted.

        Args:
            text: Any.
            beside: The text that it is pasted into.

        Returns:
            What is put into the text, and what the user is told; "" for nothing.
        """
        text = clean(text)
        if images := image_paths(text):
            if not self.sees_images:
                return text, f"{self._blind}, so the path was pasted as text"
            marks = [self.attachments.add_image(path, beside) for path in images]
            return " ".join(marks) + " ", ""
        return (self.attachments.add_text(text, beside) if is_large(text) else text), ""

    def attach(self, path: Path, beside: str) -> tuple[str, str]:
        """Take up a picture; return as `paste` does."""
        if not self.sees_images:
            return "", f"{self._blind}; choose a model that does"
        if image := image_at(path):
            return f"{self.attachments.add_image(image, beside)} ", ""
        name = quote_path(str(path))
        if not is_there(path):
            return "", f"there is no file {name}"
        return "", f"{name} is no PNG, JPEG, GIF or WebP picture"

    def refusal(self, written: str) -> str:
        """Say why a question cannot be sent; "" if it can."""
        if self.sees_images or not self.attachments.images(written):
            return ""
        return f"{self._blind}; delete the mark, or choose a model that does"

    @property
    def _blind(self) -> str:
        return f"{self.model} does not see pictures"

    def question(self, written: str) -> tuple[str, tuple[Path, ...]]:
        """Return what is sent for what was written: the text, and its pictures."""
        text = self.attachments.expand(spell_out(written, self.files))
        return text, self.attachments.images(written)

    def remember(self, written: str) -> str:
        """Put a question or command into the history; say once why that cannot be kept."""
        lasting = self.attachments.expand_all(written)
        self._history.add(self.attachments.expand(written), lasting)
        self._recall.leave()
        told, self._told = self._told, self._history.problem
        return self._told if self._told != told else ""

    def kept(self, written: str) -> Draft:
        """Return what is to be kept, with what is written now."""
        waiting = tuple(self.waiting)
        return Draft(written, waiting, *self.attachments.standing_in(written, *waiting))

    def restore(self, draft: Draft, written: str) -> str:
        """Take up a draft that was kept.

        Args:
            draft: Of `kept`. What waited becomes the newest in the history, so that nothing of
                it is sent unless the user recalls it.
            written: What is written already.

        Returns:
            What is to be written; if anything is, the draft is the newest in the history instead.
        """
        self.attachments.adopt(draft.texts, draft.images)
        waited = [self.attachments.expand(question) for question in draft.waiting]
        # They are there already if nothing was asked since.
        if waited and self._history.entries[-len(waited) :] != waited:
            for question in draft.waiting:
                self.remember(question)
        if not written.strip():
            return draft.written
        if draft.written.strip() and draft.written != written:
            self.remember(draft.written.strip())
        return written

    def older(self, current: str) -> str | None:
        """Return the question before the one that is shown, with its marks; None without one."""
        return self._folded(self._recall.older(current))

    def newer(self, current: str) -> str | None:
        """Return the question after the one that is shown."""
        return self._folded(self._recall.newer(current))

    def _folded(self, text: str | None) -> str | None:
        return None if text is None else self.attachments.fold(text)
