"""A session's log -> its questions, each with the events that draw it again; pure.

People are shown all that was said, also what was dropped for the model since. Edits that wait are
not in the log. One of before moments were written down does not say how long anything took.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bathy.agent.loop.citations import CheckedCitation, Cited
from bathy.agent.loop.conversation import NOT_STARTED, OUTCOME_UNKNOWN
from bathy.agent.loop.events import Finished, Shortened, ToolFinished, ToolStarted
from bathy.agent.loop.evidence import Span, evidence_of
from bathy.agent.loop.partial import read_partial
from bathy.agent.loop.record import Recorded, RecordError
from bathy.agent.model.messages import ReasoningDelta, TextDelta, Usage
from bathy.agent.modes.tui.events import EvidenceFound, TurnBegan, TurnEnded, UiEvent
from bathy.tools.base import count_of

INTERRUPTED = "interrupted before the answer was complete"

_NO_RESULT = (NOT_STARTED, OUTCOME_UNKNOWN)

Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PastTurn:
    """A question of a session, and what became of it.

    Attributes:
        question: As it was asked, without secrets.
        how: "answered", "stopped", "failed", or "interrupted" if the process came to an end.
        cost_usd: Of all its requests; 0 if no prices were known.
        events: That draw it, from its beginning to its end.
        cited: Where its answer cites.
        is_guessed: The service did not say all of what it has cost.
        moments: Of the events, in seconds; only differences mean something.
    """

    question: str
    how: str
    cost_usd: float
    events: tuple[UiEvent, ...]
    cited: tuple[Cited, ...]
    is_guessed: bool = False
    moments: tuple[float, ...] = ()

    @property
    def evidence(self) -> tuple[Span, ...]:
        """What the index found for it."""
        found = (event.spans for event in self.events if isinstance(event, EvidenceFound))
        return next(found, ())

    @property
    def answer(self) -> str:
        """What it was answered with; "" for nothing."""
        found = (event.text for event in self.events if isinstance(event, Finished))
        return next(found, "")


def turns_of(recorded: Recorded) -> tuple[PastTurn, ...]:
    """Return the questions of a session, oldest first; the last one may have no end.

    Raises:
        RecordError: A line of the log is not as it should be.
    """
    turns = list[_Turn]()
    try:
        for line in recorded.lines:
            if line["type"] == "question":
                turns.append(_Turn(line))
            elif turns:
                turns[-1].take(line)
    except (KeyError, TypeError, ValueError) as error:
        raise RecordError(f"{recorded.path} holds a line that cannot be read") from error
    if turns:
        cut = read_partial(recorded)
        turns[-1].keep(cut.thinking, cut.text, cut.thought_s)
    return tuple(turn.end() for turn in turns)


class _Turn:
    """Takes the lines of one question, in order."""

    def __init__(self, line: Line) -> None:
        self._question = str(line["text"])
        self._events: list[tuple[UiEvent, float]] = []
        self._calls: dict[str, tuple[str, float]] = {}
        self._cited: tuple[Cited, ...] = ()
        self._cost_usd = 0.0
        self._how = ""
        self._is_asked = self._is_estimate = self._is_copy = self._is_stopped = False
        self._is_guessed = False
        self._said = ""
        self._now_s = self._last_s = _moment(line, 0.0)
        self._add(TurnBegan(self._question))

    def take(self, line: Line) -> None:
        """Take the next line; those behind the result belong to the next question."""
        if self._how:
            return
        # What a dead process left is written down by the one that goes on, maybe days later.
        if line["type"] != "partial":
            self._now_s = _moment(line, self._now_s)
        match line["type"]:
            case "request":
                self._is_asked, self._is_estimate, self._is_copy = True, False, False
                self._said = ""
            case "restart":
                # What is left of the conversation is written down anew, up to the next request.
                self._is_copy = True
                self._add(Shortened(line["reason"]))
            case "evidence":
                self._add(EvidenceFound(evidence_of(line), is_answer=False))
            case "message" if not self._is_copy:
                self._hear(line)
            case "usage":
                self._cost_usd += line["cost_usd"]
                self._is_estimate = line["is_estimate"]
                # A request that the service has not taken surely costs nothing.
                is_guess = self._is_estimate and line["cost_usd"] > 0
                self._is_guessed = self._is_guessed or is_guess
            case "citations":
                self._cited = tuple(map(_cited, line.get("cited", ())))
            case "partial":
                self.keep(line["reasoning"], line["text"], line.get("thought_s", 0.0))
            case "result":
                self._finish(line)

    def keep(self, reasoning: str, text: str, thought_s: float = 0.0) -> None:
        """Take what had come of a reply."""
        self._said = text
        if reasoning:
            self._add(ReasoningDelta(reasoning), self._now_s - thought_s)
        if text:
            self._add(TextDelta(text))

    def end(self) -> PastTurn:
        """Return all of it."""
        how = self._how
        if not how:
            # Who stops a reply that is under way is told what it costs; a process that dies is not.
            is_stopped = self._is_stopped or (self._is_asked and self._is_estimate)
            how = "stopped" if is_stopped else "interrupted"
            # Lines behind the last thing that is shown are those of whoever went on.
            self._add(TurnEnded(how, "" if is_stopped else INTERRUPTED), self._last_s)
        events, moments = zip(*self._events, strict=True)
        rest = (self._cost_usd, events, self._cited, self._is_guessed, moments)
        return PastTurn(self._question, how, *rest)

    def _add(self, event: UiEvent, at_s: float | None = None) -> None:
        self._events.append((event, self._now_s if at_s is None else at_s))
        self._last_s = self._now_s

    def _hear(self, line: Line) -> None:
        """Take a message; one of the model only if it was asked for, since some are given."""
        if line["role"] == "assistant" and self._is_asked:
            self.keep(line["reasoning"], line["content"], line.get("thought_s", 0.0))
            for call in line["tool_calls"]:
                self._calls[call["id"]] = call["name"], self._now_s
                self._add(ToolStarted(call["id"], call["name"], call["arguments"]))
        elif line["role"] == "tool":
            self._answer(line["tool_call_id"], line["content"])
        self._is_asked = False

    def _answer(self, call_id: str, text: str) -> None:
        is_error = text.startswith("error: ")
        summary = "" if is_error else count_of(len(text.splitlines()), "line")
        name, began_s = self._calls.get(call_id, ("", self._now_s))
        has_result = text not in _NO_RESULT
        self._is_stopped = self._is_stopped or not has_result
        # What was left open may be settled days later.
        ended_s = self._now_s if has_result else began_s
        self._add(ToolFinished(call_id, name, summary, is_error, text), ended_s)

    def _finish(self, line: Line) -> None:
        text, error, partial = line["text"], line["error"], line.get("partial", "")
        if not self._said:
            self.keep("", text or partial)
        usage = Usage(**line["usage"])
        end = (line["turns"], usage, line["cost_usd"], error, line["exit_code"], partial)
        self._add(Finished(line["subtype"], text, *end))
        self._how = "failed" if error else "answered"
        self._add(TurnEnded(self._how, error))


def _moment(line: Line, before_s: float) -> float:
    return float(line.get("at_s", before_s))


def _cited(entry: Line) -> Cited:
    return Cited(entry["start"], entry["end"], CheckedCitation(**entry["citation"]))
