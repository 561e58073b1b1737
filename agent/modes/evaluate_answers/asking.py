"""One question in one context -> its answer, by the same code as `--task`, and what it cost."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from bathy.agent.config import Context, Service, Settings
from bathy.agent.loop.citations import CheckedCitation
from bathy.agent.loop.events import CitationsChecked, Event, Finished
from bathy.agent.model.offline import Citation as OfflineCitation
from bathy.agent.modes.ask import open_run
from bathy.agent.modes.compose import open_bench
from bathy.agent.modes.evaluate_answers.items import Item
from bathy.agent.modes.evaluate_answers.places import Place
from bathy.agent.modes.evaluate_answers.plan import INDEX
from bathy.agent.modes.evaluate_answers.results import Answer, Citation, Line, Spent
from bathy.agent.modes.evaluate_answers.scoring import asked_text
from bathy.agent.modes.first_prompt import Task
from bathy.agent.modes.headless import allow_run
from bathy.agent.modes.narrator import Narrator
from bathy.agent.modes.progress import Progress
from bathy.agent.modes.working import work_off
from bathy.tools.workspace import quote_path

TRY_AGAIN_CODE = 75
NO_MONEY = "error_max_cost"
"""How a run ends that may cost no more."""


@dataclass(frozen=True, slots=True)
class Came:
    """What became of a question.

    Attributes:
        line: For the file of results.
        stop: "" to go on; else why no other question can be asked now.
        exit_code: What the process ends with then.
    """

    line: Line
    stop: str = ""
    exit_code: int = 0


class OnceProgress(Progress):
    """Says each sentence once in the life of `told`, however many runs have it to say."""

    def __init__(
        self, settings: Settings, told: set[str], before: Callable[[], None] = lambda: None
    ) -> None:
        """Begin.

        Args:
            settings: Of this run.
            told: Sentences that were said; grows.
            before: Is called before one is said, to take away what stands in its place.
        """
        super().__init__(quiet=settings.quiet, verbose=settings.verbose)
        self._told, self._before = told, before

    def say(self, text: str) -> None:
        """Show a sentence that has not been shown yet."""
        if text not in self._told:
            self._told.add(text)
            self._before()
            super().say(text)


def run_settings(settings: Settings, place: Place, context: str) -> Settings:
    """Return the settings of one question: git objects alone, no session, no edits, nothing else.

    `--max-turns`, `--max-tokens` and `--time-limit` hold for each question.
    """
    return replace(
        settings,
        folder=place.folder,
        rev=place.commit or None,
        context=_context(context),
        keep_session=False,
        output=None,
        output_format="text",
        strict_citations=False,
        dry_run=False,
        max_cost_usd=None,
    )


def ask(
    settings: Settings,
    service: Service,
    item: Item,
    place: Place,
    *,
    left_usd: float | None,
    progress: OnceProgress,
) -> Came:
    """Ask one question.

    Args:
        settings: From `run_settings`.
        service: The model.
        item: The question.
        place: Where it is asked.
        left_usd: What it may cost; None if nobody knows prices.
        progress: Of this question alone, since its time limit counts from then on.

    Raises:
        ConfigError: The repository may not be sent.
        BathyError: It cannot be read.
        Interrupted: Ctrl-C or SIGTERM; the line of what was spent goes with it.
    """
    own = replace(settings, max_cost_usd=left_usd)
    began_s = time.monotonic()
    ends, cited = list[Finished](), list[CheckedCitation]()
    with open_bench(own, progress) as bench:
        task = Task(asked_text(item), about=item.question)
        with open_run(
            bench,
            service,
            task,
            allow=lambda to, start, tokens: allow_run(to, start, tokens, progress),
        ) as asked:
            tell = _teller(Narrator(progress, asked.model) if own.verbose else None, ends, cited)
            try:
                work_off(asked, tell)
            except BaseException as error:
                if not ends:
                    cost = asked.run.spent.cost_usd
                    raise Interrupted(_spent(item, own.context, "interrupted", cost)) from error
                raise
    return _came(item, own.context, place, ends[-1], cited, time.monotonic() - began_s)


class Interrupted(BaseException):
    """A run ended half-way; `line` says what it had cost, and the cause is what ended it."""

    def __init__(self, line: Spent) -> None:
        super().__init__(line.error)
        self.line = line


def answer_from_index(
    settings: Settings, item: Item, place: Place, progress: OnceProgress
) -> Answer:
    """Answer a question without a model.

    Raises:
        BathyError: The repository cannot be read.
    """
    began_s = time.monotonic()
    with open_bench(settings, progress) as bench:
        found = bench.answer(item.question)
    return Answer(
        item.id,
        INDEX,
        place.commit,
        "success",
        found.text,
        tuple(map(_citation, found.citations)),
        seconds=round(time.monotonic() - began_s, 3),
    )


def _came(
    item: Item,
    context: str,
    place: Place,
    end: Finished,
    cited: list[CheckedCitation],
    seconds: float,
) -> Came:
    if end.subtype in (NO_MONEY, "error_during_execution"):
        is_over = end.subtype == NO_MONEY or end.exit_code == TRY_AGAIN_CODE
        line = _spent(item, context, end.error, end.cost_usd)
        return Came(line, end.error if is_over else "", end.exit_code)
    answer = Answer(
        item.id,
        context,
        place.commit,
        end.subtype,
        end.text,
        tuple(map(_citation, cited)),
        asdict(end.usage),
        end.cost_usd,
        end.turns,
        round(seconds, 3),
    )
    return Came(answer)


def _teller(
    narrator: Narrator | None, ends: list[Finished], cited: list[CheckedCitation]
) -> Callable[[Event], None]:
    def tell(event: Event) -> None:
        if narrator is not None:
            narrator.tell(event)
        if isinstance(event, CitationsChecked):
            cited[:] = event.citations
        elif isinstance(event, Finished):
            ends.append(event)

    return tell


def _spent(item: Item, context: str, error: str, cost_usd: float) -> Spent:
    return Spent(item.id, context, "answer", error, cost_usd)


def _citation(found: CheckedCitation | OfflineCitation) -> Citation:
    return Citation(quote_path(found.path), found.start_line, found.end_line, found.status)


def _context(name: str) -> Context:
    if name == "map":
        return "map"
    return "tools" if name == "tools" else "pack"
