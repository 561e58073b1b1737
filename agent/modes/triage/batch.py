"""Open issues of a repository -> their reports, oldest first, a few at a time.

What was triaged and has not changed since is left out, so that the next run goes on where this one
stopped, whatever stopped it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bathy.agent.config import Settings
from bathy.agent.errors import BathyError, ConfigError, TryAgainError
from bathy.agent.modes.triage.apart import think_apart
from bathy.agent.modes.triage.digest import input_digest
from bathy.agent.modes.triage.dossier import Issue, Target
from bathy.agent.modes.triage.event import Order
from bathy.agent.modes.triage.github.calls import list_open
from bathy.agent.modes.triage.memory import remembered
from bathy.agent.modes.triage.report import Report
from bathy.agent.modes.triage.run import (
    NOTHING_SAID,
    TRY_AGAIN_CODE,
    exit_code_of_writes,
    fetch,
    too_many,
    why_not_now,
    write,
)
from bathy.agent.modes.triage.saying import LogProgress
from bathy.agent.modes.triage.show import save, show
from bathy.agent.modes.triage.surroundings import (
    api_url,
    check_clone,
    clone_name,
    connection,
    operator_name,
)
from bathy.agent.modes.triage.target import host_of
from bathy.agent.modes.triage.wanted import MOST_AT_ONCE, Wanted

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
    issues = _due(_open_issues(target, progress), target, wanted)
    if not issues:
        progress.say("no open issue is left to triage; --again takes those that were")
    return _work(settings, wanted, target, issues, progress)


def _work(
    settings: Settings,
    wanted: Wanted,
    target: Target,
    issues: Sequence[Issue],
    progress: LogProgress,
) -> int:
    reports, code, failures = list[Report](), 0, 0
    for at, issue in enumerate(issues):
        if len(reports) >= wanted.limit:
            break
        if failures >= MOST_FAILURES:
            progress.say(f"{failures} issues failed in a row; {len(issues) - at} are left")
            break
        left = _left(settings, reports)
        if left.max_cost_usd is not None and left.max_cost_usd <= 0:
            progress.say(f"--max-cost is reached; {len(issues) - at} issues are left for next time")
            return _end(settings, reports, code or LIMIT_CODE)
        progress.say(f"issue {issue.number} ({len(reports) + 1} of {wanted.limit} at most)")
        try:
            done = _triage(left, wanted, target, issue, progress)
        except TryAgainError as error:
            progress.say(f"{error}; {len(issues) - at} issues are left for next time")
            return _end(settings, reports, TRY_AGAIN_CODE)
        except BathyError as error:
            progress.say(f"issue {issue.number}: {error}")
            code, failures = code or error.exit_code, failures + 1
            continue
        except SystemExit as end:  # the process that thinks has said why
            code, failures = code or int(end.code or 1), failures + 1
            continue
        failures = 0
        if done.report is not None:
            show(settings, done.report, is_first=not reports)
            reports.append(done.report)
        if done.exit_code == TRY_AGAIN_CODE:
            progress.say(f"{len(issues) - at} issues are left for next time")
            return _end(settings, reports, TRY_AGAIN_CODE)
        code = code or done.exit_code
        if done.is_done:
            with remembered(target.host, target.full_name) as (memory, _):
                memory.finish(issue.number, issue.updated_at, done.digest)
    return _end(settings, reports, code)


def _end(settings: Settings, reports: Sequence[Report], code: int) -> int:
    save(settings, reports)
    return code


@dataclass(frozen=True, slots=True)
class _Done:
    """What became of one issue; `is_done` if it need not be looked at again as it is."""

    report: Report | None = None
    exit_code: int = 0
    is_done: bool = False
    digest: str = ""


def _triage(
    settings: Settings, wanted: Wanted, target: Target, issue: Issue, progress: LogProgress
) -> _Done:
    order = Order(replace(target, number=issue.number), "batch")
    # What the list tells already costs no more requests.
    if reason := "a bot wrote the issue" if issue.is_bot else too_many(target, issue.author):
        progress.say(f"skipped: {reason}")
        return _Done(is_done=issue.is_bot)
    dossier = fetch(order, progress)
    digest = input_digest(dossier)
    with remembered(target.host, target.full_name) as (memory, _):
        is_said = memory.is_said(issue.number, digest) and not wanted.is_again
    if reason := NOTHING_SAID if is_said else why_not_now(dossier, order, wanted):
        progress.say(f"skipped: {reason}")
        return _Done(is_done=True, digest=digest)
    thought = think_apart(settings, dossier)
    report = thought.report
    if wanted.wishes:
        try:
            report = write(dossier.target, report, wanted, progress)
        except BathyError as error:
            progress.say(f"issue {issue.number}: {error}")
            return _Done(report, error.exit_code)
    code = thought.exit_code or exit_code_of_writes(report)
    return _Done(report, code, is_done=not code, digest=digest)


def _open_issues(target: Target, progress: LogProgress) -> tuple[Issue, ...]:
    async def work() -> tuple[Issue, ...]:
        async with connection(progress) as github:
            return (await list_open(github, target, limit=MOST_LISTED)).issues

    return asyncio.run(work())


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
