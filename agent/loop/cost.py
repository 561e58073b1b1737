"""Messages -> tokens before they are sent, and their price; the service's count corrects them."""

from collections.abc import Callable, Sequence

from bathy.agent.model.catalog import Prices, cost_of
from bathy.agent.model.messages import Message, Usage

MESSAGE_TOKENS = 16
"""Tokens that a message takes beside its text; a call and its result take some 50."""

IMAGE_TOKENS = 1_000
"""Most that one picture takes."""

_FRAME_TOKENS = 400
_CHARS_A_TOKEN = 2.5
_LONG_CHARS = 4_000


class Meter:
    """Counts what a conversation takes.

    Short texts are taken for one token per 2.5 characters, more than code or prose takes, because
    loading the vocabulary takes longer than they are worth; long ones are counted by `count`.
    """

    def __init__(
        self,
        *,
        frame_tokens: int,
        known: Sequence[tuple[str, int]],
        count: Callable[[str], int],
        prices: Callable[[], Prices | None],
    ) -> None:
        """Set up.

        Args:
            frame_tokens: Of the system text and the declared tools.
            known: Texts that have been counted already, with their tokens.
            count: Counts tokens exactly.
            prices: Prices that hold now, or None.
        """
        self._frame = frame_tokens + _FRAME_TOKENS
        self._known = {hash(text): tokens for text, tokens in known}
        self._count = count
        self._prices = prices
        self._measured = (0, 0)

    def prompt_tokens(self, messages: Sequence[Message]) -> int:
        """Return the expected length of a prompt: what was measured, the rest estimated."""
        number, tokens = self._measured
        if number > len(messages) or not number:
            number, tokens = 0, self._frame
        return tokens + sum(self._tokens(message) for message in messages[number:])

    def learn(self, messages: Sequence[Message], usage: Usage) -> None:
        """Take the service's count of a prompt in place of the estimate."""
        self._measured = (len(messages), usage.prompt_tokens)

    def estimate(self, messages: Sequence[Message], reply: Message) -> Usage:
        """Return what a request has probably used, if the server does not say."""
        prompt = self.prompt_tokens(messages)
        return Usage(prompt, 0, prompt, self._tokens(reply), self._text(reply.reasoning))

    def cost(self, usage: Usage) -> float:
        """Return the price of some usage, in US dollars; 0 if no prices are known."""
        return cost_of(usage, self._prices())

    def least_cost(self, prompt_tokens: int, reply_tokens: int = 0) -> float:
        """Return what a request costs at least: what was measured from the cache, the rest not."""
        cached = min(self._measured[1], prompt_tokens)
        return self.cost(Usage(prompt_tokens, cached, prompt_tokens - cached, reply_tokens, 0))

    def reply_tokens(self, usd: float) -> int:
        """Return how long a reply some money pays for, in tokens; very long if none is asked."""
        each = self.cost(Usage(0, 0, 0, 1_000_000, 0)) / 1_000_000
        return int(usd / each) if each else 1 << 40

    def _tokens(self, message: Message) -> int:
        calls = sum(MESSAGE_TOKENS + self._text(c.name + c.arguments) for c in message.tool_calls)
        images = IMAGE_TOKENS * len(message.images)
        text = self._text(message.content) + self._text(message.reasoning)
        return MESSAGE_TOKENS + text + calls + images

    def _text(self, text: str) -> int:
        if not text:
            return 0
        known = self._known.get(hash(text))
        if known is None:
            short = len(text) <= _LONG_CHARS
            known = int(len(text) / _CHARS_A_TOKEN) + 1 if short else self._count(text)
            self._known[hash(text)] = known
        return known
