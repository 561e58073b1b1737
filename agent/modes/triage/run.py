"""`bathy triage`: a target -> a report on stdout, and what was allowed is written.

Three steps: fetch holds a token and asks no model, think asks a model and holds no token, write
holds a token and asks no model. Each can be a process or a job of its own, with a file between.
"""

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

from bathy.agent.config import Settings
from bathy.agent.errors import ConfigError, TryAgainError
from bathy.agent.modes.triage.apart import Thought, preview_apart, think_apart
from bathy.agent.modes.triage.digest import input_digest
from bathy.agent.modes.triage.dossier import Dossier, Target, dump_dossier
from bathy.agent.modes.triage.event import Order
from bathy.agent.modes.triage.finding.resembling import resembling
from bathy.agent.modes.triage.github.fetch import fetch_dossier
from bathy.agent.modes.triage.github.write import is_passing, is_unknown, write_report
from bathy.agent.modes.triage.given import MOST_BYTES, read_given
from bathy.agent.modes.triage.handed import keep, order_of, read_dossier, read_report_file
from bathy.agent.modes.triage.marker import digest_of, is_ours
from bathy.agent.modes.triage.memory import remembered
from bathy.agent.modes.triage.report import Report
from bathy.agent.modes.triage.saying import LogProgress, log_progress
from bathy.agent.modes.triage.show import save, show, tell_outputs
from bathy.agent.modes.triage.surroundings import (
    api_url,
    check_clone,
    clone_name,
    connection,
    in_actions,
    operator_name,
    token,
)
from bathy.agent.modes.triage.wanted import Wanted

TRY_AGAIN_CODE = 75
NOTHING_SAID = "nothing was said since the last triage; --again does it anyway"


def run_triage(settings: Settings, wanted: Wanted) -> int:
    """Triage what is wanted; return the exit code.

    Raises:
        ConfigError: The target is none, or belongs to another repository.
        BathyError: The tracker or the repository cannot be read.
    """
    progress = log_progress(settings)
    if settings.needs_more_than_triage:
        raise ConfigError("triage only looks: no --apply, --patch-out, --image, --output-schema")
    if settings.dry_run and (wanted.is_open or wanted.step in ("fetch", "write")):
        raise ConfigError("--dry-run shows the request about one issue; give a TARGET alone")
    if wanted.wishes and not token():
        raise ConfigError("writing needs a token in GITHUB_TOKEN; leave out --write to only look")
    if wanted.is_open:
        from bathy.agent.modes.triage.batch import run_batch

        return run_batch(settings, wanted, progress)
    if wanted.step == "think":
        dossier = read_dossier(Path(wanted.target))
        check_clone(settings, wanted, dossier.target, progress)
        return _thought(settings, wanted, dossier, progress)
    if wanted.step == "write":
        report = read_report_file(Path(wanted.target), wanted, settings)
        target = Target(report.repo.host, api_url(), report.repo.full_name, report.issue.number)
        return _written(settings, wanted, target, Thought(report, 0), progress)
    if wanted.step == "fetch" and settings.output is None:
        raise ConfigError("--step fetch needs -o FILE for what it fetches")
    if wanted.target == "-":
        name = operator_name(wanted) or clone_name(settings)
        data = sys.stdin.buffer.read(MOST_BYTES + 1)
        return _fetched(settings, wanted, read_given(data, api_url=api_url(), name=name), progress)
    return _ordered(settings, wanted, order_of(wanted, settings), progress)


def _ordered(settings: Settings, wanted: Wanted, order: Order, progress: LogProgress) -> int:
    """Fetch the issue that is meant and go on with it, unless there is a reason not to."""
    if reason := order.skip or _refusal(order, wanted):
        return _skipped(reason, progress)
    wanted = replace(wanted, is_again=wanted.is_again or order.is_again)
    check_clone(settings, wanted, order.target, progress)
    try:
        dossier = fetch(order, progress)
        reason = why_not_now(dossier, order, wanted)
        if order.trigger == "event" and not (reason or order.is_again):
            reason = too_many(order.target, dossier.issue.author)
        code = _skipped(reason, progress) if reason else 0
        code = code if reason else _fetched(settings, wanted, dossier, progress)
    except TryAgainError:
        _forget(order, wanted)
        raise
    if code == TRY_AGAIN_CODE:
        _forget(order, wanted)
    return code


