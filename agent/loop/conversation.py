"""The messages of one session, oldest first, always fit to be sent once `settle` has run."""

from collections.abc import Callable, Sequence
from typing import Literal

from bathy.agent.model.messages import Message, ToolCall

Listener = Callable[[Message], None]

NOT_STARTED = "error: not run, because the user interrupted before it began"
OUTCOME_UNKNOWN = "error: the run ended while this was under way; its outcome is unknown"

State = Literal["not started", "outcome unknown"]


class Conversation:
    """A growing list of messages; what is in it never changes, so that its prefix stays cached."""

    def __init__(
        self,
        messages: Sequence[Message],
        listener: Listener,
        restarted: Callable[[str], None] = lambda _reason: None,
        seal: Callable[[Message], Message] = lambda message: message,
    ) -> None:
        """Start from what there is.

        Args:
            messages: That have been said, and told of, already.
            listener: Hears of every message that is added.
            restarted: Hears when all of them are void, and why.
            seal: Takes out of a message what must not be sent.
        """
        self._restarted = restarted
        self._seal = seal
        self._messages = list(messages)
        self._listener = listener

    @property
    def messages(self) -> tuple[Message, ...]:
        """All of them."""
        return tuple(self._messages)

    def add(self, message: Message) -> None:
        """Append a message; it is told to the listener first, so that a log is never behind."""
        message = self._seal(message)
        self._listener(message)
        self._messages.append(message)

    def restart(self, messages: Sequence[Message], reason: str) -> None:
        """Begin anew, with other messages: the one way to break a cached prefix, and it is told."""
        self._messages.clear()
        self._restarted(reason)
        for message in messages:
            self._listener(message)
            self._messages.append(message)

    def open_calls(self) -> tuple[ToolCall, ...]:
        """Return the calls of the last reply that have no result yet, in order."""
        for at in range(len(self._messages) - 1, -1, -1):
            message = self._messages[at]
            if message.role == "assistant":
                answered = {m.tool_call_id for m in self._messages[at + 1 :]}
                return tuple(c for c in message.tool_calls if c.id not in answered)
            if message.role != "tool":
                break
        return ()

    def settle(self, started: Callable[[str], bool]) -> None:
        """Give every open call a result, so that the conversation may be sent again.

        Args:
            started: Whether the call of an id had begun when the run ended.
        """
        for call in self.open_calls():
            text = OUTCOME_UNKNOWN if started(call.id) else NOT_STARTED
            self.add(Message("tool", text, tool_call_id=call.id))
