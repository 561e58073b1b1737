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
from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.index.repo import locate
from bathy.agent.modes.triage.commit import origin_url
from bathy.agent.modes.triage.digest import input_digest
from bathy.agent.modes.triage.dossier import Dossier, Target, dump_dossier, load_dossier
from bathy.agent.modes.triage.event import Order, check_signature, number_of_event, read_event
from bathy.agent.modes.triage.finding.resembling import resembling
from bathy.agent.modes.triage.github.client import GitHub, Patience
from bathy.agent.modes.triage.github.fetch import fetch_dossier
from bathy.agent.modes.triage.github.write import write_report
from bathy.agent.modes.triage.given import read_given
from bathy.agent.modes.triage.marker import digest_of, is_ours
from bathy.agent.modes.triage.memory import remembered
from bathy.agent.modes.triage.report import Report, load_report
from bathy.agent.modes.triage.saying import LogProgress, log_progress
from bathy.agent.modes.triage.show import save, show
from bathy.agent.modes.triage.target import (
    checked_api,
    checked_name,
    is_number,
    name_of_origin,
    target_of,
)
from bathy.agent.modes.triage.think import Thought, preview_apart, think_apart
from bathy.agent.modes.triage.wanted import Wanted

MOST_FILE_BYTES = 100 << 20
"""Of a dossier or report."""


def run_triage(settings: Settings, wanted: Wanted) -> int:
    """Triage what is wanted; return the exit code.

    Raises:
        ConfigError: The target is none, or belongs to another repository.
        BathyError: The tracker or the repository cannot be read.
    """
    progress = log_progress(settings)
    if settings.dry_run and (wanted.is_open or wanted.step in ("fetch", "write")):
        raise ConfigError("--dry-run shows the request about one issue; give a TARGET alone")
    if wanted.is_open:
        from bathy.agent.modes.triage.batch import run_batch

        return run_batch(settings, wanted, progress)
    if wanted.step == "think":
        dossier = _load_dossier(Path(wanted.target))
        if settings.dry_run:
            return preview_apart(settings, dossier)
        thought = think_apart(settings, dossier)
        show(settings, thought.report)
        save(settings, [thought.report])
        return thought.exit_code
    if wanted.step == "write":
        report = _load_report(Path(wanted.target), wanted, settings)
        target = Target(report.repo.host, api_url(), report.repo.full_name, report.issue.number)
        return _written(settings, wanted, target, Thought(report, 0), progress)
    return _from_target(settings, wanted, progress)


def _from_target(settings: Settings, wanted: Wanted, progress: LogProgress) -> int:
    if wanted.step == "fetch" and settings.output is None:
        raise ConfigError("--step fetch needs -o FILE for what it fetches")
    if wanted.target == "-":
        name = operator_name(wanted) or clone_name(settings)
        dossier = read_given(sys.stdin.buffer.read(), api_url=api_url(), name=name)
    else:
        order = order_of(wanted, settings)
        if reason := order.skip or _refusal(order, wanted):
            progress.say(f"skipped: {reason}")
            return 0
        wanted = replace(wanted, is_again=wanted.is_again or order.is_again)
        check_clone(settings, wanted, order.target, progress)
        dossier = fetch(order, progress)
        if reason := why_not_now(dossier, order, wanted):
            progress.say(f"skipped: {reason}")
            return 0
    if wanted.step == "fetch":
        assert settings.output is not None
        _keep(settings.output, dump_dossier(dossier))
        progress.say(f"issue {dossier.issue.number} and what belongs to it: {settings.output}")
        return 0
    if settings.dry_run:
        return preview_apart(settings, dossier)
    thought = think_apart(settings, dossier)
    return _written(settings, wanted, dossier.target, thought, progress)


def _written(
    settings: Settings, wanted: Wanted, target: Target, thought: Thought, progress: LogProgress
) -> int:
    """Write what is wished for, and show the report; also when writing fails."""
    report, code = thought.report, thought.exit_code
    if wanted.wishes:
        report = write(target, report, wanted, progress)
    show(settings, report)
    save(settings, [report])
    return code or exit_code_of_writes(report)


def exit_code_of_writes(report: Report) -> int:
    """Return 1 if a write failed for good, 75 if it is worth trying again, else 0."""
    failed = [a for a in report.actions if a.state == "failed" and a.op != "suggest_labels"]
    if not failed:
        return 0
    codes = [action.http_status or 0 for action in failed]
    return 75 if all(code in (0, 429) or code >= 500 for code in codes) else 1


