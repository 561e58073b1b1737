"""Long pastes and pictures <-> short marks that stand for them in the composer.

`[Pasted text #1 +84 lines]` stands for a text, `[Image #2 shot.png]` for a picture. The mark in the
text is all that says that something is attached: who deletes it, or undoes that, need say no more.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bathy.tools.workspace import quote_path
from rich.cells import cell_len, set_cell_size, split_graphemes

LARGE_CHARS, LARGE_LINES = 1000, 15
"""A paste above either is shown as a mark; kimi-cli's thresholds."""

_IMAGE_SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".gif", ".webp"))
_MOST_NAME_CELLS = 40
_MOST_PATH_CHARS = 4096
_MOST_IMAGES = 10

# Escape sequences first, so that nothing of them stays; then what a terminal would obey, what
# turns the order of letters around, and what cannot be sent.
_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[ -/]+[0-~]|\x1b\][^\x07\x1b\r\n]*(?:\x07|\x1b\\)?"
)
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_OBEYED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> str:
    """Return a text with LF alone for line ends, without what would drive a terminal."""
    if text.isprintable():
        return text
    return _OBEYED.sub("", _LINE_ENDS.sub("\n", _ESCAPES.sub("", text)))


def is_large(text: str) -> bool:
    """Whether a pasted text is shown as a mark."""
    return len(text) > LARGE_CHARS or _count_lines(text) > LARGE_LINES


def _count_lines(text: str) -> int:
    return text.count("\n") + (not text.endswith("\n"))


def image_paths(pasted: str) -> tuple[Path, ...]:
    """Return the pictures that a paste names, if it names nothing else.

    Args:
        pasted: What terminals make of files that are dropped on them: absolute paths, quoted or
            not, or file: addresses. A relative path is a text about a file.

    Returns:
        Files that are there; none if anything else was pasted.
    """
    text = pasted.strip()
    if not text or len(text) > _MOST_PATH_CHARS or "\0" in text:
        return ()
    if whole := _image(text):
        return (whole,)
    try:
        words = shlex.split(text)
    except ValueError:  # a quote that is not closed
        return ()
    found = [image for word in words[: _MOST_IMAGES + 1] if (image := _image(word))]
    return tuple(found) if len(found) == len(words) else ()


def _image(word: str) -> Path | None:
    if word.startswith("file://"):
        try:
            word = unquote(urlsplit(word).path)
        except ValueError:
            return None
    if not word.startswith(("/", "~/")) or "\n" in word:
        return None
    return image_at(Path(word))


def image_at(path: Path) -> Path | None:
    """Return the absolute path of a file whose name says that it is a picture; None without one."""
    try:
        path = path.expanduser().absolute()
        return path if path.suffix.lower() in _IMAGE_SUFFIXES and path.is_file() else None
    except (OSError, ValueError, RuntimeError):  # no name for the system, or nobody's home
        return None


def is_there(path: Path) -> bool:
    """Return whether there is anything at a path."""
    try:
        return path.expanduser().exists()
    except (OSError, ValueError, RuntimeError):
        return False


