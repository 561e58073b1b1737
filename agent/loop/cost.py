"""Messages -> tokens before they are sent, and their price; the service's count corrects them."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bathy.agent.config import Effort
from bathy.agent.loop.forecast import Label, Mark
from bathy.agent.loop.stretches import stretches
from bathy.agent.model.catalog import Model, Prices, cost_of
from bathy.agent.model.messages import Message, ToolSpec, Usage

IMAGE_TOKENS = 1_000
"""Most that one picture takes."""

# What DeepSeek's renderer puts around the texts of a message, in tokens (measured with it).
_USER_TOKENS, _ASSISTANT_TOKENS = 2, 3
_CALLS_TOKENS, _CALL_TOKENS, _RESULT_TOKENS = 14, 19, 8


@dataclass(frozen=True, slots=True)
class Head:
    """What stands at the very start of every prompt of a run, before the first message of a user.

    Attributes:
        model: What is known of the model.
        effort: How hard it is to think.
        tools: Declared.
        system: The system text.
    """

    model: Model
    effort: Effort
    tools: tuple[ToolSpec, ...]
    system: str

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts that the service puts there, its own words aside."""
        tools = ({"name": t.name, "description": t.description, "parameters": t.parameters}
                 for t in self.tools)  # fmt: skip
        return (
            self.system,
            *(json.dumps(t, ensure_ascii=False, separators=(",", ":")) for t in tools),
        )

    @property
    def instructions(self) -> str:
        """Digest of system text and tools."""
        return hashlib.sha256("\0".join(self.texts).encode()).hexdigest()[:32]

    @property
    def digest(self) -> str:
        """Digest of all of it, and of which model reads it."""
        effort = "auto" if self.effort == "high" else self.effort
        text = f"{self.model.id}\0{effort}\0{self.instructions}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]


class Meter:
    """Counts what a conversation takes: exactly before, and by the service's own count after."""

    def __init__(
        self,
        head: Head,
        *,
        known: Sequence[tuple[str, int]] = (),
        count: Callable[[str], int],
        prices: Callable[[], Prices | None],
    ) -> None:
        """Set up.

        Args:
            head: The start of every prompt.
            known: Texts that have been counted already, with their tokens.
            count: Counts tokens exactly.
            prices: Prices that hold now, or None.
        """
        self.head = head
        self._known = {hash(text): tokens for text, tokens in known}
        self._count = count
        self._prices = prices
        self._marks: list[list[Mark]] = []
        self._marked: list[Message] = []
        self._shift = 0

    def marks(self, messages: Sequence[Message]) -> tuple[Mark, ...]:
        """Return the ends of all stretches of a prompt, in order."""
        same = 0
        for old, new in zip(self._marked, messages, strict=False):
            if old is not new:
                break
            same += 1
        del self._marked[same:], self._marks[same:]
        for at in range(same, len(messages)):
            self._marks.append(self._mark(messages[at], at))
            self._marked.append(messages[at])
        return tuple(mark for marks in self._marks for mark in marks)

    def prompt_tokens(self, messages: Sequence[Message]) -> int:
        """Return the expected length of a prompt."""
        marks = self.marks(messages)
        return marks[-1].tokens + self._shift if marks else self._shift

    def tokens_of(self, message: Message) -> int:
        """Return the expected tokens of one message."""
        calls = sum(self._text(call.name + call.arguments) for call in message.tool_calls)
        return self._text(message.content) + calls + self._around(message)

    def learn(self, messages: Sequence[Message], usage: Usage) -> None:
        """Take the service's count of a prompt in place of our own from here on."""
        self._shift += usage.prompt_tokens - self.prompt_tokens(messages)

    def estimate(self, messages: Sequence[Message], reply: Message) -> Usage:
        """Return what a request has probably used, if the server does not say."""
        prompt = self.prompt_tokens(messages)
        thought = self._text(reply.reasoning)
        calls = sum(_CALL_TOKENS + self._text(c.name + c.arguments) for c in reply.tool_calls)
        return Usage(prompt, 0, prompt, self._text(reply.content) + thought + calls, thought)

    def cost(self, usage: Usage) -> float:
        """Return the price of some usage, in US dollars; 0 if no prices are known."""
        return cost_of(usage, self._prices())

    def reply_tokens(self, usd: float) -> int:
        """Return how long a reply some money pays for, in tokens; very long if none is asked."""
        each = self.cost(Usage(0, 0, 0, 1_000_000, 0)) / 1_000_000
        return int(usd / each) if each else 1 << 40

    def _mark(self, message: Message, at: int) -> list[Mark]:
        """The marks of one message, which follow those of the message before it."""
        if at == 0 and message.role == "system":
            tokens = self.head.model.frame(self.head.effort)
            tokens += sum(self._text(text) for text in self.head.texts)
            return [Mark("instructions", self.head.digest, tokens)]
        last = self._marks[-1][-1] if self._marks else Mark("instructions", self.head.digest, 0)
        found = list[Mark]()
        for label, text, is_first in stretches(message, at):
            tokens = last.tokens + self._text(text)
            said = text
            if is_first:
                tokens += self._around(message)
                images = "".join(image.data for image in message.images)
                said = f"{message.role}\0{message.reasoning}\0{images}\0{text}"
            last = Mark(label, _chained(last.digest, said), tokens)
            found.append(last)
        return found

    def _around(self, message: Message) -> int:
        """Tokens of a message beside its text and calls."""
        if message.role == "tool":
            return _RESULT_TOKENS
        if message.role == "user":
            return _USER_TOKENS + IMAGE_TOKENS * len(message.images)
        thought = self._text(message.reasoning) if self.head.effort != "off" else -2
        calls = _CALLS_TOKENS * bool(message.tool_calls) + _CALL_TOKENS * len(message.tool_calls)
        return _ASSISTANT_TOKENS + thought + calls

    def _text(self, text: str) -> int:
        if not text:
            return 0
        known = self._known.get(hash(text))
        if known is None:
            known = self._known[hash(text)] = self._count(text)
        return known


def label_tokens(marks: Sequence[Mark]) -> dict[Label, int]:
    """Return how many tokens of a prompt belong to what, in the order of the prompt."""
    found, start = dict[Label, int](), 0
    for mark in marks:
        found[mark.label] = found.get(mark.label, 0) + mark.tokens - start
        start = mark.tokens
    return found


def _chained(digest: str, text: str) -> str:
    data = f"{digest}\0{text}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(data).hexdigest()[:32]
