"""A dossier -> a report, in a process that holds no token of the tracker.

What a hostile text could steer never shares a process with what could be stolen or misused: the
child starts from an environment without tokens, and is given a file to read and one to write.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from bathy.agent.config import Service, Settings, read_service
from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.index.repo import locate
from bathy.agent.modes.compose import open_bench
from bathy.agent.modes.dry_run import show_dry
from bathy.agent.modes.progress import Progress
from bathy.agent.modes.signals import Terminated, guarded
from bathy.agent.modes.triage.commit import Commits, find_commits
from bathy.agent.modes.triage.decide import judge, skipped
from bathy.agent.modes.triage.digest import input_digest
from bathy.agent.modes.triage.dossier import Dossier, dump_dossier, load_dossier
from bathy.agent.modes.triage.ground import Ground, survey
from bathy.agent.modes.triage.opine import Opined, model_settings, opine, task_about
from bathy.agent.modes.triage.plan import Wishes, plan_actions, state_of
from bathy.agent.modes.triage.report import Report, RunInfo, Warning, dump_report, load_report
from bathy.agent.modes.triage.saying import log_progress
from bathy.agent.modes.triage.telling.comment import reply_of
from bathy.agent.modes.triage.untrusted.flags import is_security, is_spam
from bathy.agent.modes.triage.untrusted.leaks import leak_in

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

_KILLED = (128 + signal.SIGKILL, 128 + signal.SIGSEGV, 128 + signal.SIGBUS)
_QUIET_CODES = {KeyboardInterrupt: 130, Terminated: 143}


@dataclass(frozen=True, slots=True)
class Thought:
    """A report, and what the process should end with if nothing else goes wrong."""

    report: Report
    exit_code: int


def think_apart(settings: Settings, dossier: Dossier) -> Thought:
    """Think in a process of its own.

    Args:
        settings: Of this run; `rev` is the commit to judge at, if any.
        dossier: The issue.

    Raises:
        BathyError: The other process was killed.
        SystemExit: The other process has said why it failed; this is its exit code.
    """
    with TemporaryDirectory(prefix="bathy-triage-") as folder:
        asked, told = Path(folder) / "dossier.json", Path(folder) / "report.json"
        asked.write_bytes(dump_dossier(dossier))
        code = _run_apart(settings, asked, told)
        if not told.exists():
            if code in _KILLED:
                raise BathyError(
                    f"the process that thinks was ended by signal {code - 128}; run bathy again,"
                    " and give it more memory if that was short"
                )
            raise SystemExit(code or 1)
        return Thought(load_report(told.read_bytes()), code)


def preview_apart(settings: Settings, dossier: Dossier) -> int:
    """Show what would be sent to a model, in a process of its own; return the exit code."""
    with TemporaryDirectory(prefix="bathy-triage-") as folder:
        asked = Path(folder) / "dossier.json"
        asked.write_bytes(dump_dossier(dossier))
        return _run_apart(settings, asked, None)


def _run_apart(settings: Settings, asked: Path, told: Path | None) -> int:
    process = multiprocessing.get_context("spawn").Process(
        target=_work, args=(settings, asked, told), name="bathy-think"
    )
    with _without_tokens():
        process.start()
    try:
        process.join()
    finally:
        if process.is_alive():
            process.terminate()
            process.join()
    code = process.exitcode or 0
    return code if code >= 0 else 128 - code


def think(settings: Settings, dossier: Dossier, progress: Progress) -> Thought:
    """Judge an issue, here and now.

    Raises:
        ConfigError: There is no git repository, or its rules cannot be read.
        BathyError: The repository cannot be read.
    """
    began_s = time.monotonic()
    ground, commits = _survey(settings, dossier)
    run = RunInfo(
        id=uuid.uuid4().hex,
        mode="plan",
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        input_digest=input_digest(dossier),
        tool_version=version("bathy"),
        trigger=dossier.trigger,
    )
    if dossier.issue.is_pull_request:
        report = skipped(ground, run, "it is a pull request, not an issue")
        return Thought(report, 0)
    own = replace(settings, rev=commits.code)
    service = _service(settings, progress)
    is_wanted = not (is_spam(ground.flags) or is_security(ground.flags))
    opined = Opined()
    with open_bench(model_settings(own) if service else own, progress) as bench:
        if service is not None and is_wanted:
            opined = opine(bench, service, ground)
        judged = judge(bench, ground, opined.opinion, run)
    report = replace(
        judged.report,
        run=replace(
            run,
            model=opined.model,
            usage=opined.usage,
            duration_ms=round(1000 * (time.monotonic() - began_s)),
        ),
    )
    if opined.error:
        report = _warned(report, "model", opined.error)
    if not commits.is_default_known:
        without = "its rules are left out" if settings.rev else "links may not resolve"
        report = _warned(report, "commit", f"the default branch is not known here; {without}")
    secrets = [service.api_key] if service is not None else []
    report = replace(
        report,
        reply=reply_of(report, draft=judged.draft, leak=lambda text: leak_in(text, secrets)),
    )
    return Thought(planned(report, dossier), opined.exit_code)


def planned(report: Report, dossier: Dossier) -> Report:
    """Add the writes that would be made, as far as the dossier tells."""
    body = report.reply.markdown or ""
    actions = plan_actions(report, state=state_of(dossier), wishes=Wishes(), body=body)
    return replace(report, actions=actions)


def preview(settings: Settings, dossier: Dossier, progress: Progress) -> None:
    """Show what a model would be sent, to whom, and at what price.

    Raises:
        ConfigError: No model would be asked.
    """
    if settings.offline:
        raise ConfigError("--offline sends nothing at all; leave out --offline, or --dry-run")
    ground, _ = _survey(settings, dossier)
    if dossier.issue.is_pull_request or is_spam(ground.flags) or is_security(ground.flags):
        progress.say("no model would be asked about this issue")
        return
    own = replace(model_settings(settings), rev=ground.commit)
    with open_bench(own, progress) as bench:
        show_dry(bench, read_service(settings), task_about(ground))


def _survey(settings: Settings, dossier: Dossier) -> tuple[Ground, Commits]:
    repo = locate(settings.folder)
    commits = find_commits(repo, rev=settings.rev, default_branch=dossier.default_branch)
    assert repo is not None
    return survey(dossier, repo, commits), commits


def _work(settings: Settings, asked: Path, told: Path | None) -> None:
    """The other process: reads one file, writes the other, ends with an exit code."""
    progress = log_progress(settings)

    def run() -> int:
        try:
            dossier = load_dossier(asked.read_bytes())
            if told is None:
                preview(settings, dossier, progress)
                return 0
            thought = think(settings, dossier, progress)
        except (KeyboardInterrupt, Terminated) as end:
            # The process that waits says so.
            return _QUIET_CODES[type(end)]
        told.write_text(dump_report(thought.report), encoding="utf-8")
        return thought.exit_code

    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(guarded(run, verbose=settings.verbose))


def _service(settings: Settings, progress: Progress) -> Service | None:
    """The model to ask; None for none.

    Raises:
        ConfigError: One was asked for, and there is no key.
    """
    if settings.offline:
        return None
    service = read_service(settings)
    if service.api_key:
        return service
    if settings.needs_model:
        raise ConfigError("no DEEPSEEK_API_KEY is set, and --model or --base-url need one")
    progress.say(
        "no DEEPSEEK_API_KEY is set; triaging from the index alone (--offline does so without this"
        " notice)"
    )
    return None


def _warned(report: Report, code: str, message: str) -> Report:
    return replace(report, warnings=(*report.warnings, Warning(code, message)))


@contextlib.contextmanager
def _without_tokens() -> Iterator[None]:
    """Take the tokens out of the environment for as long as a process is being started."""
    kept = {name: os.environ.pop(name) for name in TOKENS if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
