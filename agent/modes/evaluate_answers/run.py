"""`bathy eval answers FILE`: the price first, then question after question, up to the cap; a table.

Whatever ends it, the file of results holds what was paid for, and the same command goes on there.
"""

import contextlib
import json
import signal
import sys
from collections.abc import Iterator, Sequence

from bathy.agent.config import Settings
from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.model.catalog import find_model
from bathy.agent.modes.evaluate_answers.asking import (
    Came,
    Interrupted,
    answer_from_index,
    ask,
    run_settings,
)
from bathy.agent.modes.evaluate_answers.estimate import Estimate, estimate, estimate_lines
from bathy.agent.modes.evaluate_answers.items import Item
from bathy.agent.modes.evaluate_answers.judging import (
    NO_JUDGE,
    judge_answer,
    score_letter,
    score_nothing,
    unscored,
)
from bathy.agent.modes.evaluate_answers.plan import Group
from bathy.agent.modes.evaluate_answers.report import By, make_report, report_json
from bathy.agent.modes.evaluate_answers.results import (
    Answer,
    Results,
    ResultsFile,
    Score,
    Spent,
    read_held,
)
from bathy.agent.modes.evaluate_answers.table import report_lines
from bathy.agent.modes.evaluate_answers.work import Wanted, Work, header_of, prepare
from bathy.agent.modes.terminal import printable
from bathy.tools.base import count_of
from bathy.tools.workspace import quote_path

FAILED_CODE, LIMIT_CODE = 1, 3

MOST_FAILURES = 3
"""Questions that fail one after the other; what is wrong is wrong with all of them, then."""


def run_eval_answers(settings: Settings, wanted: Wanted) -> int:
    """Ask, score and report; return the exit code.

    Raises:
        ConfigError: Something that was asked for cannot be, or no --max-cost is given; nothing was
            sent.
        BathyError: A repository or the file of results cannot be read or written.
    """
    work = prepare(settings, wanted)
    header = header_of(work)
    assert settings.output is not None
    if work.service is not None:
        held = read_held(settings.output, header)
        found = _estimate(work, held)
        if settings.dry_run:
            _show_estimate(settings, found, held)
            return 0
        _check_cap(work, found, held)
    with ResultsFile(settings.output, header) as file:
        try:
            code = _work_off(work, file)
        finally:
            work.main.clear()
        _show(work, file.held)
    return code


def _estimate(work: Work, held: Results) -> Estimate:
    service, judge = work.service, work.judge
    assert service is not None
    assert judge is not None
    models = find_model(service.model, service.own_models), judge.model
    todo, to_judge = work.to_ask(held), work.to_judge(held)
    return estimate(todo, to_judge, work.settings, service, models, work.progress)


def _check_cap(work: Work, found: Estimate, held: Results) -> None:
    """Show the price, and insist on a cap.

    Raises:
        ConfigError: There is none, or none is possible.
    """
    progress, cap = work.main, work.settings.max_cost_usd
    lines = list(estimate_lines(found))
    if cap is None and found.has_prices and (found.questions or found.verdicts):
        raise ConfigError(
            f"give --max-cost USD; {'; '.join(lines[-2:])}; --dry-run shows all of it"
        )
    for line in lines:
        progress.say(line)
    if cap is not None and not found.has_prices:
        raise ConfigError("--max-cost needs prices, and none are known of the model or the judge")
    if cap is not None:
        spent = f"${held.spent_usd:.4f} of --max-cost ${cap:g} is spent"
        over = "; the estimate is over what is left" if found.usd > cap - held.spent_usd else ""
        progress.say(f"{spent}{over}")


def _show_estimate(settings: Settings, found: Estimate, held: Results) -> None:
    if settings.output_format == "text":
        sys.stdout.write("\n".join(map(printable, estimate_lines(found))) + "\n")
        return
    value = {
        "type": "eval_answers_estimate",
        "schema_version": 1,
        "sent": False,
        "questions": found.questions,
        "verdicts": found.verdicts,
        "has_prices": found.has_prices,
        "upper_cost_usd": round(found.usd, 8),
        "judge_cost_usd": round(found.judge_usd, 8),
        "spent_usd": round(held.spent_usd, 8),
        "groups": [
            {
                "repo": price.group.place.folder.resolve().name,
                "commit": price.group.place.commit or None,
                "context": price.group.context,
                "questions": len(price.group.items),
                "prompt_tokens": price.lengths.prompt,
                "shared_tokens": price.lengths.shared,
                "cost_usd": round(price.usd, 8),
            }
            for price in found.groups
        ],
    }
    sys.stdout.write(json.dumps(value) + "\n")


