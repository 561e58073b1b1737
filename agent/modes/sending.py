"""A run that is ready -> what it is about to send, told, allowed, and written down as it goes."""

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from bathy.agent.index.live import LiveView
from bathy.agent.index.repo import blob_id
from bathy.agent.model.messages import Image
from bathy.agent.modes.start import Start
from bathy.agent.modes.uploads import Destination, knows_base, note_upload, uploads_path
from bathy.tools.base import ToolError


@dataclass
class Sending:
    """Writes down what each request of a run takes out of the repository.

    Attributes:
        to: Where it goes.
        start: What the conversation begins with.
        view: What the tools have read.
        quoted: Blobs of what the question quotes beside the base.
    """

    to: Destination
    start: Start
    view: LiveView
    quoted: Sequence[str] = ()
    _is_begun: bool = False
    _noted: set[str] = field(default_factory=set)

    def note(self) -> None:
        """Write down what the next request holds that no earlier one of the run did.

        Raises:
            BathyError: It cannot be written, so nothing may be sent.
        """
        path = uploads_path()
        if not self._is_begun:
            self._is_begun = True
            self._note_start()
            if self.start.blobs:
                note_upload(path, self.to, "overlay", self.start.blobs)
            if self.quoted:
                note_upload(path, self.to, "question", self.quoted)
        blobs = list(self._read())
        if blobs:
            note_upload(path, self.to, "tool", blobs)

    def add(self, blobs: Iterable[str]) -> None:
        """Write down that a base of other files takes the place of the first one.

        Raises:
            BathyError: It cannot be written.
        """
        note_upload(uploads_path(), self.to, "base", list(blobs))

    def _note_start(self) -> None:
        path, basis = uploads_path(), self.start.basis
        pack = self.start.header.get("pack") or {}
        base_id = str(pack.get("base_id", ""))
        shown = []
        if basis is not None and not knows_base(path, self.to, base_id):
            shown = [e.blob for e in basis.base.manifest.files if e.level in ("full", "outline")]
        note_upload(path, self.to, "base", shown, base_id=base_id)
        if basis is not None and basis.overlay.blocks:
            blobs = dict.fromkeys(b for block in basis.overlay.blocks for b in block.blobs)
            note_upload(path, self.to, "overlay", blobs, base_id=base_id)

    def _read(self) -> Iterator[str]:
        """Blobs of what tools have read since the last request, old versions too."""
        yield from sorted(self.view.old_blobs - self._noted)
        self._noted |= self.view.old_blobs
        for path in sorted(self.view.read_paths - self._noted):
            self._noted.add(path)
            try:
                yield blob_id(self.view.raw(path))
            except ToolError:  # it has gone since
                continue


def image_blob(image: Image) -> str:
    """Return the blob id of a picture's file."""
    return blob_id(base64.b64decode(image.data))


def summary_of(start: Start, prompt_tokens: int) -> str:
    """Say in a few words what a first request sends."""
    basis = start.basis
    if basis is None:
        return f"about {prompt_tokens:,} tokens, and what the model reads with its tools"
    files = sum(e.level in ("full", "outline") for e in basis.base.manifest.files)
    return f"about {prompt_tokens:,} tokens of {files:,} files"
