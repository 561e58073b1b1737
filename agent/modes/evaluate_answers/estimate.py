"""What is still to be asked -> what it should cost at most, before anything is sent.

The first question of each repository and context is made ready as it would be sent, and counted
exactly; the others are taken to be as long. What is not known before, how often a model looks and
how much it writes, are assumptions (`HABITS`) that are stated with the figure and stand for nothing
that was measured; the cap holds whatever becomes of them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bathy.agent.config import Service, Settings
from bathy.agent.index.tokens import count_tokens
from bathy.agent.loop.forecast import in_units
from bathy.agent.model.catalog import Model, Prices, cost_of
from bathy.agent.model.messages import Usage
from bathy.agent.modes.ask import open_run
from bathy.agent.modes.compose import open_bench
from bathy.agent.modes.evaluate_answers.asking import OnceProgress, run_settings
from bathy.agent.modes.evaluate_answers.items import Item
from bathy.agent.modes.evaluate_answers.plan import Group
from bathy.agent.modes.evaluate_answers.scoring import asked_text
from bathy.agent.modes.evaluate_answers.verdict import JUDGE_SYSTEM, judge_text
from bathy.agent.modes.first_prompt import Task


@dataclass(frozen=True, slots=True)
class Habit:
    """What a run is taken to do.

    Attributes:
        turns: Requests to an answer.
        written: Tokens that each of them writes, thinking included.
        read: Tokens of results that each but the first one brings.
    """

    turns: int
    written: int
    read: int


HABITS: Mapping[str, Habit] = {
    "pack": Habit(turns=4, written=2_000, read=6_000),
    "map": Habit(turns=8, written=2_000, read=6_000),
    "tools": Habit(turns=12, written=2_000, read=6_000),
}
"""By context; generous guesses, for an estimate that should rather be too high."""

JUDGED_TOKENS, JUDGE_WRITES = 1_500, 3_000
"""Tokens of an answer that a judge reads, and that a judge writes, thinking included."""


@dataclass(frozen=True, slots=True)
class GroupPrice:
    """What the questions of a group should cost at most.

    Attributes:
        group: Its questions are still to be asked.
        lengths: Of its first prompt.
        cold_usd: Price of a question that finds nothing cached.
        warm_usd: Of one that finds what all questions of the group begin with.
    """

    group: Group
    lengths: "Lengths"
    cold_usd: float
    warm_usd: float

    @property
    def cold(self) -> int:
        """How many are taken to find nothing cached."""
        return min(self.lengths.cold, len(self.group.items))

    @property
    def usd(self) -> float:
        """Price of all of them."""
        return self.cold_usd * self.cold + self.warm_usd * (len(self.group.items) - self.cold)


@dataclass(frozen=True, slots=True)
class Lengths:
    """A first prompt as it would be sent.

    Attributes:
        prompt: Tokens of it.
        shared: Of these, the same for all questions of the group.
        cold: How many questions pay for that: one where a request of its own puts it into the
            cache; else two, since the service keeps what two prompts have in common only once it
            has seen both.
    """

    prompt: int
    shared: int
    cold: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What everything should cost at most.

    Attributes:
        groups: In the order in which they are asked.
        verdicts: How many a judge is asked for.
        judge_usd: What these should cost.
        has_prices: Those of model and judge are known; if not, all prices here are 0.
    """

    groups: tuple[GroupPrice, ...]
    verdicts: int
    judge_usd: float
    has_prices: bool

    @property
    def questions(self) -> int:
        """How many are still to be asked."""
        return sum(len(price.group.items) for price in self.groups)

    @property
    def usd(self) -> float:
        """Price of all."""
        return self.judge_usd + sum(price.usd for price in self.groups)


