"""Files that one step leaves for the next, and events -> what is in them, checked."""

import os
from pathlib import Path

from bathy.agent.config import Settings
from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.modes.triage.believed import believed, rules_of_clone
from bathy.agent.modes.triage.dossier import Dossier, load_dossier
from bathy.agent.modes.triage.event import Order, check_signature, number_of_event, read_event
from bathy.agent.modes.triage.given import GIVEN
from bathy.agent.modes.triage.report import Report, load_report
from bathy.agent.modes.triage.surroundings import api_url, clone_name, in_actions, operator_name
from bathy.agent.modes.triage.target import host_of, is_number, target_of
from bathy.agent.modes.triage.wanted import Wanted

MOST_FILE_BYTES = 100 << 20
"""Of a dossier or report."""


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


def read_dossier(path: Path) -> Dossier:
    """Read what `--step fetch` wrote.

    Raises:
        ConfigError: It is no dossier.
    """
    try:
        return load_dossier(_read(path))
    except ValueError as error:
        raise ConfigError(f"{path} is no dossier of --step fetch") from error


def read_report_file(path: Path, wanted: Wanted, settings: Settings) -> Report:
    """Read what `--step think` wrote, as far as it is believed.

    Raises:
        ConfigError: It is no report, or one about another issue than this run is for.
        RepoError: There is a clone, and it holds no commit.
    """
    try:
        report = load_report(_read(path))
    except ValueError as error:
        raise ConfigError(f"{path} is no report of --step think") from error
    _check_event(report)
    if wanted.issue and wanted.issue != report.issue.number:
        raise ConfigError(
            f"the report is about issue {report.issue.number}, --issue says {wanted.issue}"
        )
    if any(warning.code == GIVEN for warning in report.warnings):
        raise ConfigError(
            "the report is about an issue from stdin, which is only looked at; run --step fetch"
            " with its number"
        )
    if report.repo.host.lower() != host_of(api_url()):
        raise ConfigError(
            f"the report is about an issue on {report.repo.host}; set GITHUB_API_URL to its API"
        )
    name = operator_name(wanted) or clone_name(settings)
    if name.lower() != report.repo.full_name.lower():
        raise ConfigError(
            f"the report is about {report.repo.full_name}; if that is right, say --repo-name"
        )
    return believed(report, rules_of_clone(settings))


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


def keep(path: Path, data: bytes) -> None:
    """Write a file for the next step.

    Raises:
        BathyError: It cannot be written.
    """
    try:
        path.write_bytes(data)
    except OSError as error:
        raise BathyError(f"cannot write {path}: {error.strerror}") from error
