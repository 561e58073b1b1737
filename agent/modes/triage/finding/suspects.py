"""An issue's text and a commit -> the lines that may be at fault, likeliest first, all verified.

The index ranks files for the words of a question; here counts, too, what a file can be guilty of.
Tests, documents and configuration hold an issue's words and rarely its cause. What a model says is
taken only as far as the commit has such lines.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from bathy.agent.index.files import FileClass, class_by_path
from bathy.agent.index.live import LiveView
from bathy.agent.index.repo import chooser
from bathy.agent.modes.compose import Bench
from bathy.agent.modes.triage.finding.error_strings import ErrorPlace, find_error_places
from bathy.agent.modes.triage.finding.narrow import Lines, around, frames_in, of_frame, of_span
from bathy.agent.modes.triage.finding.permalinks import count_lines, permalink
from bathy.agent.modes.triage.finding.recent import Changes, read_changes
from bathy.agent.modes.triage.finding.symbols import (
    count_definers,
    points_by_symbol,
    telling_first,
    written_names,
)
from bathy.agent.modes.triage.opinion import SuspectOpinion
from bathy.agent.modes.triage.report import MOST_SUSPECTS, Signal, Suspect
from bathy.agent.pack.question import Question, parse_question
from bathy.agent.pack.ranking import RankedFile
from bathy.agent.pack.signals.named import INNERMOST

MOST_OF_MODEL = 5
"""A model's suspects stand before those of the index, and must not crowd them out."""

ENOUGH = 3
"""With so many files that can be at fault, those that hardly can are left out."""

MOST_RANKED = 50
"""Files of the index's ranking that are looked at, beside those that hold an error's message."""

ERROR_WEIGHT, CHURN_WEIGHT = 0.2, 0.02
"""What a message and late changes add to a file's score, in parts of the best score of the ranking;
by trial."""

_SIGNALS: Mapping[str, Signal] = {
    "frame": "traceback",
    "path": "path_in_issue",
    "name": "path_in_issue",
    "title symbol": "symbol_in_issue",
    "code symbol": "symbol_in_issue",
    "trace symbol": "symbol_in_issue",
    "member": "symbol_in_issue",
    "words": "lexical",
}
_ORDER: tuple[Signal, ...] = (
    "traceback",
    "path_in_issue",
    "symbol_in_issue",
    "error_string",
    "lexical",
    "recent_change",
    "model",
)
_WHY_CHARS = 200


@dataclass(frozen=True, slots=True)
class _Case:
    """What one issue is judged by."""

    view: LiveView
    question: Question
    changes: Changes
    errors: Mapping[str, ErrorPlace] = field(default_factory=dict)
    host: str = ""
    full_name: str = ""
    written: frozenset[str] = frozenset()
    definers: Mapping[str, int] = field(default_factory=dict)


def find_suspects(
    bench: Bench,
    text: str,
    target_host: str,
    full_name: str,
    opinions: Sequence[SuspectOpinion] = (),
) -> tuple[Suspect, ...]:
    """Find the lines that may be at fault.

    Args:
        bench: The repository, opened at a commit; nothing but git's objects is read.
        text: The issue, its title on the first line.
        target_host: Of the pages that links lead to.
        full_name: "OWNER/NAME" there.
        opinions: A model's; those whose path or first line the commit lacks are dropped.

    Returns:
        At most `MOST_SUSPECTS`, one a file, best first: the model's, then the index's. The same for
        the same arguments.

    Raises:
        ValueError: The bench reads a working tree, whose lines have no permalinks.
    """
    if bench.snapshot.origin != "commit":
        raise ValueError("suspects are lines of a commit; open the bench with a revision")
    ranked = bench.search(text).files
    view = LiveView(bench.snapshot, lambda _path: None, chooser((), (), bench.denied))
    try:
        changes = read_changes(bench.snapshot.repo, bench.snapshot.commit)
        question = parse_question(text)
        case = _Case(
            view,
            question,
            changes,
            host=target_host,
            full_name=full_name,
            written=written_names(question),
            definers=count_definers(ranked),
        )
        sources = {file.path for file in ranked if file.prior == 1}
        errors = dict[str, ErrorPlace]()
        for place in find_error_places(view, text, sources):
            errors.setdefault(place.path, place)
        return _ranked(replace(case, errors=errors), ranked, opinions)
    finally:
        view.close()


def _ranked(
    case: _Case, ranked: Sequence[RankedFile], opinions: Sequence[SuspectOpinion]
) -> tuple[Suspect, ...]:
    ordered = order(ranked, case.errors, case.changes)
    # Nearly every file shares some word with an issue; only the best ones bear a model out.
    best = {file.path: file for file in ordered[:MOST_SUSPECTS]}
    said = islice(_of_model(case, opinions), MOST_OF_MODEL)
    found = [_merged(case, one, best.get(one.path)) for one in said]
    taken = {one.path for one in found}
    for file in ordered:
        if len(found) == MOST_SUSPECTS:
            break
        is_free = file.path not in taken and not _is_secret(file.path)
        if is_free and (suspect := _of_index(case, file)):
            found.append(suspect)
    return tuple(replace(one, rank=rank) for rank, one in enumerate(found, 1))


