"""Events -> a few lines on stderr for a person who waits: what is asked, at what price."""

from collections.abc import Collection

from bathy.agent.loop.events import (
    CitationsChecked,
    Event,
    Finished,
    PatchApplied,
    PatchProposed,
    Retry,
    Shortened,
    ToolFinished,
    ToolStarted,
    TurnStarted,
    UsageReported,
)
from bathy.agent.loop.limits import Spent
from bathy.agent.model.catalog import Model
from bathy.agent.model.messages import ReasoningDelta, TextDelta, Usage
from bathy.agent.modes.progress import Progress
from bathy.agent.modes.terminal import printable
from bathy.agent.modes.unsaid import unsaid_words
from bathy.tools.base import count_of
from bathy.tools.workspace import quote_path

_ARGUMENT_CHARS = 100
_MANY = 10_000


class Narrator:
    """Tells a run as it goes."""

    def __init__(self, progress: Progress, model: Model) -> None:
        self._progress = progress
        self._model = model
        self._chars = 0
        self._is_accounted = False
        self._proposed: dict[str, None] = {}
        self._arguments: dict[str, str] = {}

    def tell(self, event: Event) -> None:
        """Say what is worth saying of one event."""
        say = self._progress.say
        if isinstance(event, TextDelta | ReasoningDelta):
            self._chars += len(event.text)
            what = "thinking" if isinstance(event, ReasoningDelta) else "writing"
            self._progress.status(f"{what}, {self._chars:,} characters so far")
        elif isinstance(event, CitationsChecked):
            self._progress.clear()
        elif isinstance(event, TurnStarted):
            self._price(event)
        elif isinstance(event, UsageReported):
            self._compare(event)
        elif isinstance(event, ToolStarted):
            self._arguments[event.call_id] = _short(event.arguments)
        elif isinstance(event, ToolFinished):
            call = f"  {event.name} {self._arguments.pop(event.call_id, '')}"
            is_failure = event.is_error and not event.summary.startswith("refused")
            say(f"{call}: {'failed: ' * is_failure}{event.summary}")
        elif isinstance(event, PatchApplied):
            paths = ", ".join(map(quote_path, event.paths))
            self._proposed.clear()
            say(f"  wrote {paths}; 'bathy undo {event.entry}' takes that alone back")
        elif isinstance(event, PatchProposed):
            self._proposed.update(dict.fromkeys(event.paths))
        elif isinstance(event, Shortened):
            say(event.reason)
        elif isinstance(event, Retry):
            say(f"{event.reason}; trying again in {event.wait_s:.1f} s (attempt {event.attempt})")
        elif isinstance(event, Finished):
            self._account(event)

    def _price(self, event: TurnStarted) -> None:
        """Say what a request is expected to cost, before it is made."""
        share = 100 * event.hit_tokens / event.prompt_tokens if event.prompt_tokens else 0
        price = f", ${event.expected_cost_usd:.4f} expected" if event.cost_usd else ""
        worst = f", ${event.cost_usd:.4f} if nothing of it is cached" if event.cost_usd else ""
        what = f"{event.prompt_tokens:,} tokens{price} ({share:.0f} % cached){worst}"
        if event.turn == 0:
            why = f" ({event.reason})" if event.reason else ""
            self._progress.say(f"putting the repository into the cache{why}: {what}")
        elif event.turn == 1:
            self._progress.say(f"asking {self._model.id}: about {what}")
        else:
            self._progress.trace(f"turn {event.turn}: about {what}")

    def _compare(self, event: UsageReported) -> None:
        """Say what was not as expected, and to those who want to know, what was."""
        used = event.usage
        if event.is_estimate:
            self._progress.say(unsaid_words(event, f"${event.cost_usd:.4f}" * (event.cost_usd > 0)))
            return
        said = f"{used.cache_hit_tokens:,} of {used.prompt_tokens:,} tokens were cached"
        price = f", ${event.cost_usd:.4f}" if event.cost_usd else ""
        name = f"turn {event.turn}" if event.turn else "into the cache"
        told = f"{name}: {said} (expected {event.expected_hit_tokens:,}){price}"
        if event.cause and event.turn:
            self._progress.say(f"{told}; why not: {event.cause}")
        elif not event.turn and used.cache_hit_tokens > 2 * event.expected_hit_tokens + _MANY:
            self._progress.say(f"it was cached already, by another process or clone{price}")
        else:
            self._progress.trace(told)

    def conclude(self, spent: Spent, paths: Collection[str]) -> None:
        """Say at the end of a run, whatever ended it, what it used and which files it wrote."""
        if not self._is_accounted:
            self._tell_spent(spent.turns, spent.usage, spent.cost_usd)
        if paths:
            files, listed = count_of(len(paths), "file"), ", ".join(map(quote_path, paths))
            self._progress.say(f"written: {files}: {listed}; 'bathy undo' takes all of it back")

    def _account(self, end: Finished) -> None:
        if end.partial:
            self._progress.say(
                f"what had come before the failure, no answer:\n{printable(end.partial)}"
            )
        if self._proposed:
            paths = ", ".join(map(quote_path, self._proposed))
            self._progress.say(
                f"edits are proposed to {paths}; nothing was written (--patch-out FILE keeps them,"
                " --apply lets them be written)"
            )
        self._tell_spent(end.turns, end.usage, end.cost_usd)

    def _tell_spent(self, turns: int, used: Usage, cost_usd: float) -> None:
        self._is_accounted = True
        if not used.prompt_tokens:
            return
        share = 100 * used.cache_hit_tokens / used.prompt_tokens
        cost = f", ${cost_usd:.4f}" if self._model.prices else ""
        read = f"{used.prompt_tokens:,} tokens read ({share:.0f} % cached)"
        written = f"{used.completion_tokens:,} written"
        self._progress.say(f"{count_of(turns, 'turn')}, {read}, {written}{cost}")


def _short(arguments: str) -> str:
    text = "".join(c if c.isprintable() else " " for c in arguments)
    return text if len(text) <= _ARGUMENT_CHARS else text[: _ARGUMENT_CHARS - 1] + "…"
