"""A session's log -> its questions, each with the events that draw it again; pure.

People are shown all that was said, also what was dropped for the model since. What a log does not
hold is left out: the evidence of the index, edits that waited, and how long anything took.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bathy.agent.loop.citations import CheckedCitation, Cited
from bathy.agent.loop.conversation import NOT_STARTED, OUTCOME_UNKNOWN
from bathy.agent.loop.events import Finished, Shortened, ToolFinished, ToolStarted
from bathy.agent.loop.partial import read_partial
from bathy.agent.loop.record import Recorded, RecordError
from bathy.agent.model.messages import ReasoningDelta, TextDelta, Usage
from bathy.agent.modes.tui.events import TurnBegan, TurnEnded, UiEvent
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
        is_guessed: The service did not say all of that.
        events: That draw it, from its beginning to its end.
        cited: Where its answer cites.
    """

    question: str
    how: str
    cost_usd: float
    events: tuple[UiEvent, ...]
    cited: tuple[Cited, ...]
    is_guessed: bool = False


def turns_of(recorded: Recorded) -> tuple[PastTurn, ...]:
    """Return the questions of a session, oldest first; the last one may have no end.

    Raises:
        RecordError: A line of the log is not as it should be.
    """
    turns = list[_Turn]()
    try:
        for line in recorded.lines:
            if line["type"] == "question":
                turns.append(_Turn(line["text"]))
            elif turns:
                turns[-1].take(line)
    except (KeyError, TypeError) as error:
        raise RecordError(f"{recorded.path} holds a line that cannot be read") from error
    if turns:
        turns[-1].keep(*read_partial(recorded))
    return tuple(turn.end() for turn in turns)


class _Turn:
    """Takes the lines of one question, in order."""

    def __init__(self, question: str) -> None:
        self._question = question
        self._events: list[UiEvent] = [TurnBegan(question)]
        self._names: dict[str, str] = {}
        self._cited: tuple[Cited, ...] = ()
        self._cost_usd = 0.0
        self._how = ""
        self._is_asked = self._is_estimate = self._is_copy = self._is_stopped = False
        self._is_guessed = False
        self._said = ""

    def take(self, line: Line) -> None:
        """Take the next line; those behind the result belong to the next question."""
        if self._how:
            return
        match line["type"]:
            case "request":
                self._is_asked, self._is_estimate, self._is_copy = True, False, False
                self._said = ""
            case "restart":
                # What is left of the conversation is written down anew, up to the next request.
                self._is_copy = True
                self._events.append(Shortened(line["reason"]))
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
                self.keep(line["reasoning"], line["text"])
            case "result":
                self._finish(line)

    def keep(self, reasoning: str, text: str) -> None:
        """Take what had come of a reply."""
        self._said = text
        self._events += [ReasoningDelta(reasoning)] if reasoning else []
        self._events += [TextDelta(text)] if text else []

    def end(self) -> PastTurn:
        """Return all of it."""
        how = self._how
        if not how:
            # Who stops a reply that is under way is told what it costs; a process that dies is not.
            is_stopped = self._is_stopped or (self._is_asked and self._is_estimate)
            how = "stopped" if is_stopped else "interrupted"
            self._events.append(TurnEnded(how, "" if is_stopped else INTERRUPTED))
        events, guessed = tuple(self._events), self._is_guessed
        return PastTurn(self._question, how, self._cost_usd, events, self._cited, guessed)

    def _hear(self, line: Line) -> None:
        """Take a message; one of the model only if it was asked for, since some are given."""
        if line["role"] == "assistant" and self._is_asked:
            self.keep(line["reasoning"], line["content"])
            for call in line["tool_calls"]:
                self._names[call["id"]] = call["name"]
                self._events.append(ToolStarted(call["id"], call["name"], call["arguments"]))
        elif line["role"] == "tool":
            self._answer(line["tool_call_id"], line["content"])
        self._is_asked = False

    def _answer(self, call_id: str, text: str) -> None:
        is_error = text.startswith("error: ")
        summary = "" if is_error else count_of(len(text.splitlines()), "line")
        self._is_stopped = self._is_stopped or text in _NO_RESULT
        name = self._names.get(call_id, "")
        self._events.append(ToolFinished(call_id, name, summary, is_error, text))

    def _finish(self, line: Line) -> None:
        text, error, partial = line["text"], line["error"], line.get("partial", "")
        if not self._said:
            self.keep("", text or partial)
        usage = Usage(**line["usage"])
        end = (line["turns"], usage, line["cost_usd"], error, line["exit_code"], partial)
        self._events.append(Finished(line["subtype"], text, *end))
        self._how = "failed" if error else "answered"
        self._events.append(TurnEnded(self._how, error))


def _cited(entry: Line) -> Cited:
    return Cited(entry["start"], entry["end"], CheckedCitation(**entry["citation"]))
