"""`bathy eval history` and `bathy eval ranking`: questions whose files are known -> figures."""

import contextlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from bathy.agent.config import Settings
from bathy.agent.errors import BathyError, ConfigError, RepoError
from bathy.agent.index.repo import locate, read_snapshot
from bathy.agent.index.store import Store
from bathy.agent.modes.compose import Bench, open_bench
from bathy.agent.modes.evaluate.history import (
    MANY_SOURCES,
    MOST_COMMITS,
    MOST_SOURCE_FILES,
    NO_SOURCE,
    Candidate,
    changed_lines,
    read_candidates,
)
from bathy.agent.modes.evaluate.items import Item
from bathy.agent.modes.evaluate.judge import Outcome, judge
from bathy.agent.modes.evaluate.measuring import Measuring
from bathy.agent.modes.evaluate.methods import Field
from bathy.agent.modes.evaluate.questions import Question, read_questions
from bathy.agent.modes.evaluate.result import Result
from bathy.agent.modes.evaluate.show import check_output, show
from bathy.agent.modes.progress import Progress
from bathy.tools.git import GitError
from bathy.tools.workspace import quote_path

COMMITS = 50
"""Questions made of a history, unless told otherwise."""

CACHE = "eval"
"""Folder beside the index of a repository that holds what is known of older commits, so that it
neither slows down every search nor takes the place of what the user's own runs know."""


def run_eval_history(settings: Settings, *, limit: int | None = None) -> int:
    """Measure how well the files that commits changed are found by their messages.

    Args:
        settings: Of this run; `rev` is where to begin.
        limit: Number of questions; None for `COMMITS`.

    Returns:
        The exit code: 130 or 143 if it was stopped, 1 if the history could not be followed, after
        what was measured is shown.

    Raises:
        ConfigError: There is no repository, or the output cannot be written as asked.
        BathyError: It cannot be read, or none of its commits is a question.
    """
    check_output(settings)
    if locate(settings.folder) is None:
        raise ConfigError(f"{settings.folder} is no git repository, so it has no history to ask")
    run = Measuring(_progress(settings), limit or COMMITS, "commits")
    left_out = Counter[str]()
    own = replace(settings, rev=settings.rev or "HEAD")
    with open_bench(own, run.progress) as bench:
        subject = bench.snapshot.name
        code = run.measure(_of_history(bench, left_out, run))
        begun_at = bench.snapshot.commit
    if not run.outcomes:
        why = "; ".join(f"{n} {reason}" for reason, n in left_out.most_common(3))
        raise BathyError(f"no commit of {subject} is fit to be a question ({why or 'no commits'})")
    details: dict[str, int | str | None] = {
        "limit": run.limit,
        "from_commit": begun_at,
        "most_source_files": MOST_SOURCE_FILES,
        "most_commits": MOST_COMMITS,
    }
    show(Result("history", subject, run.outcomes, details, dict(left_out), {}, code != 0), settings)
    return code


def run_eval_ranking(
    settings: Settings, file: Path, repos: Path, *, limit: int | None = None
) -> int:
    """Measure how well the files of given questions are found.

    Args:
        settings: Of this run; `folder` is the repository of questions that name none.
        file: The questions, as `read_questions` takes them.
        repos: Folder of clones.
        limit: Only the first so many.

    Returns:
        The exit code: 1 if some could not be measured, 130 or 143 if it was stopped.

    Raises:
        ConfigError: The file cannot be used, or the output cannot be written as asked.
        BathyError: None of the questions could be measured.
    """
    check_output(settings)
    questions = read_questions(file, repos)[:limit]
    run = Measuring(_progress(settings), len(questions), "questions")
    code = run.measure(_of_questions(questions, settings, run))
    if not run.outcomes:
        raise BathyError(f"none of the questions of {file} could be measured")
    order = {one.item.id: at for at, one in enumerate(questions)}
    outcomes = sorted(run.outcomes, key=lambda one: order[one.id])
    details: dict[str, int | str | None] = {"limit": limit}
    show(Result("ranking", file.name, outcomes, details, {}, run.failed, code != 0), settings)
    return code or (1 if run.failed else 0)


