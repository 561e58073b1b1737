"""What is written but not sent <-> a file that only the user can read, so that no end loses it."""

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

SUFFIX = ".draft"


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the composer.

    Attributes:
        written: The text of the field, with its marks.
        waiting: Questions that wait, the next one first.
        texts: Pasted texts by the marks that stand for them.
        images: Paths of pictures by their marks.
    """

    written: str = ""
    waiting: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anything to keep."""
        return bool(self.written.strip() or self.waiting)

    def changed(self, change: Callable[[str], str]) -> "Draft":
        """Return it with all texts changed; a mark that is changed stands for nothing any more."""
        return replace(
            self,
            written=change(self.written),
            waiting=tuple(map(change, self.waiting)),
            texts={mark: change(text) for mark, text in self.texts.items()},
        )


def save_draft(path: Path, draft: Draft, holding: ExitStack | None = None) -> None:
    """Write a draft in place of the one before; an empty one takes the file away.

    Args:
        path: Of the file.
        draft: What is kept.
        holding: Takes the open file; until it is closed, the file is none that is left behind.

    Raises:
        OSError: The disk refuses.
    """
    if not draft:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(f"{SUFFIX}.{os.getpid()}")
    with ExitStack() as opened:
        unfinished.touch(mode=0o600)
        file = opened.enter_context(unfinished.open("w", encoding="ascii"))
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.write(json.dumps(asdict(draft)))
        file.flush()
        unfinished.replace(path)
        if holding is not None:
            holding.enter_context(opened.pop_all())


def load_draft(path: Path) -> Draft:
    """Return the draft of a file; an empty one where none can be read."""
    try:
        values = json.loads(path.read_text(encoding="ascii"))
        return Draft(
            _text(values["written"]),
            tuple(map(_text, values["waiting"])),
            {_text(mark): _text(text) for mark, text in values["texts"].items()},
            {_text(mark): _text(image) for mark, image in values["images"].items()},
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Draft()


def _text(value: Any) -> str:  # noqa: ANN401 - whatever stands in the file
    if not isinstance(value, str):
        raise TypeError(f"no text: {value!r}")
    return value


def path_beside(log: Path) -> Path:
    """Where the draft of a session is kept."""
    return log.with_suffix(SUFFIX)


def path_without(folder: Path, repository: str, process: str) -> Path:
    """Where a process keeps a draft as long as there is no session.

    Args:
        folder: For drafts.
        repository: A name of the repository that no other has.
        process: A name of the process that no other has, in no container either.
    """
    return folder / f"{repository}.{process}{SUFFIX}"


def left_behind(folder: Path, repository: str) -> Iterator[Path]:
    """Yield the drafts without a session whose processes are no more, the newest first."""
    found = [
        path
        for path in folder.glob(f"*{SUFFIX}")
        if path.name.split(".")[:-2] == repository.split(".")
    ]
    for path in sorted(found, key=_changed_s, reverse=True):
        if not _is_held(path):
            yield path


def _changed_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _is_held(path: Path) -> bool:
    """Whether a process that runs has the file open."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # what cannot be read is no draft; without locks nobody knows
        return False
    return False
