"""The user's policy and a request about to be made -> it may be made, or a reason why not."""

import sys
from collections.abc import Callable
from pathlib import Path

from bathy.agent.errors import ConfigError
from bathy.agent.modes.uploads import (
    Destination,
    note_upload,
    uploads_path,
    was_allowed,
    was_sent,
)
from bathy.agent.policy import Policy
from bathy.tools.workspace import quote_path

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
        BathyError: A yes cannot be written down.
    """
    path = log or uploads_path()
    # Quoted, so that no name of a folder drives the terminal or adds a line to what is asked.
    where = quote_path(to.endpoint)
    what = f"{summary} of {quote_path(to.repo)} would go to {where}"
    if policy.upload == "never":
        raise ConfigError(
            f'{what}, and `upload = "never"` in config.toml forbids it; --offline asks no model'
        )
    if policy.upload == "ask":
        # What went out under another rule was not asked about.
        if not was_allowed(path, to):
            _ask_for(what, ask)
            note_upload(path, to, "consent", ())
    elif policy.upload is None and not was_sent(path, to):
        say(
            f"this repository goes to {where} for the first time: {summary}, secrets redacted;"
            f" blob ids of what is sent are logged in {quote_path(str(path))}"
            ' (upload = "never" or "ask" in config.toml would stop here)'
        )


def _ask_for(what: str, ask: Ask | None) -> None:
    if ask is None:
        raise ConfigError(
            f'{what}, and `upload = "ask"` in config.toml needs a terminal to ask on; set it to'
            ' "always", or ask once on a terminal'
        )
    if not ask(f"{what}, secrets redacted. Send it?"):
        raise ConfigError("nothing was sent; --offline answers without a model")


def terminal_asker() -> Ask | None:
    """Return what asks on the terminal; None if there is none to ask on."""
    try:
        is_terminal = sys.stdin.isatty() and sys.stderr.isatty()
    except ValueError:  # one of them is closed
        return None
    return _ask if is_terminal else None


def _ask(question: str) -> bool:
    """Whether the next line on the terminal is a yes; Enter and its end are none."""
    sys.stderr.write(f"bathy: {question} [y/N] ")
    sys.stderr.flush()
    try:
        answer = sys.stdin.readline()
    except ValueError:  # bytes that are no text
        return False
    if not answer.endswith("\n"):
        sys.stderr.write("\n")
    return answer.strip().lower() in ("y", "yes")