def _progress(settings: Settings) -> Progress:
    return Progress(quiet=settings.quiet, verbose=settings.verbose)


@contextlib.contextmanager
def _apart(bench: Bench) -> Iterator[Bench]:
    """Open a bench of the same files in a cache apart; what it opens closes with it."""
    cache = bench.cache / CACHE
    with Store(cache / "index.sqlite") as store, contextlib.ExitStack() as closing:
        yield replace(bench, store=store, cache=cache, closing=closing)


@contextlib.contextmanager
def _bench_at(bench: Bench, commit: str, *, is_first: bool) -> Iterator[Bench]:
    """Open a bench of another commit of the same repository.

    Of the first one much may never have been seen, which is worth a bar; later ones are quick.

    Raises:
        RepoError: There is no such commit.
    """
    snapshot = bench.select(
        read_snapshot(bench.snapshot.repo, bench.snapshot.root, rev=commit, known={})
    )
    progress = bench.progress if is_first else Progress(quiet=True, verbose=False)
    with _apart(replace(bench, snapshot=snapshot, progress=progress)) as apart:
        yield apart


def _of_history(bench: Bench, left_out: Counter[str], run: Measuring) -> Iterator[Outcome]:
    repo = bench.snapshot.repo
    assert repo is not None
    try:
        for candidate in read_candidates(repo, bench.snapshot.commit, left_out):
            with _bench_at(bench, candidate.parent, is_first=not run.outcomes) as parent:
                field = Field(parent)
                item = _item(candidate, field, left_out)
                outcome = judge(item, field) if item is not None else None
            if outcome is not None:
                yield outcome
    except GitError as error:
        raise RepoError(f"git cannot read the history of {repo.root}: {error}") from error


def _item(candidate: Candidate, field: Field, left_out: Counter[str]) -> Item | None:
    """Make an item, or count why a commit is none."""
    gold = {path: change for path, change in candidate.files.items() if field.is_source(path)}
    if not gold or len(gold) > MOST_SOURCE_FILES:
        left_out[MANY_SOURCES if gold else NO_SOURCE] += 1
        return None
    snapshot = field.bench.snapshot
    lines = changed_lines(snapshot, gold)
    return Item(
        candidate.commit, snapshot.name, candidate.parent, candidate.question, tuple(gold), lines
    )


def _of_questions(
    questions: Sequence[Question], settings: Settings, run: Measuring
) -> Iterator[Outcome]:
    """Measure, one repository after the other and one commit of it after the other."""

    def place(one: Question) -> tuple[str, str]:
        return os.fspath(one.folder or settings.folder), one.item.commit

    for (folder, commit), chosen in groupby(sorted(questions, key=place), key=place):
        items = [one.item for one in chosen]
        try:
            if not Path(folder).is_dir():
                kept = quote_path(items[0].repo.replace("/", "+"))
                raise ConfigError(f"there is no clone of it; give --repos DIR that holds {kept}")
            with _open_at(replace(settings, folder=Path(folder), rev=commit), run) as field:
                for item in items:
                    name = item.repo or field.bench.snapshot.name
                    yield judge(replace(item, repo=name), field)
        except BathyError as error:
            measured = {one.id for one in run.outcomes}
            for item in items:
                if item.id not in measured:
                    run.leave_out(item.id, str(error))


@contextlib.contextmanager
def _open_at(settings: Settings, run: Measuring) -> Iterator[Field]:
    quiet = Progress(quiet=True, verbose=False)
    with (
        open_bench(settings, run.progress if not run.outcomes else quiet) as bench,
        _apart(bench) as apart,
    ):
        yield Field(apart)
