"""A conversation and a model's window -> one that fits: results are dropped, or less is packed."""

from collections.abc import Callable, Sequence

from bathy.agent.loop.agent import Agent
from bathy.agent.loop.compact import Compacted, compact
from bathy.agent.loop.conversation import Conversation
from bathy.agent.loop.events import Event, Retry, Shortened
from bathy.agent.loop.prompt import PREFIX_MESSAGES
from bathy.agent.model.client import WindowError
from bathy.agent.model.messages import Message, Usage

_FULL_PART, _TARGET_PART = 6, 2

SMALLER_WINDOW = "the model's window is smaller than known"


class Fitting:
    """Keeps the conversation of one run inside the window.

    Attributes:
        is_repacked: Less has been packed, since the window is smaller than was known.
    """

    def __init__(
        self, agent: Agent, conversation: Conversation, restarted: Callable[[], None]
    ) -> None:
        """Set up.

        Args:
            agent: Counts tokens, and packs less.
            conversation: Ends with the question.
            restarted: Hears when what was said above stands there no more.
        """
        self._agent, self._conversation, self._restarted = agent, conversation, restarted
        self._window_tokens = agent.model.window_tokens
        self._asked = len(conversation.messages) - 1
        self.is_repacked = False

    @property
    def window_tokens(self) -> int:
        """Prompt and reply together, as far as is known."""
        return self._window_tokens

    def narrow(self, window_tokens: int) -> None:
        """Take note of what a server says that it holds."""
        self._window_tokens = min(self._window_tokens, window_tokens)

    def shorten(self) -> list[Event]:
        """Drop what can be read again, once the window is nearly full."""
        messages = self._conversation.messages
        found = shortened(self._agent, messages, self._asked, self._window_tokens)
        if found is None:
            return []
        self._restart(found.messages, found.asked, found.reason)
        return [Shortened(found.reason)]

    def make_room(self, error: WindowError, *, turns: int) -> list[Event]:
        """Deal with a prompt that is too long: drop what can be read again, or pack less, once.

        Args:
            error: What the service says, or what was found out before it was asked.
            turns: That have been answered in this run.

        Raises:
            WindowError: Nothing helps.
        """
        self.narrow(error.window_tokens)
        if turns:
            if error.is_exact:
                usage = Usage(prompt_tokens=error.prompt_tokens)
                self._agent.meter.learn(self._conversation.messages, usage)
            if events := self.shorten():
                return events
        if self._agent.repack is None or turns or self.is_repacked:
            raise error
        self.is_repacked = True
        repacked = self._agent.repack(error.window_tokens)
        self._restart(repacked, len(repacked) - 1, SMALLER_WINDOW)
        return [Retry(1, 0.0, f"{error}; packing less")]

    def _restart(self, messages: Sequence[Message], asked: int, reason: str) -> None:
        self._conversation.restart(messages, reason)
        self._asked = asked
        self._restarted()


def shortened(
    agent: Agent, messages: Sequence[Message], asked: int, window_tokens: int
) -> Compacted | None:
    """Return a shorter conversation if this one nears the end of the window; None if it need not.

    What follows the base may fill five sixths of the room that the base leaves, and is brought down
    to a half of it at once, since each such break costs what was cached behind the base.

    Args:
        agent: Counts tokens.
        messages: The conversation.
        asked: Index of the question that is being answered.
        window_tokens: Prompt and reply together.
    """
    meter = agent.meter
    room = window_tokens - meter.prompt_tokens(messages[:PREFIX_MESSAGES])
    prompt = meter.prompt_tokens(messages)
    if room <= 0 or prompt <= window_tokens - room // _FULL_PART:
        return None
    own = sum(map(meter.tokens_of, messages))
    # The function counts messages alone; what the service puts around them is the rest.
    target = window_tokens - room // _TARGET_PART - (prompt - own)
    return compact(
        messages,
        frozen=PREFIX_MESSAGES,
        asked=asked,
        tokens_of=meter.tokens_of,
        target_tokens=target,
    )
