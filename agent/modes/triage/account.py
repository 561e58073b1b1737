"""Work on one issue -> exactly one report of it, whatever ends the work."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from bathy.agent.config import Settings
from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.modes.signals import (
    INTERRUPTED,
    TERMINATED,
    Terminated,
    ends_put_off,
    ignore_ends,
)
from bathy.agent.modes.triage.dossier import Dossier, Issue
from bathy.agent.modes.triage.ended import Ended, ended_report
from bathy.agent.modes.triage.event import Order
from bathy.agent.modes.triage.github.write import UNHEARD
from bathy.agent.modes.triage.report import Action, Report, Warning
from bathy.agent.modes.triage.saying import LogProgress
from bathy.agent.modes.triage.show import save, show, tell_step
from bathy.agent.modes.triage.wanted import Wanted

_ENDS = {
    INTERRUPTED: f"interrupted (exit code {INTERRUPTED})",
    TERMINATED: f"terminated (exit code {TERMINATED})",
}


@dataclass(slots=True)
class Account:
    """What is known of the work on one issue.

    Attributes:
        settings: Say how to tell it.
        wanted: What is to be done.
        order: Which issue, and what started it.
        progress: Where sentences go.
        known: What was read of the issue by now.
        is_first: Nothing was shown before.
        thought: What was thought of it; it was paid for, so that it is told whatever ends the work.
        made: Requests that were sent by now, the last one perhaps without an answer.
        report: The one that was shown, if any was.
    """

    settings: Settings
    wanted: Wanted
    order: Order
    progress: LogProgress
    known: Issue | Dossier | None = None
    is_first: bool = True
    thought: Report | None = None
    made: list[Action] = field(default_factory=list)
    report: Report | None = None

    def tell(self, report: Report) -> None:
        """Show the report; one of many is kept by whoever knows the others.

        Raises:
            BathyError: A file cannot be written; the report stands on stdout, then.
        """
        if self._is_alone:
            # How the process ends is settled by what is told.
            ignore_ends()
        self.report = report
        # The file of a fetch is for what was fetched, that of a dry run for what would be sent.
        is_for_report = self.wanted.step != "fetch" and not self.settings.dry_run
        try:
            with ends_put_off():  # A line of JSON is whole or not there.
                show(self.settings, report, is_first=self.is_first)
        finally:
            if self._is_alone and is_for_report:
                save(self.settings, [report])

    def skip(self, why: str) -> None:
        """Tell that nothing is done.

        Raises:
            BathyError: A file cannot be written.
        """
        self.progress.say(f"skipped: {why}")
        self.tell(self._ended("skipped", why))

    def fail(self, why: str, *, is_usage: bool = False) -> None:
        """Tell that nothing came of it, or what did by then, unless a report was told already.

        Args:
            why: One sentence; it is said on stderr by whoever ends the process.
            is_usage: The command line is at fault, so that a run of one issue has not begun.
        """
        if self.report is not None:
            return
        report = self._stopped(why) or self._ended("error", why)
        try:
            if is_usage and self._is_alone and self.thought is None:
                tell_step(report)
            else:
                self.tell(report)
        except BathyError as error:
            # It must not take the place of what went wrong first.
            self.progress.say(str(error))

    def note(self, action: Action) -> None:
        """Note a request that is about to be made, and what became of it when it was."""
        if action.reason == UNHEARD:
            self.progress.say(f"{action.op.replace('_', ' ')}: {action.method} {action.path}")
            self.made.append(action)
        else:
            self.made[-1] = action

    @property
    def _is_alone(self) -> bool:
        return self.order.trigger != "batch"

    def _stopped(self, why: str) -> Report | None:
        """What was thought, where something ended the work after that; None if nothing was."""
        report, made = self.thought, tuple(self.made)
        if report is None:
            return None
        said = "what was sent by then is listed" if made else "nothing was written"
        sent = [(action.op, action.path, action.body) for action in made]
        left = [one for one in report.actions if (one.op, one.path, one.body) not in sent]
        run = replace(report.run, mode=self.wanted.wishes.mode) if made else report.run
        return replace(
            report,
            run=run,
            actions=(*made, *left),
            warnings=(*report.warnings, Warning("write", f"{why}; {said}")),
        )

    def _ended(self, status: Ended, why: str) -> Report:
        order, wishes = self.order, self.wanted.wishes
        return ended_report(status, why, order.target, order.trigger, wishes, known=self.known)


@contextlib.contextmanager
def one_report(account: Account) -> Iterator[None]:
    """Tell of the issue, if what is done within ends without having done so."""
    try:
        yield
    except BrokenPipeError:
        raise
    except BaseException as error:
        is_usage = isinstance(error, ConfigError) or _code_of(error) == ConfigError.exit_code
        account.fail(why_of(error), is_usage=is_usage)
        raise


def why_of(error: BaseException) -> str:
    """Return in one sentence what ended the work."""
    match error:
        case BathyError():
            return str(error)
        case KeyboardInterrupt():
            return _ENDS[INTERRUPTED]
        case Terminated():
            return _ENDS[TERMINATED]
        case SystemExit():
            code = _code_of(error)
            if code in _ENDS:
                return _ENDS[code]
            return f"the step that thinks has failed (exit code {code}) and said why on stderr"
        case OSError():
            return f"the system refuses: {error}"
    return f"a defect of bathy ({type(error).__name__})"


def _code_of(error: BaseException) -> int:
    return int(error.code or 1) if isinstance(error, SystemExit) else 0
