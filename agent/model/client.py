"""What the loop needs of a model: one request -> deltas, then the whole reply; or a failure."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from bathy.agent.config import Effort
from bathy.agent.errors import BathyError, TryAgainError
from bathy.agent.model.messages import Delta, Message, ToolSpec, Usage


@dataclass(frozen=True, slots=True)
class Request:
    """Everything that a server is asked.

    Attributes:
        model: Id of the model.
        messages: The conversation, oldest first.
        tools: The tools declared; the same, in the same order, for a whole session.
        effort: How hard to think; likewise.
        max_tokens: Longest reply, thinking included.
        reasoning_field: Name of the field in which this server gives and takes the thinking.
    """

    model: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    effort: Effort
    max_tokens: int
    reasoning_field: str = "reasoning_content"


@dataclass(slots=True)
class Attempt:
    """How far one request has come, so that also one which nobody awaits is billed for what it is.

    Attributes:
        is_sent: A part of its body has gone out, so that the service may read it.
        is_refused: The service has said that it does not answer it, and bills nothing.
        is_read: It has begun to answer, and so has read it.
        chars: Of text, thinking and calls that have come.
        usage: What it has used, once the service has said so.
    """

    is_sent: bool = False
    is_refused: bool = False
    is_read: bool = False
    chars: int = 0
    usage: Usage | None = None

    @property
    def may_be_billed(self) -> bool:
        """Whether the service may have read it."""
        return self.is_sent and not self.is_refused


class ModelClient(Protocol):
    """A connection to a model."""

    def stream(self, request: Request, attempt: Attempt) -> AsyncGenerator[Delta, None]:
        """Ask once; yield deltas as they come, and a `Reply` at the very end.

        Args:
            request: What is asked.
            attempt: A new one; kept up to date, whatever becomes of the request.

        Raises:
            ServiceError: The server refused.
            BusyError: It cannot answer now.
            BrokenStreamError: What came is not a whole reply.
            WindowError: The prompt does not fit the model's window.
        """
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...


class ServiceError(BathyError):
    """The server refused for good. `status` is the HTTP status, 0 if there was none."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class BusyError(TryAgainError):
    """The server cannot answer now: 408, 409, 429, 5xx, or no connection.

    Attributes:
        status: HTTP status, 0 if there was none.
        retry_after_s: Seconds that the server asks to wait, or None.
    """

    def __init__(self, message: str, status: int = 0, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after_s = retry_after_s


class BrokenStreamError(TryAgainError):
    """A reply that did not come whole: what came of it is not an answer."""


class LeakedCallError(BrokenStreamError):
    """The model wrote a tool call as text, and not so that it can be read.

    It may well do so again: the whole reply has come and is billed, so once more is enough.
    """


class WindowError(ServiceError):
    """The request is larger than the model's window.

    Attributes:
        window_tokens: The window, as the server says.
        prompt_tokens: Tokens of the messages, likewise.
        is_exact: `prompt_tokens` is a count, not just the least that it may be.
    """

    def __init__(
        self, message: str, window_tokens: int, prompt_tokens: int, *, is_exact: bool = True
    ) -> None:
        super().__init__(message, 400)
        self.window_tokens = window_tokens
        self.prompt_tokens = prompt_tokens
        self.is_exact = is_exact