def order(
    ranked: Sequence[RankedFile], errors: Mapping[str, ErrorPlace], changes: Changes
) -> list[RankedFile]:
    """Order the files of a ranking by how likely they are at fault.

    Args:
        ranked: Best first.
        errors: By path, the best place of an error's message.
        changes: Of the commit.

    Returns:
        Those that can be at fault; where they are fewer than `ENOUGH`, the others behind them.
    """
    best = max((file.score for file in ranked), default=1.0)

    def points(file: RankedFile) -> float:
        place = errors.get(file.path)
        message = ERROR_WEIGHT / place.files**0.5 if place else 0.0
        churn = CHURN_WEIGHT * changes.churn.get(file.path, 0.0)
        return file.score / best + message + churn

    looked_at = [*ranked[:MOST_RANKED], *(f for f in ranked[MOST_RANKED:] if f.path in errors)]
    files = sorted(looked_at, key=lambda file: (-points(file), file.path))
    able = [file for file in files if _can_be_at_fault(file)]
    if len(able) >= ENOUGH:
        return able
    return [*able, *(file for file in files if not _can_be_at_fault(file))]


def _can_be_at_fault(file: RankedFile) -> bool:
    return file.prior == 1 or "path" in file.signals or INNERMOST in file.why


def _is_secret(path: str) -> bool:
    """Whether a file is named like one of keys and credentials, to which nobody is pointed."""
    return class_by_path(path, {})[0] is FileClass.SECRET


def _of_model(case: _Case, opinions: Sequence[SuspectOpinion]) -> Iterator[Suspect]:
    """The lines that a model names and that are there, one a file."""
    seen = set[str]()
    for opinion in opinions:
        path = opinion.path.removeprefix("./")
        total = count_lines(case.view, path)
        is_there = 1 <= opinion.start_line <= min(opinion.end_line, total)
        if not is_there or path in seen or _is_secret(path):
            continue
        seen.add(path)
        start, end = opinion.start_line, min(opinion.end_line, total)
        symbol = around(start, total, case.view.symbols(path)).symbol
        yield _suspect(case, path, Lines(start, end, symbol), ["model"], opinion.why)


def _merged(case: _Case, said: Suspect, file: RankedFile | None) -> Suspect:
    """Add what the index has against the same file."""
    if file is None:
        return said
    signals = {*said.evidence, *_signals(case, file)}
    evidence = tuple(signal for signal in _ORDER if signal in signals)
    return replace(said, evidence=evidence, why=said.why or _why(case, file))


def _of_index(case: _Case, file: RankedFile) -> Suspect | None:
    """What a ranked file is suspected of; None if it has no lines to point at."""
    lines = case.view.lines(file.path)
    # Pages number the lines of the file as it is, which a notebook's cells are not.
    if not lines or file.path.endswith(".ipynb") or len(lines) > count_lines(case.view, file.path):
        return None
    where = _where(case, file, lines)
    if where is None:
        return None
    # What else has led here, such as a folder's name, is a word in common, too.
    return _suspect(case, file.path, where, _signals(case, file) or ["lexical"], _why(case, file))


def _where(case: _Case, file: RankedFile, lines: Sequence[str]) -> Lines | None:
    total, definitions = len(lines), case.view.symbols(file.path)
    if "traceback" in _signals(case, file):
        for frame in frames_in(file.path, case.question.frames):
            if found := of_frame(frame, total, definitions):
                return found
    place = case.errors.get(file.path)
    if place is not None and place.line <= total:
        return around(place.line, total, definitions)
    return of_span(file.spans[0], lines, case.question.terms) if file.spans else None


def _signals(case: _Case, file: RankedFile) -> list[Signal]:
    found = {_SIGNALS[signal] for signal in file.signals if signal in _SIGNALS}
    if "symbol_in_issue" in found and not points_by_symbol(file, case.written, case.definers):
        # A common name is a word in common.
        found = found - {"symbol_in_issue"} | {"lexical"}
    if file.path in case.errors:
        found.add("error_string")
    if file.path in case.changes.recent:
        found.add("recent_change")
    return [signal for signal in _ORDER if signal in found]


def _why(case: _Case, file: RankedFile) -> str:
    place = case.errors.get(file.path)
    message = [f'holds "{place.fragment}"'] if place else []
    # The index speaks of questions; here it is an issue.
    why = telling_first(file, case.written, case.definers)
    reasons = [reason.replace("the question", "the issue") for reason in why]
    return "; ".join([*message, *reasons][:2])


def _suspect(case: _Case, path: str, lines: Lines, evidence: Sequence[Signal], why: str) -> Suspect:
    link = permalink(case.host, case.full_name, case.view.commit, path, lines.start, lines.end)
    return Suspect(
        rank=1,
        path=path,
        start_line=lines.start,
        end_line=lines.end,
        permalink=link,
        evidence=tuple(evidence),
        symbol=lines.symbol or None,
        why=" ".join(why.split())[:_WHY_CHARS],
    )
