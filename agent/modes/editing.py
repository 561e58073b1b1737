"""A repository and what the user allows -> the edits of a run."""

import secrets
from collections.abc import Collection, Mapping, Sequence

from bathy.agent.errors import ConfigError
from bathy.agent.index.files import FileClass, class_by_content, class_by_path, language_of
from bathy.agent.index.live import LiveView
from bathy.agent.index.repo import chooser
from bathy.agent.index.syntax import error_lines
from bathy.agent.loop.approval import guard, headless_approver
from bathy.agent.modes.compose import Bench
from bathy.agent.modes.places import open_journal
from bathy.tools.decode import decode
from bathy.tools.diff import FileState
from bathy.tools.edits import Approver, Edits, Rules
from bathy.tools.journal import Write
from bathy.tools.patch.plan import FileChange
from bathy.tools.workspace import quote_path

States = Mapping[str, tuple[FileState, FileState]]
"""A file before and after, by path."""

NO_EDITS: States = {}

_MOST_ERRORS = 10


def open_edits(
    bench: Bench,
    view: LiveView,
    *,
    shown: Collection[str],
    approve: Approver | None = None,
    proposed: States = NO_EDITS,
) -> Edits:
    """Prepare for the edits of a run.

    Args:
        bench: The repository.
        view: Its files.
        shown: Paths that the model is shown in full, so that they count as read.
        approve: Decides about edits; None for the rule of the settings.
        proposed: Edits of earlier questions that wait.

    Raises:
        ConfigError: Edits are to be written where nothing can be.
    """
    settings, snapshot = bench.settings, bench.snapshot
    is_writing = settings.apply or settings.apply_all
    if is_writing and snapshot.origin == "commit":
        raise ConfigError("--apply writes to a working tree; leave out --rev, or --apply")

    run = secrets.token_hex(8)

    def write(writes: Sequence[Write]) -> str:
        return open_journal(bench.private).apply(snapshot.root, writes, run=run)

    edits = Edits(
        view,
        approve=approve or headless_approver(apply=is_writing, apply_all=settings.apply_all),
        write=write,
        rules=Rules(
            guard(chooser(settings.include, settings.exclude, bench.denied)),
            lambda path, text: _generated(path, text, snapshot.attributes.get(path, {})),
            broken_syntax,
        ),
        in_pack={e.path: e.blob for e in snapshot.entries if e.path in shown},
    )
    edits.go_on(proposed)
    return edits


def broken_syntax(change: FileChange) -> str:
    """Say on which lines a changed file has more syntax errors than before; "" for none."""
    known, found = (_errors(change.path, data) for data in (change.before, change.after))
    if len(found) <= len(known):
        return ""
    lines = ", ".join(map(str, found[:_MOST_ERRORS]))
    return f"{quote_path(change.path)} now has syntax errors on line {lines}"


def _errors(path: str, data: bytes | None) -> Sequence[int]:
    decoded = decode(data) if data is not None else None
    return () if decoded is None else error_lines(decoded.text, _language(path, decoded.text))


def _generated(path: str, text: str, attributes: Mapping[str, str]) -> str:
    by_path, reason = class_by_path(path, attributes)
    found, by_content = class_by_content(path, by_path, text, attributes)
    is_made = found in (FileClass.GENERATED, FileClass.MINIFIED)
    return (by_content or reason) if is_made else ""


def _language(path: str, text: str) -> str:
    return language_of(path, text.partition("\n")[0][:200])
