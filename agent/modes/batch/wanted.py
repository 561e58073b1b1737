"""The options of `bathy batch` -> what is wanted, checked for what a batch cannot do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bathy.agent.config import Settings
from bathy.agent.errors import ConfigError

Kind = Literal["tasks", "swe-bench"]

LOCAL = ("", "threads", "processes")
"""Schedulers of this machine; "" is the one of these that suits."""

_ADDRESS = re.compile(r"(?:tcp|tls|ws|wss)://[^\s/]+:[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a batch was asked for, beside the settings.

    Attributes:
        tasks: File of the tasks, or of the instances.
        kind: Which of the two.
        repos: Folder of the repositories; None for the one of the file.
        clone_from: Folder or https address that every worker clones from; "" for none.
        scheduler: "threads", "processes", an address, or "" for what suits.
        is_resumed: Go on with a file of results.
        is_retried: Do what failed again.
        with_tests: Tests may stand in predictions.
        report: Page to write; None for one beside the results.
    """

    tasks: Path
    kind: Kind = "tasks"
    repos: Path | None = None
    clone_from: str = ""
    scheduler: str = ""
    is_resumed: bool = False
    is_retried: bool = False
    with_tests: bool = False
    report: Path | None = None


def wanted_of(values: Mapping[str, Any]) -> Wanted:
    """Read the options of the command line."""
    repos, report = values.get("repos"), values.get("report")
    return Wanted(
        Path(values["tasks"]),
        values.get("format", "tasks"),
        None if repos is None else Path(repos),
        values.get("clone_from", "").rstrip("/"),
        values.get("scheduler", ""),
        values.get("resume_batch", False),
        values.get("retry_failed", False),
        values.get("with_tests", False),
        None if report is None else Path(report),
    )


def check_wanted(settings: Settings, wanted: Wanted) -> None:
    """Refuse what means nothing, or something else, to many tasks at once.

    Raises:
        ConfigError: Says what to do instead.
    """
    if settings.output is None:
        raise ConfigError("name the file that gets the results with -o RESULTS.jsonl")
    if settings.output_format not in ("text", "json"):
        raise ConfigError("the summary of a batch is text or json; the results are in the file")
    if settings.output.suffix == ".html":
        raise ConfigError("-o names the results, and the page lies beside them; name a .jsonl file")
    single = {
        "-C": settings.folder != Path(),
        "--continue and --resume": settings.resume is not None,
        "--image": bool(settings.images),
        "--patch-out": settings.patch_out is not None,
        "--dry-run": settings.dry_run,
    }
    if named := next((flag for flag, is_given in single.items() if is_given), ""):
        raise ConfigError(f"{named} is for one task; a line of the file names what it works on")
    if wanted.with_tests and wanted.kind != "swe-bench":
        raise ConfigError("--with-tests goes with --format swe-bench")
    if wanted.scheduler not in LOCAL and not _ADDRESS.fullmatch(wanted.scheduler):
        raise ConfigError(
            "--scheduler takes threads, processes, or the address of a Dask scheduler, such as"
            " tcp://10.0.0.1:8786"
        )
    if wanted.clone_from and not wanted.clone_from.startswith(("/", "https://")):
        raise ConfigError("--clone-from takes an absolute folder, or an https address")