def estimate(
    todo: Sequence[Group],
    to_judge: Sequence[Item],
    settings: Settings,
    service: Service,
    models: tuple[Model, Model],
    progress_of: Callable[[], OnceProgress],
) -> Estimate:
    """Price what is still to be done; nothing is sent or remembered.

    Args:
        todo: Groups of questions without an answer.
        to_judge: Items of the verdicts that are missing, one each.
        settings: Of this run.
        service: The model.
        models: It, and the judge.
        progress_of: Gives where the reading of a repository is told.

    Returns:
        Prices at the dearest hours of the day, since long work goes on into them.

    Raises:
        BathyError: A repository cannot be read.
    """
    model, judge = models
    known, found = dict[tuple[str, str], Lengths](), list[GroupPrice]()
    for group in todo:
        key = str(group.place.folder), group.context
        if key not in known:
            known[key] = _lengths(group, settings, service, progress_of())
        lengths, habit, prices = known[key], HABITS[group.context], _dearest(model)
        cold_usd = question_usd(habit, lengths.prompt, 0, prices)
        warm_usd = question_usd(habit, lengths.prompt, lengths.shared, prices)
        found.append(GroupPrice(group, lengths, cold_usd, warm_usd))
    judge_usd = sum(_verdict_usd(item, _dearest(judge)) for item in to_judge)
    has_prices = model.prices is not None and (not to_judge or judge.prices is not None)
    return Estimate(tuple(found), len(to_judge), judge_usd, has_prices)


def question_usd(habit: Habit, prompt: int, cached: int, prices: Prices | None) -> float:
    """Return what a question should cost at most, in US dollars.

    Args:
        habit: What its run does.
        prompt: Tokens of its first prompt.
        cached: Of these, found in the cache.
        prices: For a million tokens; None if none are known.

    Returns:
        The price of `turns` requests, each of which finds in the cache what the one before it was
        asked; 0 without prices.
    """
    usage = Usage(prompt, cached, prompt - cached, habit.written, 0)
    for turn in range(1, habit.turns):
        before = prompt + (turn - 1) * (habit.written + habit.read)
        hit, new = in_units(before), habit.written + habit.read
        whole = before + new
        usage += Usage(whole, hit, whole - hit, habit.written, 0)
    return cost_of(usage, prices)


def estimate_lines(found: Estimate) -> Iterator[str]:
    """Say what an estimate comes to, and what it takes for granted."""
    for price in found.groups:
        count, place = len(price.group.items), price.group.place
        yield (
            f"{place.folder.resolve().name} {place.commit[:12]} {price.group.context}: {count} x"
            f" {price.lengths.prompt:,} tokens, {price.lengths.shared:,} of them shared;"
            f" {price.cold} at ${price.cold_usd:.4f}, others at ${price.warm_usd:.4f}"
        )
    if found.verdicts:
        yield f"{found.verdicts} verdicts: ${found.judge_usd:.4f}"
    if not found.has_prices:
        yield f"{found.questions} questions; no prices are known of the models"
        return
    assumed = ", ".join(f"{name} {habit.turns}" for name, habit in HABITS.items())
    yield f"upper estimate for {found.questions} questions: ${found.usd:.4f}"
    yield (
        f"taken for granted, not measured: turns a question ({assumed}), 2,000 tokens written and"
        " 6,000 read in each, the dearest hours; --max-cost holds whatever comes of it"
    )


def _lengths(group: Group, settings: Settings, service: Service, progress: OnceProgress) -> Lengths:
    """Make the first question of a group ready, and count it."""
    item = group.items[0]
    own = run_settings(settings, group.place, group.context)
    task = Task(asked_text(item), about=item.question)
    with open_bench(own, progress) as bench, open_run(bench, service, task, is_dry=True) as asked:
        messages = asked.run.preview().request.messages
        agent = asked.run.agent
        shared = in_units(agent.meter.prompt_tokens(messages[:-1]))
        is_warmed = agent.warm_up and agent.meter.has_cheap_hits
        return Lengths(agent.meter.prompt_tokens(messages), shared, 1 if is_warmed else 2)


def _verdict_usd(item: Item, prices: Prices | None) -> float:
    tokens = count_tokens(JUDGE_SYSTEM) + count_tokens(judge_text(item, "")) + JUDGED_TOKENS
    return cost_of(Usage(tokens, 0, tokens, JUDGE_WRITES, 0), prices)


def _dearest(model: Model) -> Prices | None:
    return model.peak_prices or model.prices
