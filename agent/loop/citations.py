"""An answer and the repository's files -> the answer, every citation judged, drifted ones moved.

A model cites from a long context and miscounts lines more often than it invents things. So a
citation is not only resolved: what the sentence around it names is looked for in the lines, and
where it does not stand there but clearly elsewhere in that file, the lines are moved to it. What
cannot be told apart is left as it is; a citation is called wrong only for cause.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from bathy.agent.loop.claims import CITED, Claim, read_claim, sentence_around
from bathy.agent.loop.fit import FileWords, Fit, Place, fit_claim
from bathy.agent.loop.marks import Mark, find_marks, render_place

Status = Literal["verified", "repaired", "unverified", "invalid"]

ENOUGH = 0.45
"""A span that holds so much of what is named, measured against the best place of the file, is
right. Below it the claim stands elsewhere."""

_SLIP_LINES = 1
"""A place that fits best and is no further from the cited lines is what was meant, even if others
fit as well: counting is what models are worst at."""

_BEHIND_CHARS = 9_000
"""Text behind a citation in which a fenced block that it introduces is looked for."""

_MOST_RIVALS = 40
"""Files of one name that are looked into."""

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
class Cited:
    """Where an answer cites: characters `start` to `end` of its text name the place."""

    start: int
    end: int
    citation: CheckedCitation


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer that was checked.

    Attributes:
        text: The answer; the places of repaired citations are mended in it.
        citations: Each once, in the order of the text.
        cited: Where they stand in the text, in order, not overlapping.
    """

    text: str
    citations: tuple[CheckedCitation, ...]
    cited: tuple[Cited, ...] = ()


def check_citations(answer: str, files: Files) -> Checked:
    """Judge every citation of an answer.

    Args:
        answer: Markdown, as a model wrote it; anything at all.
        files: What it speaks of.

    Returns:
        The answer, byte for byte but for the places of repaired citations. The same for the same
        arguments; linear in the answer and in the files that it cites. Never raises.
    """
    judge = _Judge(files)
    parts, cited, at, length, path = list[str](), list[Cited](), 0, 0, ""
    for mark, claim in _claims(answer):
        # Lines alone are lines of the file that the place before them turned out to mean.
        is_more = mark.form == "more"
        citation = judge.judge(replace(mark, path=path) if is_more else mark, claim)
        path = path if is_more else citation.path
        place = mark.written
        if citation.status == "repaired":
            place = render_place(mark, citation.path, citation.start_line, citation.end_line)
        start = length + mark.start - at
        cited.append(Cited(start, start + len(place), citation))
        parts += [answer[at : mark.start], place]
        at, length = mark.end, start + len(place)
    found = dict[tuple[str, int, int, Status], CheckedCitation]()
    for citation in (each.citation for each in cited):
        key = citation.path, citation.start_line, citation.end_line, citation.status
        found.setdefault(key, citation)
    return Checked("".join((*parts, answer[at:])), tuple(found.values()), tuple(cited))


def _claims(answer: str) -> Iterator[tuple[Mark, Claim]]:
    """Each citation of an answer with what is claimed to stand there."""
    marks = list(find_marks(answer))
    text, places = _without_places(answer, marks)
    for number, (mark, at) in enumerate(zip(marks, places, strict=True)):
        start, stop = sentence_around(text, at, at + len(CITED))
        previous = places[number - 1] + len(CITED) if number else 0
        following = places[number + 1] if number + 1 < len(places) else len(text)
        behind = at + len(CITED)
        claim = read_claim(
            text[max(start, previous) : at],
            text[behind : min(stop, following)],
            text[start:at],
            text[behind + 1 : behind + _BEHIND_CHARS],
        )
        yield mark, claim


def _without_places(answer: str, marks: Sequence[Mark]) -> tuple[str, list[int]]:
    """(the answer with `CITED` for each citation, where each of these stands in it)."""
    parts, places, end, length = list[str](), list[int](), 0, 0
    for mark in marks:
        length += mark.start - end
        places.append(length)
        parts += [answer[end : mark.start], CITED]
        end, length = mark.end, length + len(CITED)
    return "".join((*parts, answer[end:])), places


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
        """Judge a citation; a name that several files bear means the only one that fits."""
        as_written = CheckedCitation(mark.path, mark.first, mark.last, "invalid", mark.written)
        if mark.first > mark.last or mark.first < 1:
            return as_written
        paths = self._resolve(mark.path)
        if len(paths) > 1 and not claim.names and not claim.quotes:
            return as_written
        judged = [self._judge_in(path, mark, claim, as_written) for path in paths[:_MOST_RIVALS]]
        fitting = [found for found in judged if found.status == "verified"]
        if len(fitting) == 1:
            is_written = fitting[0].path in (mark.path, mark.path.rpartition(" ")[2])
            return fitting[0] if is_written else replace(fitting[0], status="repaired")
        return judged[0] if len(judged) == 1 else as_written

    def _judge_in(
        self, path: str, mark: Mark, claim: Claim, as_written: CheckedCitation
    ) -> CheckedCitation:
        words = self._read(path)
        if words is None:
            return as_written
        cited = replace(as_written, path=path)
        exists = mark.last <= words.count
        fit = fit_claim(words, claim, Place(mark.first, mark.last))
        if fit.whole is not None:
            first, last = fit.whole
            return replace(cited, start_line=first, end_line=last, status="repaired")
        if exists and _holds(claim, fit):
            return replace(cited, status="verified")
        slip = abs(fit.place.first - mark.first) - (mark.last - mark.first)
        if fit.is_clear or (fit.is_known and slip <= _SLIP_LINES):
            first, last = fit.place
            return replace(cited, start_line=first, end_line=last, status="repaired")
        return replace(cited, status="unverified" if exists else "invalid")

    def _resolve(self, written: str) -> Sequence[str]:
        """The file that is meant: itself, or those whose paths end so."""
        if written in self._paths:
            return [written]
        if " " in written:
            return self._resolve(written.rpartition(" ")[2])
        bare = written.removeprefix("./").lstrip("/")
        for text in (bare, bare[2:] if bare[:2] in ("a/", "b/") else ""):
            if text in self._paths:
                return [text]
        return [
            path
            for path in self._by_name.get(bare.rpartition("/")[2], ())
            if bare and path.endswith("/" + bare)
        ]

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
