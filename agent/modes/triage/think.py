"""A dossier and a clone -> a report: what is known, what a model says, and what of it holds."""

import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version

from bathy.agent.config import Service, Settings, read_service
from bathy.agent.errors import ConfigError
from bathy.agent.index.repo import locate
from bathy.agent.modes.compose import open_bench
from bathy.agent.modes.progress import Progress
from bathy.agent.modes.triage.apart import Thought
from bathy.agent.modes.triage.commit import Commits, find_commits
from bathy.agent.modes.triage.decide import judge, skipped
from bathy.agent.modes.triage.digest import input_digest
from bathy.agent.modes.triage.dossier import Dossier
from bathy.agent.modes.triage.ground import Ground, survey
from bathy.agent.modes.triage.opinion import Opined
from bathy.agent.modes.triage.plan import BOT, Wishes, plan_actions, state_of, unwritten
from bathy.agent.modes.triage.report import Report, RunInfo, Warning
from bathy.agent.modes.triage.telling.comment import reply_of
from bathy.agent.modes.triage.untrusted.flags import is_security, is_spam
from bathy.agent.modes.triage.untrusted.leaks import leak_in


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
        report = skipped(ground, run, _unasked(ground))
        return Thought(report, 0)
    own = replace(settings, rev=commits.code)
    service = _service(settings, progress)
    opined = Opined()
    if service is not None and not _unasked(ground):
        opined = _asked(own, service, ground, progress)
    with open_bench(own, progress) as bench:
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
        progress.say(f"{opined.error}; the report is of the index alone")
        report = _warned(report, "model", opined.error)
    if not commits.is_default_known:
        without = "its rules are left out" if settings.rev else "links may not resolve"
        report = _warned(report, "commit", f"the default branch is not known here; {without}")
    secrets = [service.api_key] if service is not None else []
    reply = reply_of(report, draft=judged.draft, leak=lambda text: leak_in(text, secrets))
    if report.status == "security_private":
        # It tells who wrote the report where to go with it.
        reply = replace(reply, audience="reporter")
    return Thought(planned(replace(report, reply=reply), dossier), opined.exit_code)


def planned(report: Report, dossier: Dossier) -> Report:
    """Add the writes that would be made, as far as the dossier tells."""
    body = report.reply.markdown or ""
    actions = plan_actions(report, state=state_of(dossier), wishes=Wishes(), body=body)
    report = replace(report, actions=actions)
    return unwritten(report, BOT) if dossier.issue.is_bot else report


def preview(settings: Settings, dossier: Dossier, progress: Progress) -> str:
    """Show what a model would be sent, to whom, and at what price.

    Returns:
        Why nothing would be sent; "" if something was shown.

    Raises:
        ConfigError: No model is to be asked.
    """
    if settings.offline:
        raise ConfigError("--offline sends nothing at all; leave out --offline, or --dry-run")
    from bathy.agent.modes.dry_run import show_dry
    from bathy.agent.modes.triage.opine import model_settings, task_about

    ground, _ = _survey(settings, dossier)
    if reason := _unasked(ground):
        return f"no model would be asked: {reason}"
    own = replace(model_settings(settings), rev=ground.commit)
    with open_bench(own, progress) as bench:
        show_dry(bench, read_service(settings), task_about(ground))
    return ""


def _unasked(ground: Ground) -> str:
    """Say why no model is asked about an issue; "" if one is."""
    if ground.dossier.issue.is_pull_request:
        return "it is a pull request, not an issue"
    if is_spam(ground.flags):
        return "it looks like advertising"
    return "it reads like a report of a hole" if is_security(ground.flags) else ""


def _survey(settings: Settings, dossier: Dossier) -> tuple[Ground, Commits]:
    repo = locate(settings.folder)
    commits = find_commits(repo, rev=settings.rev, default_branch=dossier.default_branch)
    assert repo is not None
    return survey(dossier, repo, commits), commits


def _asked(settings: Settings, service: Service, ground: Ground, progress: Progress) -> Opined:
    # The loop takes a while to load, and without a model nobody needs it.
    from bathy.agent.modes.triage.opine import model_settings, opine

    with open_bench(model_settings(settings), progress) as bench:
        return opine(bench, service, ground)


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
