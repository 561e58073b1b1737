"""Messages -> tokens before they are sent, and their price; the service's count corrects them."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bathy.agent.config import Effort
from bathy.agent.loop.forecast import Label, Mark
from bathy.agent.loop.stretches import SPECIAL, dialect_of, stretches, with_calls
from bathy.agent.model.catalog import Model, Prices, cost_of
from bathy.agent.model.messages import Message, ToolSpec, Usage

CHEAP_SHARE = 0.25
"""A request that only fills the cache is made where a hit costs at most so much of a miss."""

IMAGE_TOKENS = 1_000
"""Most that one picture takes."""

# What DeepSeek's renderer puts around the texts of a message, in tokens. An assistant's message
# without thinking has one less. Messages of users and tools that follow one another are one turn.
_TURN_TOKENS, _ASSISTANT_TOKENS = 2, 3
_JOINED = frozenset({"user", "tool"})
_JOINT = "\n\n"


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
    def effort_shown(self) -> str:
        """The effort as far as the prompt shows it: where it is the same, so is the cache."""
        if self.model.thinking == "none":
            return "auto"
        is_default = self.model.thinking == "deepseek" and self.effort == "high"
        return "auto" if is_default else self.effort

    @property
    def digest(self) -> str:
        """Digest of all of it, and of which model reads it."""
        text = f"{self.model.id}\0{self.effort_shown}\0{self.instructions}"
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
        self._dialect = dialect_of(head.model.id)
        self._marks: list[list[Mark]] = []
        self._marked: list[Message] = []
        self._own_tokens, self._shift = 1, 0

    def marks(self, messages: Sequence[Message]) -> tuple[Mark, ...]:
        """Return the ends of all stretches of a prompt, in order, in the service's own tokens.

        As far as its tokens are known; a model with another tokenizer has other ones.
        """
        own = self._own_marks(messages)
        if not own or not self._shift:
            return own
        counted = own[-1].tokens
        # A conversation that has become shorter has so much less of what was counted otherwise.
        tokens = counted + round(self._shift * min(1.0, counted / self._own_tokens))
        scaled = (replace(m, tokens=round(m.tokens * tokens / counted)) for m in own[:-1])
        return (*scaled, replace(own[-1], tokens=tokens))

    def prompt_tokens(self, messages: Sequence[Message]) -> int:
        """Return the expected length of a prompt."""
        marks = self.marks(messages)
        return marks[-1].tokens if marks else 0

    def tokens_of(self, message: Message) -> int:
        """Return the expected tokens of one message, as if it were a turn of its own."""
        return self.text_tokens(with_calls(message, self._dialect)) + self._around(message)

    def learn(self, messages: Sequence[Message], usage: Usage) -> None:
        """Take the service's count of a prompt in place of our own from here on."""
        self._own_tokens = self._own_marks(messages)[-1].tokens
        self._shift = usage.prompt_tokens - self._own_tokens

    def estimate(self, messages: Sequence[Message], reply: Message) -> Usage:
        """Return what a request has probably used, if the server does not say."""
        prompt = self.prompt_tokens(messages)
        thought = self.text_tokens(reply.reasoning)
        said = self.text_tokens(with_calls(reply, self._dialect))
        return Usage(prompt, 0, prompt, said + thought, thought)

    def cost(self, usage: Usage) -> float:
        """Return the price of some usage, in US dollars; 0 if no prices are known."""
        return cost_of(usage, self._prices())

    @property
    def has_cheap_hits(self) -> bool:
        """Whether the service is known to charge much less for what it has cached."""
        miss = self.cost(Usage(0, 0, 1_000_000, 0, 0))
        return miss > 0 and self.cost(Usage(0, 1_000_000, 0, 0, 0)) <= CHEAP_SHARE * miss

    def reply_tokens(self, usd: float) -> int:
        """Return how long a reply some money pays for, in tokens; very long if none is asked."""
        each = self.cost(Usage(0, 0, 0, 1_000_000, 0)) / 1_000_000
        return int(usd / each) if each else 1 << 40

    def _own_marks(self, messages: Sequence[Message]) -> tuple[Mark, ...]:
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

    def _mark(self, message: Message, at: int) -> list[Mark]:
        """The marks of one message, which follow those of the message before it."""
        if at == 0 and message.role == "system":
            tokens = self.head.model.frame(self.head.effort)
            tokens += sum(self.text_tokens(text) for text in self.head.texts)
            return [Mark("instructions", self.head.digest, tokens)]
        last = self._marks[-1][-1] if self._marks else Mark("instructions", self.head.digest, 0)
        before = self._marked[at - 1].role if at else "system"
        is_joined = {message.role, before} <= _JOINED
        found = list[Mark]()
        for label, text, is_first in stretches(message, at, self._dialect):
            shown = f"<tool_result>{text}</tool_result>" if message.role == "tool" else text
            said, tokens = text, last.tokens
            if is_first:
                # Behind a result the joint and the sign before it are one token.
                shown = _JOINT + shown if is_joined and before == "user" else shown
                tokens += self._around(message, is_joined=is_joined)
                images = "".join(image.data for image in message.images)
                said = f"{message.role}\0{message.reasoning}\0{images}\0{text}"
            last = Mark(label, _chained(last.digest, said), tokens + self.text_tokens(shown))
            found.append(last)
        return found

    def _around(self, message: Message, *, is_joined: bool = False) -> int:
        """Tokens of a message beside its text and calls."""
        if message.role in _JOINED:
            return _TURN_TOKENS * (not is_joined) + IMAGE_TOKENS * len(message.images)
        if self.head.effort == "off":
            return _ASSISTANT_TOKENS - 1
        return _ASSISTANT_TOKENS + self.text_tokens(message.reasoning)

    def text_tokens(self, text: str) -> int:
        """Return the tokens of a text, with the calls in it."""
        if not text:
            return 0
        known = self._known.get(hash(text))
        if known is None:
            pieces = text.split(SPECIAL)
            if len(pieces) == 1:
                known = self._count(text)
            else:
                known = len(pieces) - 1 + sum(map(self.text_tokens, pieces))
            self._known[hash(text)] = known
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