def order_of(wanted: Wanted, settings: Settings) -> Order:
    """Read the target.

    Raises:
        ConfigError: It is none.
    """
    text, url = wanted.target, api_url()
    if is_number(text):
        name = operator_name(wanted) or clone_name(settings)
        return Order(target_of(text, api_url=url, name=name), "cli")
    if text.startswith(("https:", "http:")):
        return Order(target_of(text, api_url=url, name=wanted.name), "url")
    path = Path(text)
    if not path.is_file():
        # Says what a target may be.
        target_of(text, api_url=url, name="")
    data = _read(path)
    secret = os.environ.get("BATHY_WEBHOOK_SECRET", "")
    if secret or wanted.signature:
        if not (secret and wanted.signature):
            raise ConfigError("--signature and BATHY_WEBHOOK_SECRET belong together")
        check_signature(data, wanted.signature, secret)
    return read_event(data, api_url=url, name=operator_name(wanted))


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
        BathyError: There is no token, or the tracker cannot be read.
    """
    if not token():
        raise ConfigError(
            "writing needs a token in GITHUB_TOKEN; without --write nothing is written"
        )

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
        return "nothing was said since the last triage; --again does it anyway"
    return ""


def check_clone(settings: Settings, wanted: Wanted, target: Target, progress: LogProgress) -> None:
    """Make sure that what is written about an issue is about its own repository.

    Raises:
        ConfigError: A comment about one repository would be written to another, which may have
            other readers.
    """
    name = clone_name(settings)
    if not name or name.lower() == target.full_name.lower():
        return
    what = f"the clone comes from {name}, the issue belongs to {target.full_name}"
    if wanted.wishes and wanted.name.lower() != target.full_name.lower():
        raise ConfigError(f"{what}; if that is right, say --repo-name {target.full_name}")
    progress.say(what)


def _refusal(order: Order, wanted: Wanted) -> str:
    """Why an event is not worked off, from what is remembered of earlier ones."""
    if not wanted.delivery:
        return ""
    with remembered(order.target.host, order.target.full_name) as (memory, _):
        return "" if memory.is_new(wanted.delivery) else "this delivery was worked off before"


def api_url() -> str:
    """Return the root of the API.

    Raises:
        ConfigError: GITHUB_API_URL is none.
    """
    return checked_api(os.environ.get("GITHUB_API_URL", ""))


def token() -> str:
    """Return the tracker's token; "" if there is none."""
    return os.environ.get("GITHUB_TOKEN", "") or os.environ.get("GH_TOKEN", "")


def in_actions() -> bool:
    """Whether this runs in a workflow."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def operator_name(wanted: Wanted) -> str:
    """Return OWNER/NAME as the user or the workflow says it; "" if neither does.

    Raises:
        ConfigError: It is none.
    """
    if wanted.name:
        return checked_name(wanted.name, "--repo-name")
    name = os.environ.get("GITHUB_REPOSITORY", "")
    return checked_name(name, "GITHUB_REPOSITORY") if name else ""


def clone_name(settings: Settings) -> str:
    """Return OWNER/NAME of where the clone came from; "" if unknown."""
    return name_of_origin(origin_url(locate(settings.folder)))


def connection(progress: LogProgress) -> GitHub:
    """Return a connection to the tracker, which is still to be opened."""
    return GitHub(api_url(), token(), Patience(), say=progress.say)


def _load_dossier(path: Path) -> Dossier:
    try:
        return load_dossier(_read(path))
    except ValueError as error:
        raise ConfigError(f"{path} is no dossier of --step fetch") from error


def _load_report(path: Path, wanted: Wanted, settings: Settings) -> Report:
    try:
        report = load_report(_read(path))
    except ValueError as error:
        raise ConfigError(f"{path} is no report of --step think") from error
    _check_event(report)
    name = operator_name(wanted) or clone_name(settings)
    if name.lower() != report.repo.full_name.lower():
        raise ConfigError(
            f"the report is about {report.repo.full_name}; if that is right, say --repo-name"
        )
    return report


def _check_event(report: Report) -> None:
    """Make sure that a workflow writes to the issue that set it off, if one did.

    Raises:
        ConfigError: The report, which another job has made, is about another issue.
    """
    path = os.environ.get("GITHUB_EVENT_PATH", "")
    if not in_actions() or not path or not Path(path).is_file():
        return
    number = number_of_event(_read(Path(path)))
    if number and number != report.issue.number:
        raise ConfigError(
            f"the report is about issue {report.issue.number}, the workflow about {number}"
        )


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_FILE_BYTES:
            raise ConfigError(f"{path} is over {MOST_FILE_BYTES >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error


def _keep(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise BathyError(f"cannot write {path}: {error.strerror}") from error
