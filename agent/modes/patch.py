"""`bathy patch` and `bathy undo`: files that are changed, and what they were, or nothing at all."""

import json
import stat
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from bathy.agent.config import Settings
from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.modes.editing import broken_syntax
from bathy.agent.modes.places import listed_paths, open_journal, user_denier, writable_root
from bathy.agent.modes.progress import Progress
from bathy.tools.decode import Decoded, decode
from bathy.tools.edits import write_of
from bathy.tools.journal import JournalError
from bathy.tools.patch.hunks import PatchError
from bathy.tools.patch.plan import FileChange, plan_patch
from bathy.tools.workspace import Workspace, WorkspaceError, quote_path

_MAX_BYTES = 64 << 20


class _Files:
    """The files below a folder, read when they are asked for."""

    def __init__(self, settings: Settings, root: Path) -> None:
        self._settings = settings
        self._workspace = Workspace(root)
        self._is_denied = user_denier()

    @cached_property
    def paths(self) -> Sequence[str]:
        return listed_paths(self._settings)

    def read(self, path: str) -> bytes | None:
        if self._is_denied(path):
            raise PatchError("denied by `denied_paths` in config.toml; change it by hand")
        try:
            return self._workspace.read_bytes(path, max_bytes=_MAX_BYTES)
        except WorkspaceError as error:
            found = self._workspace.lstat(path)
            if found is None or stat.S_ISDIR(found.mode):
                return None
            raise PatchError(f"{quote_path(path)} cannot be patched: {error}") from error


def run_patch(settings: Settings, source: str, *, check: bool) -> int:
    """Apply a patch; return the exit code.

    Args:
        settings: Of this run; `folder` is what the paths belong to.
        source: A file, or "-" for stdin.
        check: Only find out whether it applies.

    Raises:
        ConfigError: The patch cannot be read, or there is nothing that could be written to.
        BathyError: It does not apply; nothing has changed.
    """
    if settings.rev is not None:
        raise ConfigError("bathy patch writes to a working tree; leave out --rev")
    root = writable_root(settings.folder)
    progress = Progress(quiet=settings.quiet, verbose=settings.verbose)
    try:
        for notice in open_journal().recover(root):
            progress.say(notice)
        patch = _patch_text(source)
        changes = plan_patch(patch.text, _Files(settings, root))
        _check_encoding(patch, changes)
        entry = "" if check else open_journal().apply(root, [write_of(root, c) for c in changes])
    except (PatchError, JournalError) as error:
        raise BathyError(str(error)) from error
    for notice in filter(None, map(broken_syntax, changes)):
        progress.say(notice)
    _tell(settings, changes, entry)
    return 0


def run_undo(settings: Settings, entry_id: str) -> int:
    """Take a patch, or all that a run wrote, back; return the exit code.

    Raises:
        BathyError: It cannot be taken back; nothing has changed.
    """
    root = writable_root(settings.folder)
    progress = Progress(quiet=settings.quiet, verbose=settings.verbose)
    try:
        for notice in open_journal().recover(root):
            progress.say(notice)
        entry = open_journal().undo(root, entry_id)
    except JournalError as error:
        raise BathyError(str(error)) from error
    if settings.output_format == "text":
        for path in entry.paths:
            print(f"taken back: {quote_path(path)}")  # noqa: T201
    else:
        paths = [quote_path(path) for path in entry.paths]
        print(json.dumps({"undone": entry.id, "paths": paths}))  # noqa: T201
    return 0


def _patch_text(source: str) -> Decoded:
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read the patch {source}: {error.strerror}") from error
    decoded = decode(data)
    if decoded is None:
        raise ConfigError(f"{source} is no text, so it is no patch")
    return decoded


def _check_encoding(patch: Decoded, changes: Sequence[FileChange]) -> None:
    """Refuse a patch whose bytes are of one encoding where a file is of another.

    Raises:
        PatchError: Letters that are not ASCII would be written wrongly.
    """
    if patch.encoding in ("utf-8", "utf-8-sig") or patch.text.isascii():
        return
    for change in changes:
        after = decode(change.after) if change.after is not None else None
        if after is not None and after.encoding.startswith("utf") and not after.text.isascii():
            raise PatchError(
                f"the patch is not UTF-8, but {quote_path(change.path)} is; send one patch for the"
                " files of each encoding"
            )


def _tell(settings: Settings, changes: Sequence[FileChange], entry: str) -> None:
    rows = [
        (c.path, "created" if c.before is None else "deleted" if c.after is None else "changed")
        for c in changes
    ]
    if settings.output_format == "text":
        for path, what in rows:
            print(f"{'' if entry else 'would be '}{what}: {quote_path(path)}")  # noqa: T201
        return
    files = [{"path": quote_path(path), "change": what} for path, what in rows]
    print(json.dumps({"applied": bool(entry), "id": entry or None, "files": files}))  # noqa: T201
