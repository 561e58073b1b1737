"""Bytes of the terminal -> Textual's events of keys, mouse and pastes; nothing in them raises."""

from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator

from bathy.agent.modes.tui.input.pasted import Pasted, Splitter, Typed
from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.message import Message

_ENTERS = ("enter", "ctrl+j", "ctrl+m")
# A sequence with a number that is no character, say; Textual checks none.
_UNREADABLE = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)


class _Parser(XTermParser):
    """Textual's, which can be told that no more of a sequence comes."""

    def expire(self) -> Iterator[Message]:
        if self._timeout_time is not None:
            self._timeout_time = 0.0
            yield from self.tick()


class Stream:
    """Reads what a terminal sends. Pastes never come near Textual's parser.

    Textual reads sequences within a paste too, and takes those that it does not know for keys.
    """

    def __init__(self) -> None:
        # Bytes that are no UTF-8 come with pastes, and with terminals of another kind.
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._splitter = Splitter(constants.ESCAPE_DELAY)
        self._parser = _Parser()
        self._may_be_pasted = False

    def feed(self, data: bytes, now_s: float) -> list[Message]:
        """Take bytes that were read; return what has happened."""
        return self._events(self._splitter.feed(self._decode(data), now_s))

    def tick(self, now_s: float) -> list[Message]:
        """Return what has happened because nothing has followed."""
        return [*self._events(self._splitter.tick(now_s)), *self._parsed(self._parser.tick())]

    def wait_s(self, now_s: float, most_s: float) -> float:
        """Return after how many seconds to call `tick`, if nothing is read until then."""
        due_s = self._splitter.due_s
        return most_s if due_s is None else min(most_s, max(0.0, due_s - now_s))

    def _events(self, pieces: Iterable[Typed | Pasted]) -> list[Message]:
        found: list[Message] = []
        for piece in pieces:
            if isinstance(piece, Typed):
                self._may_be_pasted = piece.may_be_pasted
                # One by one, so that a sequence that cannot be read takes nothing else along.
                for character in piece.text:
                    found += self._parsed(self._parser.feed(character))
            if isinstance(piece, Pasted) or piece.is_over:
                found += self._parsed(self._parser.expire())
            if isinstance(piece, Pasted):
                found.append(events.Paste(piece.text.replace("\0", "")))
        return found

    def _parsed(self, messages: Iterable[Message]) -> list[Message]:
        found: list[Message] = []
        try:
            found.extend(map(_as_pasted, messages) if self._may_be_pasted else messages)
        except _UNREADABLE:
            self._renew()
        return found

    def _renew(self) -> None:
        """A parser that has raised is at its end."""
        before, self._parser = self._parser, _Parser()
        for name in ("last_x", "last_y", "mouse_pixels", "terminal_size", "terminal_pixel_size"):
            setattr(self._parser, name, getattr(before, name))


def _as_pasted(message: Message) -> Message:
    """Return a line end of a paste for an enter, in whatever way a terminal writes that."""
    if isinstance(message, events.Key) and message.key.endswith(_ENTERS):
        return events.Paste("\n")
    return message
