"""What is written but not sent <-> a file that only the user can read, so that no end loses it."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
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


def save_draft(path: Path, draft: Draft) -> None:
    """Write a draft in place of the one before; an empty one takes the file away.

    Raises:
        OSError: The disk refuses.
    """
    if not draft:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(f"{SUFFIX}.{os.getpid()}")
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(asdict(draft)), encoding="ascii")
    unfinished.replace(path)


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


def path_without(folder: Path, repository: str) -> Path:
    """Where this process keeps a draft as long as there is no session.

    Args:
        folder: For drafts.
        repository: A name of the repository that no other has.
    """
    return folder / f"{repository}.{os.getpid()}{SUFFIX}"


def left_behind(folder: Path, repository: str) -> Path | None:
    """Return the newest draft without a session whose process is no more."""
    found = [
        path
        for path in folder.glob(f"*{SUFFIX}")
        if (parts := path.name.split("."))[:-2] == repository.split(".")
        and parts[-2].isdecimal()
        and not _runs(int(parts[-2]))
    ]
    return max(found, key=_changed_s, default=None)


def _changed_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True
