"""An answer and the repository's files -> the answer, every citation judged, drifted ones moved.

A model cites from a long context and miscounts lines more often than it invents things. So a
citation is not only resolved: what the sentence around it names is looked for in the lines, and
where it does not stand there but clearly elsewhere in that file, the lines are moved to it. What
cannot be told apart is left as it is; a citation is called wrong only for cause.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from bathy.agent.loop.claims import Claim, read_claim, sentence_around
from bathy.agent.loop.fit import FileWords, Fit, Place, fit_claim
from bathy.agent.loop.marks import Mark, find_marks, render_place

Status = Literal["verified", "repaired", "unverified", "invalid"]

ENOUGH = 0.45
"""A span that holds so much of what is named, measured against the best place of the file, is
right. Below it the claim stands elsewhere."""

SURE_WORDS, SOME_WORDS = 0.95, 0.3
"""The same for the plain words of the sentence: so many of them make up for names that stand
elsewhere; and so many do if the name next to the citation is at, or around, the place."""


class Files(Protocol):
    """The repository as citations are checked against it."""

    @property
    def paths(self) -> Sequence[str]:
        """Files, in byte order."""
        ...

    def lines(self, path: str) -> Sequence[str] | None:
        """Return a file's lines without LF; None if there is no text at that path."""
        ...


@dataclass(frozen=True, slots=True)
class CheckedCitation:
    """A citation that was judged.

    Attributes:
        path: The file; as written where there is none.
        start_line: 1-based, inclusive; after repair.
        end_line: 1-based, inclusive; after repair.
        status: "verified": the lines exist and hold what is named beside them, or nothing is.
            "repaired": it stood elsewhere in that file, and the lines were moved. "unverified": the
            lines exist, what is named does not stand there. "invalid": no such file or line.
        written: As the model wrote it.
    """

    path: str
    start_line: int
    end_line: int
    status: Status
    written: str


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer with its citations, each once, in the order of the text."""

    text: str
    citations: tuple[CheckedCitation, ...]


def check_citations(answer: str, files: Files) -> Checked:
    """Judge every citation of an answer.

    Args:
        answer: Markdown, as a model wrote it; anything at all.
        files: What it speaks of.

    Returns:
        The answer, byte for byte but for the places of repaired citations. The same for the same
        arguments; linear in the answer and in the files that it cites. Never raises.
    """
    marks = list(find_marks(answer))
    judge = _Judge(files)
    parts, found, at = list[str](), dict[tuple[str, int, int], CheckedCitation](), 0
    for number, mark in enumerate(marks):
        start, stop = sentence_around(answer, mark.start, mark.end)
        previous = marks[number - 1].end if number else 0
        following = marks[number + 1].start if number + 1 < len(marks) else len(answer)
        claim = read_claim(
            answer[max(start, min(previous, mark.start)) : mark.start],
            answer[mark.end : min(stop, max(following, mark.end))],
            answer[start : mark.start],
            answer[mark.end + 1 : mark.end + 9_000],
        )
        citation = judge.judge(mark, claim)
        key = citation.path, citation.start_line, citation.end_line
        found.setdefault(key, citation)
        if citation.status == "repaired":
            parts.append(answer[at : mark.start])
            parts.append(render_place(mark, citation.path, citation.start_line, citation.end_line))
            at = mark.end
    return Checked("".join((*parts, answer[at:])), tuple(found.values()))


class _Judge:
    """Judges citations one by one; what was found out of a file is kept."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._paths = frozenset(files.paths)
        self._by_name: dict[str, list[str]] = {}
        for path in files.paths:
            self._by_name.setdefault(path.rpartition("/")[2], []).append(path)
        self._words: dict[str, FileWords | None] = {}

    def judge(self, mark: Mark, claim: Claim) -> CheckedCitation:
        as_written = CheckedCitation(mark.path, mark.first, mark.last, "invalid", mark.written)
        path = self._resolve(mark.path)
        words = self._read(path) if path else None
        if words is None or mark.first > mark.last or mark.first < 1:
            return as_written
        cited = replace(as_written, path=path)
        exists = mark.last <= words.count
        fit = fit_claim(words, claim, Place(mark.first, mark.last))
        if fit.whole is not None:
            first, last = fit.whole
            return replace(cited, start_line=first, end_line=last, status="repaired")
        if exists and _holds(claim, fit):
            return replace(cited, status=self._plain(path, mark))
        if fit.is_clear:
            first, last = fit.place
            return replace(cited, start_line=first, end_line=last, status="repaired")
        return replace(cited, status="unverified" if exists else "invalid")

    def _plain(self, path: str, mark: Mark) -> Status:
        return (
            "verified" if path == mark.path.rpartition(" ")[2] or path == mark.path else "repaired"
        )

    def _resolve(self, written: str) -> str:
        """The file that is meant: itself, or the only one whose path ends so; "" if none."""
        if written in self._paths:
            return written
        if " " in written:
            return self._resolve(written.rpartition(" ")[2])
        bare = written.removeprefix("./").lstrip("/")
        for text in (bare, bare[2:] if bare[:2] in ("a/", "b/") else ""):
            if text in self._paths:
                return text
        ends = [
            path
            for path in self._by_name.get(bare.rpartition("/")[2], ())
            if bare and path.endswith("/" + bare)
        ]
        return ends[0] if len(ends) == 1 else ""

    def _read(self, path: str) -> FileWords | None:
        if path not in self._words:
            lines = self._files.lines(path)
            self._words[path] = None if lines is None else FileWords(lines)
        return self._words[path]


def _holds(claim: Claim, fit: Fit) -> bool:
    """Whether what is claimed stands at the place that is cited; what names nothing cannot fail."""
    if not claim.names and not claim.quotes:
        return True
    if not fit.is_known:
        return False
    if fit.share >= ENOUGH or fit.words >= SURE_WORDS:
        return True
    return fit.nearest and fit.words >= SOME_WORDS
