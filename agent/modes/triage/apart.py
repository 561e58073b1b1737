"""A dossier -> a report, made in a process that holds no token of the tracker.

What a hostile text could steer never shares a process with what could be stolen or misused: the
child starts from an environment without tokens, and is given a file to read and one to write.
"""

import contextlib
import multiprocessing
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bathy.agent.config import Settings
from bathy.agent.errors import BathyError
from bathy.agent.modes.signals import Terminated, ends_put_off, guarded, ignore_ends
from bathy.agent.modes.triage.dossier import Dossier, dump_dossier, load_dossier
from bathy.agent.modes.triage.report import Report, dump_report, load_report
from bathy.agent.modes.triage.saying import log_progress
from bathy.tools.redact import redact

TOKENS = (
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "GITHUB_ENTERPRISE_TOKEN",
    "GH_ENTERPRISE_TOKEN",
    "INPUT_GITHUB-TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_CACHE_URL",
    "BATHY_WEBHOOK_SECRET",
    "ACTIONS_RESULTS_URL",
    "GITHUB_ENV",
    "GITHUB_OUTPUT",
    "GITHUB_STATE",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_PATH",
)
"""Variables that the thinking process does not get: tokens, and files that steer later steps."""

_NEEDED = "DEEPSEEK_API_KEY"
_OF_SECRETS = re.compile(
    r"tokens?(?:_|$)|secret|passw|credential|private|(?:^|_)(?:pat|auth|keys?)(?:_|$)|_pwd$"
    r"|PGPASS",
    re.IGNORECASE,
)
_PROXY = re.compile(r"\w{2,5}_proxy", re.IGNORECASE)
"""Without it the model may be out of reach; what it holds is for the proxy alone."""

_LEAST_TOKEN_CHARS = 8

_KILLED = (128 + signal.SIGKILL, 128 + signal.SIGSEGV, 128 + signal.SIGBUS)
_QUIET_CODES = {KeyboardInterrupt: 130, Terminated: 143}


@dataclass(frozen=True, slots=True)
class Thought:
    """A report, and what the process should end with if nothing else goes wrong."""

    report: Report
    exit_code: int


def think_apart(settings: Settings, dossier: Dossier, keep: Callable[[Report], object]) -> Thought:
    """Think in a process of its own.

    Args:
        settings: Of this run; `rev` is the commit to judge at, if any.
        dossier: The issue.
        keep: Gets the report, if the process had made one, before whatever ends this one.

    Raises:
        BathyError: The other process was killed.
        SystemExit: The other process has said why it failed; this is its exit code.
    """
    with _answered(settings, dossier) as (code, data):
        report = load_report(data)
        keep(report)
        return Thought(report, code)


def preview_apart(settings: Settings, dossier: Dossier) -> str:
    """Show what would be sent to a model, in a process of its own.

    Returns:
        Why nothing would be sent; "" if something was shown.

    Raises:
        BathyError: As `think_apart`, and so is SystemExit.
    """
    with _answered(settings, dossier) as (_, data):
        return data.decode()


@contextlib.contextmanager
def _answered(settings: Settings, dossier: Dossier) -> Iterator[tuple[int, bytes]]:
    """Have the other process work; until its answer is taken, an end from outside waits.

    Yields:
        Its exit code, and what it has written.
    """
    with TemporaryDirectory(prefix="bathy-triage-") as folder, ends_put_off():
        asked, told = Path(folder) / "dossier.json", Path(folder) / "told"
        asked.write_bytes(dump_dossier(dossier))
        code = _run_apart(settings, asked, told)
        if code in _KILLED and not told.exists():
            raise BathyError(
                f"the process that thinks was ended by signal {code - 128}; run bathy again,"
                " and give it more memory if that was short"
            )
        if not told.exists():
            raise SystemExit(code or 1)
        yield code, told.read_bytes()


def _run_apart(settings: Settings, asked: Path, told: Path) -> int:
    process = multiprocessing.get_context("spawn").Process(
        target=_work, args=(settings, asked, told), name="bathy-think"
    )

    def stop(came: Sequence[int]) -> None:
        if process.pid is not None:
            (process.terminate if len(came) == 1 else process.kill)()

    with ends_put_off(stop) as came:
        with _without_tokens():
            process.start()
        if came:  # before there was a process to stop
            stop(came)
        process.join()
    code = process.exitcode or 0
    return code if code >= 0 else 128 - code


def _work(settings: Settings, asked: Path, told: Path) -> None:
    """The other process: reads one file, writes the other, ends with an exit code."""
    # Loaded here alone: what waits for this process needs none of it.
    from bathy.agent.modes.triage.think import preview, think

    progress = log_progress(settings)

    def run() -> int:
        try:
            dossier = load_dossier(asked.read_bytes())
            if settings.dry_run:
                text, code = preview(settings, dossier, progress), 0
            else:
                thought = think(settings, dossier, progress)
                text, code = dump_report(thought.report), thought.exit_code
        except (KeyboardInterrupt, Terminated) as end:
            # The process that waits says so.
            return _QUIET_CODES[type(end)]
        ignore_ends()
        _write_whole(told, text)
        return code

    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(guarded(run, verbose=settings.verbose))


def _write_whole(path: Path, text: str) -> None:
    """Write a file that is there only when all of it is."""
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def secrets_in(environment: Mapping[str, str]) -> set[str]:
    """Return the names of variables that the thinking process does not get.

    Those are `TOKENS`, whatever holds the value of one of them or looks like a secret, and what is
    named like one; but for the model's key, without which there is nothing to think with.
    """
    tokens = [
        value for name in TOKENS if len(value := environment.get(name, "")) >= _LEAST_TOKEN_CHARS
    ]
    return {
        name
        for name, value in environment.items()
        if name in TOKENS
        or any(token in value for token in tokens)
        or (name != _NEEDED and (_OF_SECRETS.search(name) or _looks_secret(name, value)))
    }


def _looks_secret(name: str, value: str) -> bool:
    return not _PROXY.fullmatch(name) and bool(redact(value).findings)


@contextlib.contextmanager
def _without_tokens() -> Iterator[None]:
    """Take the tokens out of the environment for as long as a process is being started."""
    kept = {name: os.environ.pop(name) for name in secrets_in(os.environ)}
    try:
        yield
    finally:
        os.environ.update(kept)
