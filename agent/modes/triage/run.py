"""`bathy triage`: a target -> a report on stdout, and what was allowed is written.

Three steps: fetch holds a token and asks no model, think asks a model and holds no token, write
holds a token and asks no model. Each can be a process or a job of its own, with a file between.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path

from bathy.agent.config import Settings
from bathy.agent.errors import ConfigError, TryAgainError
from bathy.agent.index.repo import locate
from bathy.agent.modes.triage.account import Account, one_report
from bathy.agent.modes.triage.apart import Thought, preview_apart, think_apart
from bathy.agent.modes.triage.commit import find_commits
from bathy.agent.modes.triage.digest import input_digest
from bathy.agent.modes.triage.dossier import Dossier, Target, dump_dossier
from bathy.agent.modes.triage.ended import is_ended
from bathy.agent.modes.triage.event import Order
from bathy.agent.modes.triage.finding.resembling import resembling
from bathy.agent.modes.triage.github.calls import read_issue
from bathy.agent.modes.triage.github.client import GitHub
from bathy.agent.modes.triage.github.fetch import fetch_dossier
from bathy.agent.modes.triage.github.write import is_passing, is_unknown, write_report
from bathy.agent.modes.triage.given import MOST_BYTES, read_given
from bathy.agent.modes.triage.handed import keep, order_of, read_dossier, read_report_file
from bathy.agent.modes.triage.marker import digest_of, is_ours
from bathy.agent.modes.triage.memory import remembered
from bathy.agent.modes.triage.plan import BOT, unwritten
from bathy.agent.modes.triage.report import Report
from bathy.agent.modes.triage.saying import LogProgress, log_progress
from bathy.agent.modes.triage.surroundings import (
    api_url,
    asked,
    check_clone,
    clone_name,
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
    _check(settings, wanted)
    if wanted.is_open:
        from bathy.agent.modes.triage.batch import run_batch

        return run_batch(settings, wanted, progress)
    if wanted.step == "think":
        dossier = read_dossier(Path(wanted.target))
        check_clone(settings, wanted, dossier.target, progress)
        order = Order(dossier.target, dossier.trigger)
        account = Account(settings, wanted, order, progress, known=dossier)
        with one_report(account):
            check_rev(settings)
            return _thought(account, dossier)
    if wanted.step == "write":
        report = read_report_file(Path(wanted.target), wanted, settings)
        target = Target(report.repo.host, api_url(), report.repo.full_name, report.issue.number)
        account = Account(settings, wanted, Order(target, report.run.trigger), progress)
        with one_report(account):
            return written(account, target, Thought(report, 0))
    if wanted.target == "-":
        name = operator_name(wanted) or clone_name(settings)
        dossier = read_given(sys.stdin.buffer.read(MOST_BYTES + 1), api_url=api_url(), name=name)
        order = Order(dossier.target, dossier.trigger)
        account = Account(settings, wanted, order, progress, known=dossier)
        with one_report(account):
            check_rev(settings)
            return _fetched(account, dossier)
    account = Account(settings, wanted, order_of(wanted, settings), progress)
    with one_report(account):
        return _ordered(account)


def _check(settings: Settings, wanted: Wanted) -> None:
    """Find out what is wrong with a command line before anything is read.

    Raises:
        ConfigError: Something is.
    """
    if settings.needs_more_than_triage or settings.strict_citations:
        raise ConfigError(
            "triage only looks: no --apply, --patch-out, --image, --output-schema,"
            " --strict-citations"
        )
    if settings.dry_run and (wanted.is_open or wanted.step in ("fetch", "write")):
        raise ConfigError("--dry-run shows the request about one issue; give a TARGET alone")
    if wanted.wishes and not token():
        raise ConfigError("writing needs a token in GITHUB_TOKEN; leave out --write to only look")
    if wanted.step == "fetch" and settings.output is None:
        raise ConfigError("--step fetch needs -o FILE for what it fetches")


def check_rev(settings: Settings) -> None:
    """Make sure that there is the commit that was asked for, before an issue is read for it.

    Raises:
        ConfigError: It is asked of a plain folder.
        RepoError: There is none.
    """
    if settings.rev is not None:
        find_commits(locate(settings.folder), rev=settings.rev, default_branch="")


def _ordered(account: Account) -> int:
    """Fetch the issue that is meant and go on with it, unless there is a reason not to."""
    order, wanted = account.order, account.wanted
    if reason := order.skip or _refusal(order, wanted):
        account.skip(reason)
        return 0
    account.wanted = wanted = replace(wanted, is_again=wanted.is_again or order.is_again)
    check_clone(account.settings, wanted, order.target, account.progress)
    check_rev(account.settings)
    try:
        code = _fetched_now(account)
    except TryAgainError:
        _forget(order, wanted)
        raise
    if code == TRY_AGAIN_CODE:
        _forget(order, wanted)
    return code


def _fetched_now(account: Account) -> int:
    order = account.order
    account.known = dossier = fetch(order, account.progress)
    reason = why_not_now(dossier, order, account.wanted)
    if not reason and _is_set_off(account):
        reason = too_many(order.target, dossier.issue.author)
    if reason:
        account.skip(reason)
        return 0
    return _fetched(account, dossier)


def _is_set_off(account: Account) -> bool:
    """Whether it is the issue's author, and nobody of the repository, who lets a model think."""
    order = account.order
    return order.trigger == "event" and not order.is_again and not account.settings.dry_run


