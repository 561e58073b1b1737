"""One task -> its result, in whatever thread, process or machine it is given to.

`work` is all that an executor runs. The key of the service comes from the environment of the
process that works, or its `--env-file`; it never travels with a task.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from bathy.agent.config import Settings, read_service
from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.index.files import FileClass, class_by_path
from bathy.agent.loop.events import Event, Finished, Retry
from bathy.agent.model.messages import Usage
from bathy.agent.modes.batch.halt import Halt
from bathy.agent.modes.batch.tasks import BatchTask
from bathy.agent.modes.compose import Bench, open_bench
from bathy.agent.modes.output import Output
from bathy.agent.modes.progress import Progress

if TYPE_CHECKING:
    from bathy.tools.edits import Edits

Mode = Literal["online", "offline"]

TOO_MANY = 429
"""HTTP status of a request that came too soon."""


@dataclass(frozen=True, slots=True)
class Order:
    """One task, and how it is to be done.

    Attributes:
        task: The task.
        settings: Of the whole batch.
        mode: Whether a model is asked.
        cap_usd: US dollars that it may cost; None for no limit.
    """

    task: BatchTask
    settings: Settings
    mode: Mode
    cap_usd: float | None = None


def work(order: Order, halt: Halt | None = None) -> dict[str, Any]:
    """Do one task.

    Args:
        order: The task.
        halt: Of the threads that it is done in one of; None in a process of its own.

    Returns:
        Its result: the object that `--task --output-format json` prints, and `id`, `exit_code`,
        `task_digest`, and `throttled`, how often the service said that it is asked too much.

    Raises:
        asyncio.CancelledError: It was stopped.
    """
    task, halt = order.task, halt or Halt()
    output = Output(Settings(), order.mode)
    try:
        settings = _settings(order)
        with halt.working(), _open(order, settings, halt) as bench:
            halt.check()
            output.repo = bench.repo_json
            if order.mode == "offline":
                return _offline(order, bench, output)
            return _online(order, bench, output, halt)
    except BathyError as error:
        # What a killed command of git says is nobody's failure.
        halt.check()
        end = output.broken("error_during_execution", str(error), error.exit_code)
        return _result(task, output, end)


def failure(order: Order, error: str, exit_code: int) -> dict[str, Any]:
    """Return the result of a task that nobody could do."""
    return _result(order.task, Output(Settings(), order.mode), _failed(error, exit_code))


def _settings(order: Order) -> Settings:
    settings = order.task.settings(order.settings)
    own = settings.max_cost_usd if "max_cost" in order.task.options else None
    caps = [cap for cap in (order.cap_usd, own) if cap is not None]
    # Processes of a process that others share with it would not be worth starting.
    return replace(settings, max_cost_usd=min(caps, default=None), workers=1)


@contextlib.contextmanager
def _open(order: Order, settings: Settings, halt: Halt) -> Iterator[Bench]:
    progress, task = Progress(quiet=True, verbose=False), order.task
    folder = Path(task.repo)
    if task.clone_from:
        from bathy.agent.modes.batch.clones import cloned

        folder = cloned(task.clone_from, settings.rev or "HEAD", halt.check)
    if not (settings.apply or settings.apply_all):
        with open_bench(replace(settings, folder=folder), progress) as bench:
            yield bench
        return
    from bathy.agent.modes.batch.private import private_copy

    with private_copy(folder, settings.rev or "") as copy:
        own = replace(settings, folder=copy.root, rev=None)
        with open_bench(own, progress, copy.private) as bench:
            yield bench


def _offline(order: Order, bench: Bench, output: Output) -> dict[str, Any]:
    answer = bench.answer(order.task.about or order.task.text)
    output.cite(answer.citations)
    return _result(order.task, output, Finished("success", answer.text, 0, Usage(), 0.0, "", 0))


def _online(order: Order, bench: Bench, output: Output, halt: Halt) -> dict[str, Any]:
    from bathy.agent.modes.ask import open_run
    from bathy.agent.modes.first_prompt import Task
    from bathy.agent.modes.headless import allow_run
    from bathy.agent.modes.working import drain

    service = read_service(bench.settings)
    if not service.api_key:
        raise ConfigError(
            "no DEEPSEEK_API_KEY is set where this task was to be done; set it in the environment"
            " of every worker"
        )
    throttled, end = 0, _failed("it ended without a word", 1)

    def tell(event: Event) -> None:
        nonlocal throttled, end
        if isinstance(event, Finished):
            end = event
            return
        throttled += isinstance(event, Retry) and event.status == TOO_MANY
        output.write(event)

    opened = open_run(
        bench,
        service,
        Task(order.task.text, order.task.about),
        allow=lambda to, start, tokens: allow_run(to, start, tokens, bench.progress),
    )
    with opened as asked:
        output.begin(asked)

        async def main() -> None:
            with halt.asking():
                await drain(asked.run, asked.client, tell)

        try:
            asyncio.run(main())
        finally:
            output.progress(asked.run.spent, asked.run.text)
        result = _result(order.task, output, end, throttled=throttled)
        if order.task.is_tested:
            return result
        return {**result, **_without_tests(asked.edits, bench)}


def _without_tests(edits: "Edits", bench: Bench) -> dict[str, Any]:
    """The patch without files that only test, and which those are."""
    from bathy.tools.diff import render_text
    from bathy.tools.workspace import quote_path

    states, attributes = edits.states(), bench.snapshot.attributes
    classes = {path: class_by_path(path, attributes.get(path, {}))[0] for path in states}
    tests = [path for path, found in classes.items() if found is FileClass.TEST]
    patch = render_text({path: state for path, state in states.items() if path not in tests})
    return {
        "patch": patch or None,
        "tests_left_out": list(map(quote_path, tests)),
    }


def _failed(error: str, exit_code: int) -> Finished:
    return Finished("error_during_execution", "", 0, Usage(), 0.0, error, exit_code)


def _result(
    task: BatchTask, output: Output, end: Finished, *, throttled: int = 0
) -> dict[str, Any]:
    return {
        "id": task.id,
        **output.result(end),
        "exit_code": end.exit_code,
        "throttled": throttled,
        "task_digest": task.digest,
    }
