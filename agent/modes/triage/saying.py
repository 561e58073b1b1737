"""Progress of a triage -> stderr, where a workflow's runner takes some lines for commands."""

from bathy.agent.config import Settings
from bathy.agent.modes.progress import Progress
from bathy.agent.modes.triage.untrusted.logs import log_line


class LogProgress(Progress):
    """Says one harmless line at a time, whatever strangers or a model put into it."""

    def say(self, text: str) -> None:
        """Show one sentence."""
        super().say(log_line(text))

    def status(self, text: str) -> None:
        """Show what is going on just now."""
        super().status(log_line(text))


def log_progress(settings: Settings) -> LogProgress:
    """Return where a run with these settings says what it does."""
    return LogProgress(quiet=settings.quiet, verbose=settings.verbose)
