"""What a terminal sends, in any pieces -> what was typed, and what was pasted, each paste whole.

Terminals put a paste between two sequences (bracketed paste). Whatever stands between them is text,
whole escape sequences too: taken for keys it would send questions and start programs.
"""

import re
from dataclasses import dataclass

START, END = "\x1b[200~", "\x1b[201~"
MOST_CHARS = 8 << 20
"""Of one paste; what goes beyond is dropped, and the paste says so."""
QUIET_S = 1.0
"""After so long a pause a paste is over, even if nothing has said so."""

_ESCAPE_S, _BEGUN_S = 0.1, 0.5
_LATE_S, _SILENCE_S = 60.0, 10.0
_MOST_TYPED_CHARS = 64
# They come by themselves while the mouse moves, many at once.
_MOUSE = re.compile(r"\x1b\[<[\d;]*[Mm]")
_CUT = f"\n[what follows here of more than {MOST_CHARS >> 20} million characters was left out]"


@dataclass(frozen=True, slots=True)
class Typed:
    """Characters and sequences of keys.

    Attributes:
        text: As the terminal sent them.
        is_over: No more of the last one is to be expected.
        may_be_pasted: The end of a paste is still out, so that an enter may belong to it.
    """

    text: str
    is_over: bool = False
    may_be_pasted: bool = False


@dataclass(frozen=True, slots=True)
class Pasted:
    """A paste, as the terminal sent it."""

    text: str


class Splitter:
    """Tells what is typed from what is pasted; times are seconds that only grow."""

    def __init__(self, escape_s: float = _ESCAPE_S) -> None:
        """Set up.

        Args:
            escape_s: After which an ESC is the key, not the beginning of a sequence.
        """
        self._escape_s = escape_s
        self._held = ""
        self._parts: list[str] = []
        self._size = 0
        self._is_inside = False
        self._heard_s = 0.0
        # Until when a paste may go on; and until when an enter may belong to it, if nothing is
        # read meanwhile.
        self._late_until_s = self._silent_until_s = float("-inf")

    def feed(self, text: str, now_s: float) -> list[Typed | Pasted]:
        """Take what was read; return what is complete by now."""
        if now_s >= self._silent_until_s:
            self._silent_until_s = float("-inf")
        # The rest of a paste that paused for long: no one types so much at once.
        is_late = now_s < self._late_until_s and not self._is_inside
        if is_late and (typed := _MOUSE.sub("", text)):
            if END in text or len(typed) > _MOST_TYPED_CHARS:
                self._is_inside = START not in text.partition(END)[0]
            if self._may_be_pasted:
                self._silent_until_s = now_s + _SILENCE_S
        self._heard_s = now_s
        found: list[Typed | Pasted] = []
        rest, self._held = self._held + text, ""
        while rest:
            rest = self._collect(rest, found) if self._is_inside else self._pass(rest, found)
        return found

    def tick(self, now_s: float) -> list[Typed | Pasted]:
        """Return what is over because nothing has followed."""
        due_s = self.due_s
        if due_s is None or now_s < due_s:
            return []
        held, self._held = self._held, ""
        if not self._is_inside:
            return [Typed(held, True, self._may_be_pasted)]
        self._late_until_s, self._silent_until_s = now_s + _LATE_S, now_s + _SILENCE_S
        self._add(held)
        return self._taken()

    @property
    def due_s(self) -> float | None:
        """When to call `tick`; None if there is nothing to wait for."""
        if self._is_inside:
            return self._heard_s + QUIET_S
        if not self._held:
            return None
        # No key of a keyboard begins with more than ESC and a bracket and stops there.
        return self._heard_s + (self._escape_s if len(self._held) < 3 else _BEGUN_S)

    def _pass(self, text: str, found: list[Typed | Pasted]) -> str:
        typed, start, behind = text.partition(START)
        if not start:
            typed, self._held = _split_begun(typed, START)
        if typed:
            found.append(Typed(typed, may_be_pasted=self._may_be_pasted))
        if start:
            self._is_inside = True
            self._expect_no_more()
        return behind

    def _collect(self, text: str, found: list[Typed | Pasted]) -> str:
        body, end, behind = text.partition(END)
        if not end:
            body, self._held = _split_begun(body, END)
        self._add(body)
        if end:
            self._expect_no_more()
            found += self._taken()
        return behind

    @property
    def _may_be_pasted(self) -> bool:
        return self._silent_until_s > float("-inf")

    def _expect_no_more(self) -> None:
        """Nothing more of a paste before is to be expected."""
        self._late_until_s = self._silent_until_s = float("-inf")

    def _add(self, body: str) -> None:
        self._parts.append(body[: max(0, MOST_CHARS - self._size)])
        self._size += len(body)

    def _taken(self) -> list[Typed | Pasted]:
        text = "".join(self._parts) + (_CUT if self._size > MOST_CHARS else "")
        self._parts, self._size, self._is_inside = [], 0, False
        return [Pasted(text)] if text else []


def _split_begun(text: str, sequence: str) -> tuple[str, str]:
    """Cut off the end of a text that may be the beginning of a sequence."""
    at = text.rfind("\x1b", max(0, len(text) - len(sequence) + 1))
    if at >= 0 and sequence.startswith(text[at:]):
        return text[:at], text[at:]
    return text, ""
