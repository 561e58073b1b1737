"""The user's policy and a request about to be made -> it may be made, or a reason why not."""

import sys
from collections.abc import Callable
from pathlib import Path

from bathy.agent.errors import ConfigError
from bathy.agent.modes.terminal import printable
from bathy.agent.modes.uploads import Destination, note_upload, uploads_path, was_sent
from bathy.agent.policy import Policy

Ask = Callable[[str], bool]
"""Puts a question to a person; yes or no."""


def allow_upload(
    policy: Policy,
    to: Destination,
    *,
    summary: str,
    say: Callable[[str], None],
    ask: Ask | None,
    log: Path | None = None,
) -> None:
    """Make sure that a repository may go to a server; tell or ask the user the first time.

    Args:
        policy: The user's.
        to: Where it would go.
        summary: What would go, in a few words.
        say: Shows a sentence.
        ask: Asks; None where nobody can be asked.
        log: Of what was sent; None for the user's own.

    Raises:
        ConfigError: It may not go, or nobody can be asked whether it may.
    """
    path = log or uploads_path()
    what = f"{summary} of {printable(to.repo)} would go to {printable(to.endpoint)}"
    if policy.upload == "never":
        raise ConfigError(
            f'{what}, and `upload = "never"` in config.toml forbids it; --offline asks no model'
        )
    if policy.upload == "always" or was_sent(path, to):
        return
    if policy.upload is None:
        say(
            f"this repository goes to {printable(to.endpoint)} for the first time: {summary},"
            f" secrets redacted; blob ids of what is sent are logged in {path}"
            ' (upload = "never" or "ask" in config.toml would stop here)'
        )
        return
    if ask is None:
        raise ConfigError(
            f'{what}, and `upload = "ask"` in config.toml needs a terminal to ask on; set it to'
            ' "always", or ask once on a terminal'
        )
    if not ask(f"{what}, secrets redacted. Send it?"):
        raise ConfigError("nothing was sent; --offline answers without a model")
    note_upload(path, to, "consent", ())


def terminal_asker() -> Ask | None:
    """Return what asks on the terminal; None if there is none to ask on."""
    try:
        is_terminal = sys.stdin.isatty() and sys.stderr.isatty()
    except ValueError:
        return None
    return _ask if is_terminal else None


def _ask(question: str) -> bool:
    sys.stderr.write(f"bathy: {question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