def _work_off(work: Work, file: ResultsFile) -> int:
    """Ask and judge what is missing; return the exit code."""
    code, failures, held, progress = 0, 0, file.held, work.main
    todo = [(g, item) for g in work.groups for item in g.items if _is_open(g, item, held)]
    for number, (group, item) in enumerate(todo, 1):
        progress.clear()
        if failures >= MOST_FAILURES:
            progress.say(f"{failures} questions failed in a row; the others are left")
            break
        where = f"{number} of {len(todo)}: {quote_path(item.id)}, {group.context}"
        progress.status(where)
        for came in _steps(work, group, item, held):
            if came.line.cost_usd or not came.stop:
                file.add(came.line)
            _tell(work, where, came)
            if came.stop:
                progress.say(f"{printable(came.stop)}; the same command goes on from here")
                return came.exit_code
            is_failure = isinstance(came.line, Spent)
            failures, code = (failures + 1, FAILED_CODE) if is_failure else (0, code)
    return code


def _is_open(group: Group, item: Item, held: Results) -> bool:
    return (item.id, group.context) not in held.scores


def _steps(work: Work, group: Group, item: Item, held: Results) -> Iterator[Came]:
    """What is missing of a question: its answer, then its score.

    A repository that cannot be read is a failure of its questions; what cannot be at all, such as
    an upload that is forbidden, ends everything.

    Raises:
        BaseException: Whatever ended it from outside; what had been spent is told first.
    """
    key = item.id, group.context
    try:
        if key not in held.answers:
            with _sigterm_kept():
                came = _ask(work, group, item, held)
            yield came
        answer = held.answers.get(key)
        if answer is not None:
            with _sigterm_kept():
                came = _score(work, group, item, answer, held)
            yield came
    except Interrupted as error:
        yield Came(error.line)
        raise error.__cause__ or error from None
    except ConfigError:
        raise
    except BathyError as error:
        yield Came(Spent(*key, "answer", str(error)))


@contextlib.contextmanager
def _sigterm_kept() -> Iterator[None]:
    """Keep what SIGTERM does between runs: each has a handler of its own, and then takes it off."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _ask(work: Work, group: Group, item: Item, held: Results) -> Came:
    own, progress = run_settings(work.settings, group.place, group.context), work.progress()
    if work.service is None:
        return Came(answer_from_index(own, item, group.place, progress))
    left = work.left(held)
    if left is not None and left <= 0:
        return _no_money(work, Spent(item.id, group.context, "answer", "not asked"))
    return ask(own, work.service, item, group.place, left_usd=left, progress=progress)


def _score(work: Work, group: Group, item: Item, answer: Answer, held: Results) -> Came:
    if work.judge is None:
        return Came(unscored(answer, NO_JUDGE))
    if item.method == "choice":
        return Came(score_letter(item, answer))
    if not answer.answer.strip():
        return Came(score_nothing(item, answer))
    left = work.left(held)
    if left is not None and left <= 0:
        return _no_money(work, Spent(item.id, group.context, "score", "not judged"))
    return judge_answer(
        work.judge, item, answer, group.place, left_usd=left, progress=work.progress()
    )


def _no_money(work: Work, line: Spent) -> Came:
    return Came(line, f"--max-cost {work.settings.max_cost_usd:g} is spent", LIMIT_CODE)


def _tell(work: Work, where: str, came: Came) -> None:
    """Say in a line what has come."""
    line, progress = came.line, work.main
    if isinstance(line, Spent):
        progress.say(f"{where}: no {line.what}: {printable(line.error)}")
    elif isinstance(line, Score):
        if line.score is not None:
            progress.say(f"{where}: {100 * line.score:.0f} % of the score")
        elif work.judge is not None:
            progress.say(f"{where}: unscored: {line.why}")
    else:
        prompt = line.usage.get("prompt_tokens", 0)
        share = 100 * line.usage.get("cache_hit_tokens", 0) / prompt if prompt else 0
        cached = f", {share:.0f} % cached, ${line.cost_usd:.4f}" if prompt else ""
        cited = count_of(len(line.citations), "citation")
        progress.say(f"{where}: {cited}{cached}, {line.seconds:.1f} s")


def _show(work: Work, held: Results) -> None:
    model, judge = work.service.model if work.service else None, _judged_by(work)
    by = By(model, judge, is_same=judge is not None and work.judges_itself)
    items: Sequence[Item] = list(work.items.values())
    report = make_report(work.questions.format, items, work.contexts, held, by)
    if work.settings.output_format == "json":
        sys.stdout.write(json.dumps(report_json(report)) + "\n")
    else:
        sys.stdout.write("\n".join(report_lines(report)) + "\n")


def _judged_by(work: Work) -> str | None:
    is_needed = any(item.method != "choice" for item in work.items.values())
    return work.judge.model.id if work.judge is not None and is_needed else None
