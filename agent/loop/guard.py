"""Calls and text -> whether the model goes round in circles, and what it is told.

Long contexts make models repeat themselves: the same call again and again, or the same line without
end. The answer is a note in the tool's result, then a refusal, then the end of the run; never a
change of tools or effort, which would throw the cached prefix away.
"""

import hashlib
from collections import Counter

NOTE_AT, DETAIL_AT, REFUSE_AT, STOP_AT = 3, 5, 8, 12
"""Times that one call with one result is made before the guard does more."""

REPEATED_CHARS = 1_500
"""Text that consists of one repeated piece for so many characters is no answer."""

_MIN_REPEATS = 8
_ANCHOR_CHARS = 40
_CHECK_EVERY_CHARS = 400
_LONG_RESULT_CHARS = 2_000


class CallGuard:
    """Counts calls by name, arguments and result.

    A cycle of several calls is caught as well: each of its members comes back as often as it.
    """

    def __init__(self) -> None:
        self._times: Counter[str] = Counter()
        self._last_key: dict[str, str] = {}

    def refuses(self, name: str, arguments: str) -> str:
        """Return what the model is told instead of an answer, or "" if the call may be run."""
        call = _hash(name, arguments)
        key = self._last_key.get(call, "")
        if self._times[key] + 1 < REFUSE_AT:
            return ""
        self._times[key] += 1
        return (
            f"error: not run. {name} has been called with these arguments {self._times[key] - 1}"
            " times, always with the same result, which stands above. Answer now with what you"
            " know, say what you could not find, or do something else."
        )

    def note(self, name: str, arguments: str, result: str) -> str:
        """Count a call that was run; return its result as the model is to read it."""
        key = _hash(name, arguments, result)
        self._last_key[_hash(name, arguments)] = key
        self._times[key] += 1
        times = self._times[key]
        if times < NOTE_AT:
            return result
        known = result if len(result) <= _LONG_RESULT_CHARS else "[unchanged; see above]"
        if times < DETAIL_AT:
            return f"{known}\n[note: the same call gave the same result {times - 1} times before]"
        return (
            f"{known}\n[note: {name} has now been called {times} times with the same arguments and"
            " the same result. Calling it again gives nothing new. Use another tool, other"
            " arguments, or answer with what you know.]"
        )

    def forget(self) -> None:
        """Begin anew: something has changed, so that an old call may have a new result."""
        self._times.clear()
        self._last_key.clear()

    @property
    def must_stop(self) -> bool:
        """Whether one call has come back too often to go on."""
        return any(times >= STOP_AT for times in self._times.values())


class RepetitionDetector:
    """Watches a growing text for a piece that repeats without end; linear in the text."""

    def __init__(self) -> None:
        self._tail = ""
        self._unchecked = 0

    def push(self, text: str) -> bool:
        """Take more text; return whether its end is one piece, over and over."""
        self._unchecked += len(text)
        self._tail = (self._tail + text)[-2 * REPEATED_CHARS :]
        if self._unchecked < _CHECK_EVERY_CHARS:
            return False
        self._unchecked = 0
        return _repeats(self._tail)


def _repeats(tail: str) -> bool:
    if len(tail) < REPEATED_CHARS:
        return False
    end = tail[-REPEATED_CHARS:]
    before = tail.rfind(end[-_ANCHOR_CHARS:], 0, len(tail) - 1)
    period = len(tail) - _ANCHOR_CHARS - before
    if before < 0 or period * _MIN_REPEATS > REPEATED_CHARS:
        return False
    # A rule of dashes or a run of blanks is typography, not a model gone wrong.
    return len(set(end[-period:])) > 1 and end[period:] == end[:-period]


def _hash(*parts: str) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()
