"""Settings and a file of tasks -> a batch that may begin, or the error that says why it may not."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bathy.agent.config import Service, Settings, read_service
from bathy.agent.errors import ConfigError
from bathy.agent.modes.batch.one import Mode
from bathy.agent.modes.batch.swe_bench import load_instances
from bathy.agent.modes.batch.tasks import BatchTask, load_tasks
from bathy.agent.modes.batch.wanted import LOCAL, Wanted, check_wanted
from bathy.agent.modes.progress import Progress
from bathy.tools.base import count_of
from bathy.tools.workspace import quote_path

_MOST_TOLD = 3


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be done.

    Attributes:
        settings: Of all tasks.
        wanted: Beside them.
        mode: Whether a model is asked.
        tasks: All of the file.
        progress: Tells people.
    """

    settings: Settings
    wanted: Wanted
    mode: Mode
    tasks: tuple[BatchTask, ...]
    progress: Progress

    @property
    def output(self) -> Path:
        """File that -o names."""
        assert self.settings.output is not None
        return self.settings.output

    @property
    def is_local(self) -> bool:
        """Whether all of it runs on this machine."""
        return self.wanted.scheduler in LOCAL


def make_ready(settings: Settings, wanted: Wanted, progress: Progress) -> Batch:
    """Read the tasks, and find out whether a model is asked.

    Raises:
        ConfigError: The command line or a task is wrong.
    """
    check_wanted(settings, wanted)
    tasks = _load(settings, wanted)
    return Batch(settings, wanted, _mode(settings, wanted, tasks, progress), tasks, progress)


def check_places(batch: Batch, left: Sequence[BatchTask]) -> None:
    """Find out what cannot work before anything is begun, and whether all may be sent.

    Raises:
        ConfigError: A repository is not there, or may not be sent.
    """
    folders = dict.fromkeys(Path(task.repo) for task in left)
    if batch.is_local and not batch.wanted.clone_from:
        for folder in folders:
            if not folder.is_dir():
                raise ConfigError(
                    f"there is no repository {quote_path(str(folder))}; --repos DIR says where they"
                    " lie"
                )
    if batch.mode == "online":
        _check_sending(batch, folders, left)


def _check_sending(batch: Batch, folders: Iterable[Path], left: Sequence[BatchTask]) -> None:
    """Find out whether all may be sent, and can be paid for as was asked.

    Raises:
        ConfigError: It may not, or cannot.
    """
    from bathy.agent.modes.consent import allow_upload, terminal_asker
    from bathy.agent.modes.places import repo_root
    from bathy.agent.modes.uploads import Destination
    from bathy.agent.policy import check_endpoint, read_policy

    service, policy = read_service(batch.settings), read_policy()
    _check_models(service, batch.settings, left)
    check_endpoint(policy, service.base_url)
    counts, said = Counter(Path(task.repo) for task in left), list[str]()
    for folder in folders:
        allow_upload(
            policy,
            Destination(service.base_url, str(repo_root(folder) if folder.is_dir() else folder)),
            summary=f"what {count_of(counts[folder], 'task')} {_need(counts[folder])}",
            say=said.append,
            ask=terminal_asker(),
        )
    for sentence in said[:_MOST_TOLD]:
        batch.progress.say(sentence)
    if len(said) > _MOST_TOLD:
        batch.progress.say(f"and so do {len(said) - _MOST_TOLD} more repositories of the batch")


def _need(count: int) -> str:
    return "needs" if count == 1 else "need"


def _check_models(service: Service, common: Settings, left: Sequence[BatchTask]) -> None:
    """Find out about every model that is going to be asked.

    Raises:
        ConfigError: One is retired, or has no prices and is to cost no more than something.
    """
    from bathy.agent.model.catalog import find_model

    for task in left:
        settings = task.settings(common)
        model = find_model(settings.model or service.model, service.own_models)
        if settings.max_cost_usd is not None and model.prices is None:
            raise ConfigError(
                f"{task.id}: --max-cost needs prices, and none are known of {quote_path(model.id)}"
            )


def _load(settings: Settings, wanted: Wanted) -> tuple[BatchTask, ...]:
    if wanted.kind == "swe-bench":
        tasks = load_instances(wanted.tasks, wanted.repos, with_tests=wanted.with_tests)
    else:
        tasks = load_tasks(wanted.tasks, wanted.repos)
    if settings.rev is not None:
        tasks = tuple(replace(task, rev=task.rev or settings.rev) for task in tasks)
    if not wanted.clone_from:
        return tasks
    return tuple(replace(t, clone_from=f"{wanted.clone_from}/{t.name}", repo=t.name) for t in tasks)


def _mode(
    settings: Settings, wanted: Wanted, tasks: Sequence[BatchTask], progress: Progress
) -> Mode:
    """Whether a model is asked; without a key here none is, unless others have one.

    Raises:
        ConfigError: What was asked for, on the command line or in a line, needs a model, and there
            is no key.
    """
    needs_model = any(task.settings(settings).needs_model for task in tasks)
    if settings.offline and needs_model:
        raise ConfigError("--offline asks no model, and what was asked for needs one")
    if settings.offline:
        return "offline"
    if wanted.scheduler not in LOCAL or read_service(settings).api_key:
        return "online"
    if needs_model:
        raise ConfigError(
            "no DEEPSEEK_API_KEY is set, and what was asked for needs a model; set it in the"
            " environment or in a file named with --env-file"
        )
    progress.say(
        "no DEEPSEEK_API_KEY is set; answering from the index alone (--offline does so without"
        " this notice)"
    )
    return "offline"
