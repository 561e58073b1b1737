"""The options of `bathy batch` -> what is wanted, checked for what a batch cannot do."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from bathy.agent.config import Settings
from bathy.agent.errors import ConfigError
from bathy.tools.workspace import quote_path

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
        has_question: A question was given beside the file.
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
    has_question: bool = False


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
        values.get("task") is not None,
    )


def results_path(output: Path, wanted: Wanted) -> Path:
    """Return the file of the results: beside the predictions, where these are what is wanted."""
    return output.with_suffix(".results.jsonl") if wanted.kind == "swe-bench" else output


def page_path(output: Path, wanted: Wanted) -> Path:
    """Return the file of the page."""
    return wanted.report or output.with_suffix(".html")


def check_wanted(settings: Settings, wanted: Wanted) -> None:
    """Refuse what means nothing, or something else, to many tasks at once.

    Raises:
        ConfigError: Says what to do instead.
    """
    if settings.output is None or not settings.output.name:
        raise ConfigError("name the file that gets the results with -o RESULTS.jsonl")
    if settings.output_format not in ("text", "json"):
        raise ConfigError("the summary of a batch is text or json; the results are in the file")
    single = {
        "-C": settings.folder != Path(),
        "--task": wanted.has_question,
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
    _check_place(wanted.clone_from)
    _check_files(settings.output, wanted)


def _check_place(place: str) -> None:
    """Refuse what nothing is cloned from, and what would be seen where no secret may be.

    The address stands in the command line of git, in errors, results and logs of workers.
    """
    if not place or place.startswith("/"):
        return
    try:
        parts = urlsplit(place)
    except ValueError as error:
        raise ConfigError("--clone-from is no address") from error
    if parts.scheme != "https" or not parts.hostname:
        raise ConfigError("--clone-from takes an absolute folder, or an https address")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ConfigError(
            f"--clone-from https://{quote_path(parts.hostname)} holds more than a host and a path;"
            " others could read a password in it. Clone what needs one yourself, and name the"
            " folder with --repos"
        )


def _check_files(output: Path, wanted: Wanted) -> None:
    """Make sure that no file is written over another one.

    Raises:
        ConfigError: Two names are of one file, or the page is no page.
    """
    if output.suffix == ".html":
        raise ConfigError("-o names the results, and the page lies beside them; name a .jsonl file")
    page, results = page_path(output, wanted), results_path(output, wanted)
    if page.suffix != ".html":
        raise ConfigError("--report names the page; let it end in .html")
    files = {"the file of tasks": wanted.tasks, "the page": page, "-o": output}
    if results != output:
        files["the file of results"] = results
    for (name, path), (other, place) in combinations(files.items(), 2):
        if _is_same(path, place):
            raise ConfigError(
                f"{name} and {other} are one file, {quote_path(str(path))}; name another one"
            )


def _is_same(path: Path, other: Path) -> bool:
    if os.path.realpath(path) == os.path.realpath(other):
        return True
    try:
        return path.samefile(other)
    except OSError:  # one of them is not there
        return False
