"""Open issues of a repository -> their reports, oldest first, a few at a time.

What was triaged and has not changed since is left out, so that the next run goes on where this one
stopped, whatever stopped it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bathy.agent.config import Settings
from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.modes.triage.account import Account, one_report
from bathy.agent.modes.triage.digest import input_digest
from bathy.agent.modes.triage.dossier import MEMBERS, Issue, Target
from bathy.agent.modes.triage.ended import is_ended
from bathy.agent.modes.triage.event import Order
from bathy.agent.modes.triage.github.calls import list_open
from bathy.agent.modes.triage.github.client import GitHub
from bathy.agent.modes.triage.memory import remembered
from bathy.agent.modes.triage.plan import BOT
from bathy.agent.modes.triage.report import Report
from bathy.agent.modes.triage.run import (
    NOTHING_SAID,
    TRY_AGAIN_CODE,
    check_rev,
    fetch,
    thought_of,
    why_not_now,
    written,
)
from bathy.agent.modes.triage.saying import LogProgress
from bathy.agent.modes.triage.show import save
from bathy.agent.modes.triage.surroundings import (
    api_url,
    asked,
    check_clone,
    clone_name,
    operator_name,
)
from bathy.agent.modes.triage.target import host_of
from bathy.agent.modes.triage.wanted import MOST_AT_ONCE, Wanted
from bathy.tools.base import count_of

MOST_LISTED = 1_000
"""Open issues that are looked at for ones that are still to be triaged."""

MOST_FAILURES = 3
"""Issues that fail one after the other; what is wrong is wrong with all of them, then."""

LIMIT_CODE = 3


def run_batch(settings: Settings, wanted: Wanted, progress: LogProgress) -> int:
    """Triage open issues; return the exit code: 0, or that of the first thing that went wrong.

    Raises:
        ConfigError: The repository is not known, or too many are asked for.
        BathyError: The issues cannot be listed.
    """
    if wanted.limit > MOST_AT_ONCE:
        raise ConfigError(f"--limit is {MOST_AT_ONCE} at most; run it again for the next ones")
    name = operator_name(wanted) or clone_name(settings)
    if not name:
        raise ConfigError("open issues of which repository? give --repo-name OWNER/NAME")
    target = Target(host_of(api_url()), api_url(), name, 0)
    check_clone(settings, wanted, target, progress)
    check_rev(settings)
    issues = _due(_open_issues(target, progress), target, wanted)
    if not issues:
        progress.say("no open issue is left to triage; --again takes those that were")
    told = list[Report]()
    try:
        return _work(settings, wanted, target, issues, progress, told)
    finally:
        save(settings, told)


def _work(
    settings: Settings,
    wanted: Wanted,
    target: Target,
    issues: Sequence[Issue],
    progress: LogProgress,
    told: list[Report],
) -> int:
    """Triage the issues one by one; their reports go to `told` as they are made."""
    code = failures = 0
    for left, issue in _in_turn(issues, wanted, progress, told):
        if failures >= MOST_FAILURES:
            progress.say(f"{failures} issues failed in a row; {left} are left")
            break
        own = _left(settings, told)
        if own.max_cost_usd is not None and own.max_cost_usd <= 0:
            progress.say(f"--max-cost is reached; {left} issues are left for next time")
            return code or LIMIT_CODE
        progress.say(f"issue {issue.number} ({_looked_at(told) + 1} of {wanted.limit} at most)")
        order = Order(replace(target, number=issue.number), "batch")
        account = Account(own, wanted, order, progress, known=issue, is_first=not told)
        try:
            became = _became(account, issue)
        finally:
            told += [account.report] if account.report is not None else []
        code = code or became.exit_code
        if became.exit_code == TRY_AGAIN_CODE:
            why = f"{became.why}; " if became.why else ""
            progress.say(f"{why}{left} issues are left for next time")
            return TRY_AGAIN_CODE
        if became.why:
            progress.say(f"issue {issue.number}: {became.why}")
        failures = failures + 1 if became.is_failure else 0
        if became.is_done:
            with remembered(target.host, target.full_name) as (memory, _):
                memory.finish(issue.number, issue.updated_at, became.digest)
    return code


def _in_turn(
    issues: Sequence[Issue], wanted: Wanted, progress: LogProgress, told: Sequence[Report]
) -> Iterator[tuple[int, Issue]]:
    """Yield the issues that this run may take, each with how many are left; `told` grows with it.

    Those of a stranger who has had enough are left for next time, which is said.
    """
    held = 0
    for at, issue in enumerate(issues):
        if _looked_at(told) >= wanted.limit:
            break
        if _has_had_enough(issue, told, wanted.per_author):
            held += 1
        else:
            yield len(issues) - at, issue
    if held:
        progress.say(
            f"left for next time: {count_of(held, 'issue')} of authors with over"
            f" {wanted.per_author}; --per-author takes more"
        )


def _looked_at(told: Sequence[Report]) -> int:
    return sum(not is_ended(report) for report in told)


def _has_had_enough(issue: Issue, told: Sequence[Report], most: int) -> bool:
    """Whether so many issues of an author were worked on already; a member's are never too many."""
    if issue.association in MEMBERS:
        return False
    own = [one for one in told if (one.issue.author or "") == issue.author]
    return sum(one.status != "skipped" for one in own) >= most


@dataclass(frozen=True, slots=True)
class _Became:
    """What became of one issue; `is_done` if it need not be looked at again as it is.

    `why` says what failed, unless that was said already.
    """

    exit_code: int = 0
    is_failure: bool = False
    why: str = ""
    is_done: bool = False
    digest: str = ""


def _became(account: Account, issue: Issue) -> _Became:
    """Triage one issue; what fails with it leaves the others alone."""
    try:
        with one_report(account):
            return _triage(account, issue)
    except BathyError as error:
        return _Became(error.exit_code, is_failure=True, why=str(error))
    except SystemExit as end:  # the process that thinks has said why
        return _Became(int(end.code or 1), is_failure=True)


def _triage(account: Account, issue: Issue) -> _Became:
    if issue.is_bot:  # The list tells already, which costs no more requests.
        account.skip(BOT)
        return _Became(is_done=True)
    order, wanted, progress = account.order, account.wanted, account.progress
    account.known = dossier = fetch(order, progress)
    digest = input_digest(dossier)
    with remembered(order.target.host, order.target.full_name) as (memory, _):
        is_said = memory.is_said(issue.number, digest) and not wanted.is_again
    if reason := NOTHING_SAID if is_said else why_not_now(dossier, order, wanted):
        account.skip(reason)
        return _Became(is_done=True, digest=digest)
    code = written(account, dossier.target, thought_of(account, dossier))
    return _Became(code, is_done=not code, digest=digest)


def _open_issues(target: Target, progress: LogProgress) -> tuple[Issue, ...]:
    async def ask(github: GitHub) -> tuple[Issue, ...]:
        return (await list_open(github, target, limit=MOST_LISTED)).issues

    return asked(ask, progress)


def _due(issues: Sequence[Issue], target: Target, wanted: Wanted) -> list[Issue]:
    with remembered(target.host, target.full_name) as (memory, _):
        return [
            issue
            for issue in issues
            if wanted.is_again or not memory.is_done(issue.number, issue.updated_at)
        ]


def _left(settings: Settings, reports: Sequence[Report]) -> Settings:
    """The settings for the next issue: what is left of the money."""
    if settings.max_cost_usd is None:
        return settings
    spent = sum(float(report.run.usage.get("cost_usd", 0)) for report in reports)
    return replace(settings, max_cost_usd=settings.max_cost_usd - spent)