def _skipped(reason: str, progress: LogProgress) -> int:
    """Say why nothing is done, also to the steps of a workflow that come after."""
    progress.say(f"skipped: {reason}")
    tell_outputs({"status": "skipped"})
    return 0


def _fetched(settings: Settings, wanted: Wanted, dossier: Dossier, progress: LogProgress) -> int:
    if wanted.step != "fetch":
        return _thought(settings, wanted, dossier, progress)
    assert settings.output is not None
    keep(settings.output, dump_dossier(dossier))
    progress.say(f"issue {dossier.issue.number} and what belongs to it: {settings.output}")
    return 0


def _thought(settings: Settings, wanted: Wanted, dossier: Dossier, progress: LogProgress) -> int:
    if settings.dry_run:
        return preview_apart(settings, dossier)
    thought = think_apart(settings, dossier)
    return _written(settings, wanted, dossier.target, thought, progress)


def _written(
    settings: Settings, wanted: Wanted, target: Target, thought: Thought, progress: LogProgress
) -> int:
    """Write what is wished for, and show the report: it was paid for, whatever writing comes to."""
    report = thought.report
    try:
        if wanted.wishes:
            report = write(target, report, wanted, progress)
    finally:
        show(settings, report)
        save(settings, [report])
    return thought.exit_code or exit_code_of_writes(report)


def exit_code_of_writes(report: Report) -> int:
    """Return 1 if a write failed for good, 75 if it is worth trying again, else 0."""
    failed = [one for one in report.actions if one.state == "failed" and not is_unknown(one)]
    if not failed:
        return 0
    return TRY_AGAIN_CODE if all(is_passing(one) for one in failed) else 1


def fetch(order: Order, progress: LogProgress) -> Dossier:
    """Fetch all that is needed to know of an issue.

    Raises:
        BathyError: The tracker refuses, or cannot be reached.
    """

    async def work() -> Dossier:
        async with connection(progress) as github:
            return await fetch_dossier(
                github,
                order.target,
                order.trigger,
                marker=is_ours,
                resembling=lambda issue, others: [
                    one.number for one in resembling(issue, others, most=5)
                ],
                in_actions=in_actions(),
            )

    return asyncio.run(work())


def write(target: Target, report: Report, wanted: Wanted, progress: LogProgress) -> Report:
    """Write what is wished for.

    Returns:
        The report with what became of each write.

    Raises:
        BathyError: The tracker cannot be read, or refuses.
    """
    wishes = replace(wanted.wishes, again=wanted.is_again)
    keys = [key for key in (token(), os.environ.get("DEEPSEEK_API_KEY", "")) if key]

    async def work() -> Report:
        async with connection(progress) as github:
            return await write_report(
                github,
                target,
                report,
                wishes,
                say=progress.say,
                in_actions=in_actions(),
                secrets=keys,
            )

    if report.status == "skipped":
        return report
    return asyncio.run(work())


def why_not_now(dossier: Dossier, order: Order, wanted: Wanted) -> str:
    """Say why nothing is to be thought or written about an issue; "" if something is."""
    if order.trigger in ("event", "batch") and dossier.issue.is_bot:
        return "a bot wrote the issue"
    is_for_writing = bool(wanted.wishes) or wanted.step == "fetch"
    if not is_for_writing or wanted.is_again:
        return ""
    if digest_of(dossier.own_comment) == input_digest(dossier):
        return NOTHING_SAID
    return ""


def too_many(target: Target, author: str) -> str:
    """Note a run that nobody but an issue's author has set off; say if these are too many."""
    with remembered(target.host, target.full_name) as (memory, now_s):
        if memory.admit(author, now_s):
            return ""
    return "its author has set off too many runs within the last hour"


def _refusal(order: Order, wanted: Wanted) -> str:
    """Why an event is not worked off, from what is remembered of earlier ones."""
    if not wanted.delivery:
        return ""
    with remembered(order.target.host, order.target.full_name) as (memory, _):
        return "" if memory.is_new(wanted.delivery) else "this delivery was worked off before"


def _forget(order: Order, wanted: Wanted) -> None:
    """Let a delivery come again that could not be worked off."""
    if wanted.delivery:
        with remembered(order.target.host, order.target.full_name) as (memory, _):
            memory.forget(wanted.delivery)
