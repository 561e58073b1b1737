"""A request -> what it will cost, before it is made; the report -> what it did cost, and why."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from bathy.agent.loop.cost import Meter
from bathy.agent.loop.forecast import Forecast, Sent, uncached_parts, why_cold, why_missed
from bathy.agent.loop.ledger import Entry, Ledger
from bathy.agent.loop.prompt import PROMPT_VERSION
from bathy.agent.model.messages import Message, Usage


@dataclass(frozen=True, slots=True)
class Books:
    """What every entry of a run has in common.

    Attributes:
        account: Who asks whom; see `account_of`.
        endpoint: Address of the service.
        repo: Folder of the repository.
        session: Id; "" without one.
        base_id: Of the base; "" without one.
        base_tokens: Length of the base.
        overlay_tokens: Length of the overlay.
    """

    account: str = ""
    endpoint: str = ""
    repo: str = ""
    session: str = ""
    base_id: str = ""
    base_tokens: int = 0
    overlay_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Open:
    """A request that has been entered and is not settled.

    Attributes:
        number: In the ledger.
        forecast: What was expected.
        age_s: Seconds since its longest known prefix was last sent.
    """

    number: int
    forecast: Forecast
    age_s: float


@dataclass
class Totals:
    """Sums over the settled requests of a run.

    Attributes:
        prompt_tokens: Expected.
        hit_tokens: Expected.
        prompt_usd: Expected price of the prompts.
        reported_usd: Price of the same prompts as the service counted them.
        saved_usd: What the cache saved.
        uncached: Tokens that were not expected in the cache, by what they are.
        causes: Why a base missed, once a request.
    """

    prompt_tokens: int = 0
    hit_tokens: int = 0
    prompt_usd: float = 0.0
    reported_usd: float = 0.0
    saved_usd: float = 0.0
    uncached: dict[str, int] = field(default_factory=dict)
    causes: list[str] = field(default_factory=list)


class Bill:
    """Predicts and accounts for the requests of one run; `totals` sums them up."""

    def __init__(
        self, meter: Meter, ledger: Ledger, books: Books, clock: Callable[[], float] = time.time
    ) -> None:
        """Set up.

        Args:
            meter: Counts tokens and knows the prices.
            ledger: What was sent before, by anybody here.
            books: Of this run.
            clock: Gives seconds since the epoch.
        """
        self._meter, self._ledger, self._books, self._clock = meter, ledger, books, clock
        self.totals = Totals()

    def forecast(self, messages: Sequence[Message]) -> Forecast:
        """Say what a prompt will find in the cache, and its price."""
        return self._forecast(messages)[0]

    def is_cold(self, messages: Sequence[Message]) -> bool:
        """Whether the base of a request is not expected in the cache."""
        return bool(self.forecast(messages).reason)

    def is_worth_keeping(self, messages: Sequence[Message]) -> bool:
        """Whether to have a prompt's end kept: what is not, costs more than all of it cached."""
        marks, meter = self._meter.marks(messages), self._meter
        kept = self._ledger.kept(self._books.account, marks, self._clock())
        base = max((mark.tokens for mark in marks if mark.label == "base"), default=0)
        whole = meter.prompt_tokens(messages)
        new = whole - max(base, kept.units_tokens)
        miss_usd, hit_usd = meter.cost(Usage(0, 0, new, 0, 0)), meter.cost(Usage(0, whole, 0, 0, 0))
        return miss_usd > hit_usd

    def open(self, messages: Sequence[Message], kind: str = "question") -> Open:
        """Enter a request that is about to be made."""
        forecast, age_s = self._forecast(messages)
        books = self._books
        number = self._ledger.enter(
            Entry(
                self._sent(), books.account, books.endpoint, books.repo, books.session,
                kind, books.base_tokens, books.overlay_tokens, forecast.prompt_tokens,
                forecast.units_tokens, forecast.any_tokens, forecast.hit_tokens,
                forecast.cost_usd,
            )
        )  # fmt: skip
        return Open(number, forecast, age_s)

    def settle(
        self, opened: Open, messages: Sequence[Message], reply: Message, usage: Usage
    ) -> str:
        """Account for a request that was answered; return why its base missed, or ""."""
        forecast, meter = opened.forecast, self._meter
        self.note_read(messages)
        marks = meter.marks((*messages, reply))
        self._ledger.note_kept(self._books.account, marks, self._clock())
        cause = why_missed(forecast, usage.cache_hit_tokens, opened.age_s)
        whole = replace(usage, cache_hit_tokens=0, cache_miss_tokens=usage.prompt_tokens)
        usd, uncached_usd = meter.cost(usage), meter.cost(whole)
        self._ledger.settle(opened.number, usage, usd=usd, uncached_usd=uncached_usd, cause=cause)
        totals = self.totals
        totals.prompt_tokens += forecast.prompt_tokens
        totals.hit_tokens += forecast.hit_tokens
        totals.prompt_usd += forecast.cost_usd
        totals.reported_usd += meter.cost(replace(usage, completion_tokens=0))
        totals.saved_usd += uncached_usd - usd
        for label, tokens in forecast.uncached.items():
            totals.uncached[label] = totals.uncached.get(label, 0) + tokens
        totals.causes += [cause] if cause else []
        return cause

    def note_read(self, messages: Sequence[Message]) -> None:
        """Remember that the service has read a prompt, whatever became of the reply."""
        marks = self._meter.marks(messages)
        self._ledger.note_kept(self._books.account, marks, self._clock())

    def _forecast(self, messages: Sequence[Message]) -> tuple[Forecast, float]:
        meter, books = self._meter, self._books
        marks = meter.marks(messages)
        prompt = meter.prompt_tokens(messages)
        kept = self._ledger.kept(books.account, marks, self._clock())
        is_any = self._ledger.believed(books.account) == "any"
        hit = min(prompt, kept.any_tokens if is_any else kept.units_tokens)
        base_end = max((mark.tokens for mark in marks if mark.label == "base"), default=0)
        reason = ""
        if books.base_id and hit < base_end // 2:
            before = self._ledger.last(books.account, books.repo)
            reason = why_cold(self._sent(), before)
        price = meter.cost(Usage(prompt, hit, prompt - hit, 0, 0))
        parts = uncached_parts(marks, hit)
        units, longest = kept.units_tokens, kept.any_tokens
        return Forecast(prompt, hit, price, parts, reason, units, longest), kept.age_s

    def _sent(self) -> Sent:
        head = self._meter.head
        return Sent(
            self._clock(),
            head.model.id,
            head.effort,
            head.instructions,
            PROMPT_VERSION,
            self._books.base_id,
        )
