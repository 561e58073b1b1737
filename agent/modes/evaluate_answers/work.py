"""A command line of `bathy eval answers` -> all that a start of it works with."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bathy.agent.config import CONTEXTS, Service, Settings, read_service
from bathy.agent.errors import ConfigError
from bathy.agent.loop.prompt import PROMPT_VERSION
from bathy.agent.model.catalog import find_model
from bathy.agent.modes.evaluate_answers.asking import OnceProgress
from bathy.agent.modes.evaluate_answers.formats import read_questions
from bathy.agent.modes.evaluate_answers.items import Item, QuestionSet
from bathy.agent.modes.evaluate_answers.judging import Judge
from bathy.agent.modes.evaluate_answers.places import Place, find_places
from bathy.agent.modes.evaluate_answers.plan import INDEX, Group, plan_groups
from bathy.agent.modes.evaluate_answers.results import Results
from bathy.agent.modes.progress import Progress
from bathy.agent.policy import check_endpoint, read_policy


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for.

    Attributes:
        file: The questions.
        repos: Folder of clones.
        contexts: In which each is asked, in order.
        judge: Id of the model that judges; None for the one that answers.
        limit: Only the first so many questions; None for all.
    """

    file: Path
    repos: Path
    contexts: tuple[str, ...] = CONTEXTS
    judge: str | None = None
    limit: int | None = None


@dataclass
class Work:
    """A start of the command.

    Attributes:
        settings: Of this run.
        wanted: Likewise.
        questions: What is asked.
        items: Those that count, by id, in order.
        places: Where each is asked.
        service: The model; None for the index alone.
        judge: None for nobody.
        main: Where the work as a whole is told.
        told: Sentences that were said of its parts.
    """

    settings: Settings
    wanted: Wanted
    questions: QuestionSet
    items: Mapping[str, Item]
    places: Mapping[str, Place]
    service: Service | None
    judge: Judge | None
    main: Progress
    told: set[str] = field(default_factory=set)

    @property
    def judges_itself(self) -> bool:
        """Whether the judge is the model that answers, by whatever name."""
        if self.service is None or self.judge is None:
            return False
        model = find_model(self.service.model, self.service.own_models)
        judge = self.judge.model
        return model.id == judge.id or (model.is_known and replace(model, id=judge.id) == judge)

    @property
    def contexts(self) -> tuple[str, ...]:
        """In which questions are asked."""
        return self.wanted.contexts if self.service is not None else (INDEX,)

    @property
    def groups(self) -> list[Group]:
        """All of the work, in order."""
        return plan_groups(list(self.items.values()), self.places, self.contexts)

    def progress(self) -> OnceProgress:
        """Where something says what it does; what was said already is not said again."""
        return OnceProgress(self.settings, self.told, self.main.clear)

    def left(self, held: Results) -> float | None:
        """US dollars that may still be spent; None for no cap."""
        cap = self.settings.max_cost_usd
        return None if cap is None else cap - held.spent_usd

    def to_ask(self, held: Results) -> list[Group]:
        """Groups of what has no answer yet."""
        found = []
        for group in self.groups:
            items = tuple(i for i in group.items if (i.id, group.context) not in held.answers)
            found += [replace(group, items=items)] if items else []
        return found

    def to_judge(self, held: Results) -> list[Item]:
        """Items of the verdicts that are missing, answered or not."""
        return [
            self.items[item]
            for group in self.groups
            for item, context in group.keys
            if self.items[item].method != "choice" and (item, context) not in held.scores
        ]


def prepare(settings: Settings, wanted: Wanted) -> Work:
    """Read the questions, find their clones, and find out who is asked.

    Raises:
        ConfigError: Something that was asked for cannot be.
    """
    _check(settings)
    questions = read_questions(wanted.file)
    chosen = questions.items[: wanted.limit]
    places = find_places(chosen, settings, wanted.repos)
    service, judge = None, None
    if not settings.offline:
        service = read_service(settings)
        if not service.api_key:
            raise ConfigError(
                "no DEEPSEEK_API_KEY is set, and answers need a model; --offline scores those of"
                " the index, as far as that can be done without a judge"
            )
        check_endpoint(read_policy(), service.base_url)
        judging = replace(service, model=wanted.judge or service.model)
        judge = Judge(judging, find_model(judging.model, service.own_models))
    items = {item.id: item for item in chosen}
    main = Progress(quiet=settings.quiet, verbose=settings.verbose)
    return Work(settings, wanted, questions, items, places, service, judge, main)


def _check(settings: Settings) -> None:
    if settings.output_format not in ("text", "json"):
        raise ConfigError("eval writes text or json; give --output-format one of them")
    if settings.output is None:
        raise ConfigError(
            "give -o RESULTS.jsonl; answers are kept in it, and a start goes on with it"
        )
    if settings.needs_more_than_triage or settings.diff is not None:
        raise ConfigError(
            "eval answers asks questions as they stand: leave out --apply, --diff, --image,"
            " --output-schema, --patch-out and --resume"
        )
    if settings.dry_run and settings.offline:
        raise ConfigError("--offline sends nothing at all; leave out --offline, or --dry-run")


def header_of(work: Work) -> dict[str, Any]:
    """Return what must be the same for all answers of a file."""
    settings, service, judge = work.settings, work.service, work.judge
    return {
        "questions_sha256": work.questions.digest,
        "format": work.questions.format,
        "model": service.model if service else None,
        "base_url": service.base_url if service else None,
        "effort": service.effort if service else None,
        "judge": judge.model.id if judge else None,
        "prompt_version": PROMPT_VERSION,
        "budget": settings.budget,
        "include": list(settings.include),
        "exclude": list(settings.exclude),
        "rev": settings.rev,
        "max_turns": settings.max_turns,
        "max_tokens": settings.max_tokens,
        "time_limit_s": settings.time_limit_s,
    }
