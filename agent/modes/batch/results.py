"""The results of a batch and what is made of each as it comes: one record, or one of predictions.

Predictions are a copy in another form, put right from the results at every start.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bathy.agent.errors import ConfigError
from bathy.agent.modes.batch.record import Record, Result
from bathy.agent.modes.batch.swe_bench import KEY, prediction
from bathy.agent.modes.batch.tasks import BatchTask
from bathy.agent.modes.batch.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Results:
    """What is written down.

    Attributes:
        record: Every result.
        predictions: The same as SWE-bench takes them; None for other tasks.
    """

    record: Record
    predictions: Record | None = None

    def keep(self, result: Result) -> bool:
        """Write a result down; return whether it was the first one of its task.

        Raises:
            BathyError: The disk refuses.
        """
        is_new = self.record.append(result)
        if is_new and self.predictions is not None:
            self.predictions.append(prediction(result))
        return is_new


def results_path(output: Path, wanted: Wanted) -> Path:
    """Return the file of the results: beside the predictions, where these are what is wanted."""
    return output.with_suffix(".results.jsonl") if wanted.kind == "swe-bench" else output


@contextlib.contextmanager
def open_results(output: Path, wanted: Wanted) -> Iterator[Results]:
    """Open the files that a batch writes, for this process alone.

    Raises:
        ConfigError: They are no such files, or another batch is writing them.
    """
    with Record(results_path(output, wanted)) as record:
        if wanted.kind != "swe-bench":
            yield Results(record)
            return
        with Record(output, key=KEY) as predictions:
            yield Results(record, predictions)


def find_left(
    results: Results, tasks: Sequence[BatchTask], wanted: Wanted
) -> tuple[BatchTask, ...]:
    """Return the tasks that are still to be done, and make room for their results.

    Raises:
        ConfigError: There are results, and nobody said to go on from them; or they are of other
            tasks.
    """
    record = results.record
    if record.results and not (wanted.is_resumed or wanted.is_retried):
        raise ConfigError(
            f"{record.path} holds results already; --resume-batch goes on from them,"
            " --retry-failed does those without an answer again, -o names another file"
        )
    for task in tasks:
        known = record.results.get(task.id)
        if known is not None and known.get("task_digest") != task.digest:
            raise ConfigError(
                f"{record.path} holds a result of {task.id} for another task than the file now"
                " says; give the task a new id, or name another file with -o"
            )
    if wanted.is_retried:
        ids = {task.id for task in tasks}
        record.drop({k for k, v in record.results.items() if k in ids and v.get("is_error")})
    if results.predictions is not None:
        results.predictions.drop(results.predictions.results.keys() - record.results.keys())
        for result in record.results.values():
            results.predictions.append(prediction(result))
    return tuple(task for task in tasks if task.id not in record.results)