class Attachments:
    """What the marks stand for. Numbers are never used twice in a session."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._images: dict[str, Path] = {}
        self._marks: re.Pattern[str] | None = None
        self._number = 0

    def add_text(self, text: str, beside: str = "") -> str:
        """Take up a text; return its mark, which does not stand in the text `beside` it."""
        lines = _count_lines(text)
        size = f"{lines:,} lines" if lines > LARGE_LINES else f"{len(text):,} characters"
        mark = self._new("Pasted text", f"+{size}", beside)
        self._texts[mark] = text
        return mark

    def add_image(self, path: Path, beside: str = "") -> str:
        """Take up a picture; return its mark."""
        name = quote_path(path.name)
        if cell_len(name) > _MOST_NAME_CELLS:
            name = set_cell_size(name, _MOST_NAME_CELLS - 3).rstrip() + "..."
        mark = self._new("Image", name, beside)
        self._images[mark] = path
        return mark

    def _new(self, what: str, which: str, beside: str) -> str:
        self._number += 1
        while (mark := f"[{what} #{self._number} {which}]") in beside:
            self._number += 1
        self._know(mark)
        return mark

    def _know(self, *marks: str) -> None:
        everything = sorted((*self._texts, *self._images, *marks), key=len, reverse=True)
        self._marks = re.compile("|".join(map(re.escape, everything))) if everything else None

    def standing_in(self, *texts: str) -> tuple[dict[str, str], dict[str, str]]:
        """Return the pasted texts, and the paths of pictures, by their marks in some texts."""
        found = {text[start:end] for text in texts for start, end in self.marks(text)}
        pasted = {mark: self._texts[mark] for mark in found if mark in self._texts}
        return pasted, {mark: str(self._images[mark]) for mark in found if mark in self._images}

    def adopt(self, texts: Mapping[str, str], images: Mapping[str, str]) -> None:
        """Let marks of another process stand for what they stood for there."""
        self._texts.update(texts)
        self._images.update({mark: Path(image) for mark, image in images.items()})
        self._know()
        numbers = (re.search(r"#(\d{1,9}) ", mark) for mark in (*texts, *images))
        self._number = max((self._number, *(int(found[1]) for found in numbers if found)))

    def marks(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where marks stand: 0-based, the end exclusive."""
        if self._marks:
            yield from (found.span() for found in self._marks.finditer(text))

    def images(self, text: str) -> tuple[Path, ...]:
        """Return the pictures whose marks stand in a text, in their order, each once."""
        if not self._marks:
            return ()
        found = dict.fromkeys(self._marks.findall(text))
        return tuple(self._images[mark] for mark in found if mark in self._images)

    def expand(self, text: str) -> str:
        """Put the pasted texts in the place of their marks; marks of pictures stay."""
        if not self._marks:
            return text
        return self._marks.sub(lambda found: self._texts.get(found[0], found[0]), text)

    def expand_all(self, text: str) -> str:
        """Put paths in the place of marks of pictures as well: what still means something later."""
        if not self._marks:
            return text
        return self._marks.sub(lambda found: self._meaning(found[0]), text)

    def _meaning(self, mark: str) -> str:
        return self._texts[mark] if mark in self._texts else quote_path(str(self._images[mark]))

    def fold(self, text: str) -> str:
        """Put the marks in the place of the texts that they stand for."""
        for mark, pasted in sorted(self._texts.items(), key=lambda each: -len(each[1])):
            text = text.replace(pasted, mark)
        return text


def atoms(line: str, attachments: Attachments) -> list[tuple[int, int]]:
    """Return what no cursor may stand inside: marks, and characters of several code points.

    Args:
        line: One line.
        attachments: Whose marks.

    Returns:
        Spans of at least two code points, 0-based, the end exclusive, ascending, without overlap.
    """
    found = list(attachments.marks(line))
    if not line.isascii():
        taken = {at for start, end in found for at in range(start, end)}
        found += [
            (start, end)
            for start, end, _ in split_graphemes(line)[0]
            if end - start > 1 and start not in taken and end - 1 not in taken
        ]
    return sorted(found)


def out_of_atoms(spans: list[tuple[int, int]], column: int, came_from: int | None = None) -> int:
    """Return the column for a cursor that is set to one, outside of any atom.

    Args:
        spans: Of `atoms`.
        column: Where it is set.
        came_from: Column of the same line where it was; None for elsewhere.
    """
    for start, end in spans:
        if start < column < end:
            if came_from is not None and came_from <= start:
                return end
            if came_from is not None and came_from >= end:
                return start
            return start if column - start <= end - column else end
    return column


def around_atoms(spans: list[tuple[int, int]], column: int, *, is_end: bool) -> int:
    """Return a column for the start or the end of a deletion, so that it takes atoms whole."""
    for start, end in spans:
        if start < column < end:
            return end if is_end else start
    return column