def _fetched(account: Account, dossier: Dossier) -> int:
    settings = account.settings
    if account.wanted.step != "fetch":
        return _thought(account, dossier)
    assert settings.output is not None
    keep(settings.output, dump_dossier(dossier))
    said = f"issue {dossier.issue.number} and what belongs to it: {settings.output}"
    account.progress.say(said)
    return 0


def _thought(account: Account, dossier: Dossier) -> int:
    if account.settings.dry_run:
        if reason := preview_apart(account.settings, dossier):
            account.skip(reason)
        return 0
    return written(account, dossier.target, thought_of(account, dossier))


def thought_of(account: Account, dossier: Dossier) -> Thought:
    """Think of an issue; whatever ends the work from then on, what was thought is told.

    Raises:
        BathyError: The process that thinks was killed.
        SystemExit: It has said why it failed.
    """

    def keep(report: Report) -> None:
        account.thought = report

    return think_apart(account.settings, dossier, keep)


def written(account: Account, target: Target, thought: Thought) -> int:
    """Write what is wished for, and show the report.

    Returns:
        The exit code.

    Raises:
        BathyError: The tracker cannot be read, or refuses.
    """
    account.thought = report = thought.report
    if account.wanted.wishes:
        report = write(account, target, report)
    account.tell(report)
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

    async def ask(github: GitHub) -> Dossier:
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

    return asked(ask, progress)


def write(account: Account, target: Target, report: Report) -> Report:
    """Write what is wished for; the account has noted each request.

    Returns:
        The report with what became of each write.

    Raises:
        BathyError: The tracker cannot be read, or refuses.
    """
    wanted, progress = account.wanted, account.progress
    wishes = replace(wanted.wishes, again=wanted.is_again)
    keys = [key for key in (token(), os.environ.get("DEEPSEEK_API_KEY", "")) if key]

    async def ask(github: GitHub) -> Report:
        # Whoever hands over a report does not say who wrote the issue.
        if wanted.step == "write" and (await read_issue(github, target)).is_bot:
            progress.say(f"nothing is written: {BOT}")
            return unwritten(report, BOT)
        return await write_report(
            github,
            target,
            report,
            wishes,
            note=account.note,
            in_actions=in_actions(),
            secrets=keys,
        )

    if report.status in ("skipped", "error"):
        if is_ended(report):  # Such a one is handed over, and shows nothing to people.
            progress.say(f"nothing is written: {report.skip_reason or report.status}")
        return report
    return asked(ask, progress)


def why_not_now(dossier: Dossier, order: Order, wanted: Wanted) -> str:
    """Say why nothing is to be thought or written about an issue; "" if something is."""
    is_asked = order.trigger not in ("event", "batch")
    if dossier.issue.is_bot and (wanted.wishes or not is_asked):
        return BOT
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
