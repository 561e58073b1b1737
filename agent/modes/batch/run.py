"""`bathy batch`: a file of tasks -> a file of results, a table and a page, and one exit code."""

import os
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bathy.agent.config import Settings
from bathy.agent.modes.batch import clones, private
from bathy.agent.modes.batch.budget import Budget
from bathy.agent.modes.batch.drive import TRY_AGAIN_CODE, Drive, Stopped
from bathy.agent.modes.batch.executors import open_pool
from bathy.agent.modes.batch.marks import marks_of
from bathy.agent.modes.batch.order import Queue
from bathy.agent.modes.batch.ready import Batch, check_places, make_ready
from bathy.agent.modes.batch.record import Result
from bathy.agent.modes.batch.report import report_of, show_report
from bathy.agent.modes.batch.results import Results, find_left, open_results
from bathy.agent.modes.batch.tasks import BatchTask
from bathy.agent.modes.batch.telling import Telling
from bathy.agent.modes.batch.wanted import Wanted, page_path
from bathy.agent.modes.progress import Progress
from bathy.tools.base import count_of
from bathy.tools.workspace import quote_path

LIMIT_CODE = 3


_WHY: Mapping[Stopped, str] = {
    "money": "--max-cost is reached: the next prompt should cost more than what is left",
    "failures": "too many tasks failed one after the other; the next ones would, too",
    "cluster": "the cluster is lost",
}


def run_batch(settings: Settings, wanted: Wanted) -> int:
    """Work a file of tasks off; return the exit code.

    Raises:
        ConfigError: The command line or a task is wrong; nothing has begun.
        BathyError: A result cannot be written, or there is nothing that could run a task.
        KeyboardInterrupt: Ctrl-C; what has ended is kept.
        Terminated: SIGTERM, likewise.
    """
    progress = Progress(quiet=settings.quiet, verbose=settings.verbose)
    batch = make_ready(settings, wanted, progress)
    _sweep()
    marks = marks_of(batch.tasks, batch.settings, batch.mode)
    with open_results(batch.output, wanted, marks) as results:
        left = find_left(results, batch.tasks, wanted)
        if known := len(batch.tasks) - len(left):
            progress.say(f"{count_of(known, 'task')} of {len(batch.tasks)} have a result already")
        check_places(batch, left)
        telling = Telling(progress, len(batch.tasks), _done(batch, results, left))
        if not left:
            results.put_right()
            _show(batch, results, telling)
            return _exit_code("", [], _done(batch, results, left))
        drive = _prepared(batch, left, results, telling)
        try:
            _work(drive, results)
        finally:
            progress.clear()
            _sweep()
            _show(batch, results, telling)
        left = tuple(task for task in left if task.id not in drive.ended)
        if drive.stopped:
            flag = "--retry-failed" if wanted.is_retried else "--resume-batch"
            said = count_of(len(left), "task")
            progress.say(f"{_WHY[drive.stopped]}; {said} left, and {flag} goes on with them")
        return _exit_code(drive.stopped, drive.streak.codes, _done(batch, results, left))


def _sweep() -> None:
    """Remove what tasks left that were killed."""
    private.sweep()
    clones.sweep()


def _prepared(batch: Batch, left: Sequence[BatchTask], results: Results, telling: Telling) -> Drive:
    """Everything that is needed to do what is left."""
    common, mode = _common(batch.settings), batch.mode
    queue, computes = _lined_up(batch, left, common), mode == "offline"
    pool = open_pool(batch.wanted.scheduler, batch.settings.workers, computes=computes)
    telling.begin(pool.size)
    budget = Budget(batch.settings.max_cost_usd)
    known = results.record.results
    earlier = {name: float(known[name]["total_cost_usd"]) for name in results.again}
    return Drive(common, mode, queue, pool, budget, results.keep, telling.tell, earlier)


def _work(drive: Drive, results: Results) -> None:
    try:
        results.put_right()
        drive.run()
    except BaseException:
        drive.pool.stop()
        raise
    drive.pool.close()


def _done(batch: Batch, results: Results, left: Sequence[BatchTask]) -> list[Result]:
    """The results of the tasks that have ended, in the order of the file."""
    missing, known = {task.id for task in left}, results.record.results
    return [known[task.id] for task in batch.tasks if task.id not in missing]


def _show(batch: Batch, results: Results, telling: Telling) -> None:
    from bathy.agent.modes.batch.webpage import report_page

    known = results.record.results
    report = report_of(batch.tasks, known, telling.elapsed_s)
    show_report(report, is_json=batch.settings.output_format == "json")
    page = page_path(batch.output, batch.wanted)
    ids = {task.id for task in batch.tasks}
    text = report_page(report, [known[name] for name in known if name in ids])
    batch.progress.say(_saved(page, text))


def _saved(path: Path, text: str) -> str:
    """Write the page, which can be made again at any time; say what became of it."""
    other = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        other.write_text(text, encoding="utf-8")
        other.replace(path)
    except OSError as error:
        other.unlink(missing_ok=True)
        return f"the page cannot be written to {quote_path(str(path))}: {error.strerror}"
    return f"the page is {quote_path(str(path))}"


def _common(settings: Settings) -> Settings:
    """The settings as the tasks get them: those of the batch itself are taken out."""

    def whole(path: Path | None) -> Path | None:
        return None if path is None else path.absolute()

    return replace(
        settings,
        output=None,
        output_format="text",
        quiet=True,
        workers=1,
        max_cost_usd=None,
        # One of these would be the last session about a repository, and the next one to go on with.
        keep_session=False,
        output_schema=whole(settings.output_schema),
        env_file=whole(settings.env_file),
    )


def _lined_up(batch: Batch, left: Sequence[BatchTask], common: Settings) -> Queue:
    """The tasks in an order in which they share what is cached."""
    if batch.mode == "offline":
        firsts = {repo: at for at, repo in enumerate(dict.fromkeys(task.repo for task in left))}
        order = sorted(left, key=lambda task: firsts[task.repo])
        return Queue(order, lambda task: task.repo, is_gated=False)
    from bathy.agent.modes.batch.prefix import find_places, in_order, prefix_key

    found = find_places(left)

    def key(task: BatchTask) -> Hashable:
        return prefix_key(found, common, task)

    return Queue(in_order(left, found, common), key, is_gated=True)


def _exit_code(stopped: Stopped, row: Sequence[int], results: Sequence[Result]) -> int:
    """The exit code of a batch; 75 if another try could do all that is left.

    Args:
        stopped: Why it ended early.
        row: Exit codes of the failures that came last.
        results: Of all tasks that have ended.
    """
    if stopped == "money":
        return LIMIT_CODE
    codes = {int(result["exit_code"]) for result in results} - {0}
    if stopped == "cluster":
        codes.add(TRY_AGAIN_CODE)
    if stopped == "failures":
        codes.update(row)
    if not codes:
        return 0
    return TRY_AGAIN_CODE if codes == {TRY_AGAIN_CODE} else 1
