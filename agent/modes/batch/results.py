"""The results of a batch and what is made of each as it comes: one record, or one of predictions.

Predictions are a copy in another form, put right from the results at every start.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bathy.agent.errors import ConfigError
from bathy.agent.modes.batch.marks import Mark, check_marks
from bathy.agent.modes.batch.record import Record, Result
from bathy.agent.modes.batch.swe_bench import KEY, prediction
from bathy.agent.modes.batch.tasks import BatchTask
from bathy.agent.modes.batch.wanted import Wanted, results_path


@dataclass(frozen=True, slots=True)
class Results:
    """What is written down.

    Attributes:
        record: Every result.
        marks: How each task is asked, by id; its result bears it.
        predictions: The same as SWE-bench takes them; None for other tasks.
        again: Ids of results that stay until those of this run take their places.
    """

    record: Record
    marks: Mapping[str, Mark]
    predictions: Record | None = None
    again: set[str] = field(default_factory=set)

    def keep(self, result: Result) -> bool:
        """Write a result down; return whether it was the first one of its task in this run.

        Raises:
            BathyError: The disk refuses.
        """
        name = str(result["id"])
        result = {**result, "settings": self.marks[name]}
        if name in self.again:
            self.record.replace(result)
            self.again.discard(name)
        elif not self.record.append(result):
            return False
        self._predict(result)
        return True

    def put_right(self) -> None:
        """Make the predictions what the results say.

        Raises:
            BathyError: The disk refuses.
        """
        for result in list(self.record.results.values()):
            self._predict(result)

    def _predict(self, result: Result) -> None:
        # A task that is left has not ended; what it had before stays.
        if self.predictions is None or is_left(result):
            return
        said = prediction(result)
        if not self.predictions.append(said) and self.predictions.results[said[KEY]] != said:
            self.predictions.replace(said)


def is_left(result: Result | None) -> bool:
    """Whether a task is still to be done: it has no result, or one of a batch that ended early."""
    return result is None or bool(result.get("is_left"))


@contextlib.contextmanager
def open_results(output: Path, wanted: Wanted, marks: Mapping[str, Mark]) -> Iterator[Results]:
    """Open the files that a batch writes, for this process alone.

    Raises:
        ConfigError: They are no such files, or another batch is writing them.
    """
    with Record(results_path(output, wanted)) as record:
        if wanted.kind != "swe-bench":
            yield Results(record, marks)
            return
        with Record(output, key=KEY) as predictions:
            yield Results(record, marks, predictions)


def find_left(
    results: Results, tasks: Sequence[BatchTask], wanted: Wanted
) -> tuple[BatchTask, ...]:
    """Return the tasks that are still to be done; nothing is written.

    Raises:
        ConfigError: There are results, and nobody said to go on from them; or they are of other
            tasks, or not of a batch.
    """
    known = results.record.results
    _check_files(results, wanted)
    _check_tasks(results.record.path, known, tasks)
    check_marks(results.record.path, known, {task.id: results.marks[task.id] for task in tasks})

    def is_done(task: BatchTask) -> bool:
        result = known.get(task.id)
        if result is None or is_left(result):
            return False
        return not (wanted.is_retried and result.get("is_error"))

    left = tuple(task for task in tasks if not is_done(task))
    results.again.update(task.id for task in left if task.id in known)
    return left


def _check_files(results: Results, wanted: Wanted) -> None:
    """Refuse to touch what other programs, or other batches, have written."""
    goes_on = wanted.is_resumed or wanted.is_retried
    record, predictions = results.record, results.predictions
    for file in (record, predictions):
        if file is not None and file.results and not goes_on:
            raise ConfigError(
                f"{file.path} holds results already; --resume-batch goes on from them,"
                " --retry-failed does those without an answer again, -o names another file"
            )
    if predictions is not None and predictions.results.keys() - record.results.keys():
        raise ConfigError(
            f"{predictions.path} holds predictions of which {record.path} knows nothing; name"
            " another file with -o"
        )


def _check_tasks(path: Path, known: Mapping[str, Result], tasks: Sequence[BatchTask]) -> None:
    for name, result in known.items():
        if not _is_result(result):
            raise ConfigError(f"{path}: what it says of {name} is no result of a batch")
    for task in tasks:
        if task.id in known and known[task.id]["task_digest"] != task.digest:
            raise ConfigError(
                f"{path} holds a result of {task.id} for another task than the file now"
                " says; give the task a new id, or name another file with -o"
            )


def _is_result(result: Result) -> bool:
    """Whether a line holds what is read of it later."""
    usage = result.get("usage")
    return (
        isinstance(usage, dict)
        and usage.keys() >= _TOKENS
        and result.keys() >= _NEEDED
        and isinstance(result["total_cost_usd"], int | float)
        and isinstance(result["exit_code"], int)
    )


_TOKENS = {"prompt_tokens", "cache_hit_tokens", "completion_tokens"}
_NEEDED = {
    "subtype", "is_error", "error", "model", "patch", "total_cost_usd", "duration_ms", "exit_code",
    "task_digest",
}  # fmt: skip
