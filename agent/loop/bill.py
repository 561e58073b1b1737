"""A request -> what it will cost, before it is made; the report -> what it did cost, and why."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bathy.agent.loop.cost import Meter, label_tokens
from bathy.agent.loop.forecast import (
    Forecast,
    Keeps,
    Mark,
    Sent,
    falls_short,
    in_units,
    uncached_parts,
    why_cold,
    why_missed,
)
from bathy.agent.loop.ledger import Entry, Kept, Ledger
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
        kept: What the service should have had of it.
    """

    number: int
    forecast: Forecast
    kept: Kept


@dataclass
class Totals:
    """Sums over the requests of a run of which the service says what they used.

    Attributes:
        prompt_tokens: Expected.
        hit_tokens: Expected.
        prompt_usd: Expected price of the prompts.
        reported_usd: Price of the same prompts as the service counted them.
        saved_usd: What the cache saved.
        uncached: Tokens that were not expected in the cache, by what they are.
        missed: Tokens that were not there, as the service reports it, likewise.
        causes: Why a base missed, once a request.
    """

    prompt_tokens: int = 0
    hit_tokens: int = 0
    prompt_usd: float = 0.0
    reported_usd: float = 0.0
    saved_usd: float = 0.0
    uncached: dict[str, int] = field(default_factory=dict)
    missed: dict[str, int] = field(default_factory=dict)
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
        self._assumed = set[str]()
        self.totals = Totals()

    def forecast(self, messages: Sequence[Message]) -> Forecast:
        """Say what a prompt will find in the cache, and its price."""
        return self._forecast(messages)[0]

    def is_cold(self, messages: Sequence[Message]) -> bool:
        """Whether the base of a request is not in the cache, and could be put there."""
        return bool(self.forecast(messages).reason)

    def is_worth_keeping(self, messages: Sequence[Message]) -> bool:
        """Whether to have a prompt's end kept: what is not, costs more than all of it cached."""
        marks, meter, keeps = self._meter.marks(messages), self._meter, self._keeps()
        if keeps == "nothing":
            return False
        base = max((mark.tokens for mark in marks if mark.label == "base"), default=0)
        whole = marks[-1].tokens
        new = whole - max(base, _hit_tokens(self._kept(marks), keeps))
        miss_usd, hit_usd = meter.cost(Usage(0, 0, new, 0, 0)), meter.cost(Usage(0, whole, 0, 0, 0))
        return miss_usd > hit_usd

    def assume(self, messages: Sequence[Message]) -> None:
        """Take a prompt for cached from here on, as it will be once it has been sent."""
        self._assumed.add(self._meter.marks(messages)[-1].digest)

    def open(self, messages: Sequence[Message], kind: str = "question") -> Open:
        """Enter a request that is about to be made.

        Args:
            messages: Of the request.
            kind: See `Entry`.
        """
        forecast, kept = self._forecast(messages)
        books = self._books
        parts = label_tokens(self._meter.marks(messages))
        overlay = books.overlay_tokens if parts.get("overlay") else 0
        number = self._ledger.enter(
            Entry(
                self._sent(), books.account, books.endpoint, books.repo, books.session,
                kind, books.base_tokens, overlay, forecast.prompt_tokens,
                forecast.units_tokens, forecast.any_tokens, forecast.hit_tokens,
                forecast.cost_usd,
            )
        )  # fmt: skip
        return Open(number, forecast, kept)

    def settle(
        self, opened: Open, messages: Sequence[Message], reply: Message | None, usage: Usage
    ) -> str:
        """Account for a request of which the service says what it used.

        Args:
            opened: From `open`.
            messages: Of the request.
            reply: None if it broke off.
            usage: As the service says.

        Returns:
            Why its base missed, or what else that was expected in the cache; "" if nothing did.
        """
        forecast, meter = opened.forecast, self._meter
        # A server that counts otherwise is compared in our tokens.
        share = forecast.prompt_tokens / max(1, usage.prompt_tokens)
        hit = round(usage.cache_hit_tokens * share)
        account = self._books.account
        if falls_short(forecast, hit) and self._ledger.has_hit(account, meter.head.model.id):
            self._ledger.note_missed(account, meter.marks(messages), hit)
        self._note_read(messages, reply)
        cause = why_missed(forecast, hit, opened.kept.age_s(hit))
        usd, uncached_usd = self._settle(opened, usage, cause)
        totals = self.totals
        totals.prompt_tokens += forecast.prompt_tokens
        totals.hit_tokens += forecast.hit_tokens
        totals.prompt_usd += forecast.cost_usd
        totals.reported_usd += meter.cost(replace(usage, completion_tokens=0))
        totals.saved_usd += uncached_usd - usd
        _add(totals.uncached, forecast.uncached)
        _add(totals.missed, uncached_parts(meter.marks(messages), hit))
        totals.causes += [cause] if cause else []
        return cause

    def estimate(self, opened: Open, usage: Usage) -> Usage:
        """Return what a request that was cut off has probably used.

        Args:
            opened: From `open`: what was expected to be cached counts as that.
            usage: Its prompt, and what had come.
        """
        hit = min(opened.forecast.hit_tokens, usage.prompt_tokens)
        return replace(usage, cache_hit_tokens=hit, cache_miss_tokens=usage.prompt_tokens - hit)

    def settle_unsaid(
        self,
        opened: Open,
        messages: Sequence[Message],
        usage: Usage,
        reply: Message | None = None,
        *,
        is_read: bool = True,
    ) -> None:
        """Account for a request of which the service does not say what it used.

        Args:
            opened: From `open`.
            messages: Of the request.
            usage: An estimate.
            reply: None if it broke off.
            is_read: The service has surely read it, and so has it in its cache.
        """
        if is_read:
            self._note_read(messages, reply)
        self._settle(opened, usage, "", is_estimate=True)

    def _settle(
        self, opened: Open, usage: Usage, cause: str, *, is_estimate: bool = False
    ) -> tuple[float, float]:
        """Write it down; return its price, and what it would have been without the cache."""
        whole = replace(usage, cache_hit_tokens=0, cache_miss_tokens=usage.prompt_tokens)
        usd, uncached_usd = self._meter.cost(usage), self._meter.cost(whole)
        self._ledger.settle(
            opened.number,
            usage,
            usd=usd,
            uncached_usd=uncached_usd,
            cause=cause,
            is_estimate=is_estimate,
        )
        return usd, uncached_usd

    def _note_read(self, messages: Sequence[Message], reply: Message | None) -> None:
        """Remember that the service has read a prompt, and written a reply if that came whole."""
        account, now_s = self._books.account, self._clock()
        self._ledger.note_kept(account, self._meter.marks(messages), now_s)
        if reply is not None:
            self._ledger.note_kept(account, self._meter.marks((*messages, reply)), now_s)

    def _keeps(self) -> Keeps:
        return self._ledger.believed(self._books.account, self._meter.head.model.id)

    def _kept(self, marks: Sequence[Mark]) -> Kept:
        kept = self._ledger.kept(self._books.account, marks, self._clock())
        assumed = (mark.tokens for mark in marks if mark.digest in self._assumed)
        least = in_units(max(assumed, default=0))
        return replace(
            kept,
            units_tokens=max(least, kept.units_tokens),
            any_tokens=max(least, kept.any_tokens),
        )

    def _forecast(self, messages: Sequence[Message]) -> tuple[Forecast, Kept]:
        books = self._books
        marks = self._meter.marks(messages)
        prompt = marks[-1].tokens if marks else 0
        kept, keeps = self._kept(marks), self._keeps()
        hit = _hit_tokens(kept, keeps)
        base_end = max((mark.tokens for mark in marks if mark.label == "base"), default=0)
        reason = ""
        if books.base_id and hit < base_end // 2 and keeps != "nothing":
            now, ledger = self._sent(), self._ledger
            before = ledger.last(books.account, books.repo)
            reason = why_cold(now, before, ledger.last_alike(books.account, now))
        price = self._meter.cost(Usage(prompt, hit, prompt - hit, 0, 0))
        parts = uncached_parts(marks, hit)
        units, longest = kept.units_tokens, kept.any_tokens
        return Forecast(prompt, hit, price, parts, reason, units, longest), kept

    def _sent(self) -> Sent:
        head = self._meter.head
        return Sent(
            self._clock(),
            head.model.id,
            head.effort_shown,
            head.instructions,
            PROMPT_VERSION,
            self._books.base_id,
        )


def _add(sums: dict[str, int], more: Mapping[str, int]) -> None:
    for label, tokens in more.items():
        sums[label] = sums.get(label, 0) + tokens


def _hit_tokens(kept: Kept, keeps: Keeps) -> int:
    """What a service should find, if it keeps what it is believed to."""
    return {"units": kept.units_tokens, "any": kept.any_tokens, "nothing": 0}[keeps]
