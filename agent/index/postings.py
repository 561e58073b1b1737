"""Spans of files -> an inverted index in one SQLite file a repository, and BM25 over it.

Postings are packed arrays, one row for a term and a segment; a segment is what one call added. FTS5 was
measured beside it: reading term frequencies back through its vocabulary table takes one Python row for
each occurrence, and its ranking function counts every row of the table, also those of other commits.
Here the frequencies and lengths that BM25 needs are those of the files asked about, so an answer
depends on nothing else that was ever indexed.

Losing the file costs time, never correctness: a damaged one is thrown away and made anew.
"""

import contextlib
import math
import sqlite3
import sys
import zlib
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from bathy.agent.index.spans import Span, cut_spans, qualified
from bathy.agent.index.symbols import Definition
from bathy.agent.index.terms import add_terms, count_terms

SCHEMA = 1
"""Raised when what is stored, or what it is computed from, changes meaning."""

K1, B = 1.5, 0.75
"""BM25's saturation and length normalisation: the usual values, and none tried was better."""

COMMON_SHARE = 0.3
"""Terms in more than this share of the spans say nothing about a place and are left out."""

NAME_TIMES, CONTAINER_TIMES = 3, 1
"""How often the name of a span's own definition, and of what is around it, count as said in it."""

_NO_SYMBOLS = frozenset(("heading", "key", "selector", "table"))
_SEGMENT_POSTINGS = 4_000_000
_TF_BITS = 8
_MAX_TF = (1 << _TF_BITS) - 1

_TABLES = """
CREATE TABLE segment (id INTEGER PRIMARY KEY, base INT NOT NULL, spans INT NOT NULL);
CREATE TABLE blob (id TEXT PRIMARY KEY, first INT NOT NULL, lengths BLOB NOT NULL,
                   spans TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE posting (term TEXT, segment INT, spans BLOB NOT NULL,
                      PRIMARY KEY (term, segment)) WITHOUT ROWID;
"""


class PostingsLost(Exception):
    """The file was damaged; it has been emptied, and what it held has to be added again."""


@dataclass(frozen=True, slots=True)
class IndexedSpan:
    """A span and the terms in it, with the definitions that begin in it as terms of their own."""

    span: Span
    counts: Mapping[str, int]
    defines: tuple[str, ...]


def index_text(text: str, definitions: Sequence[Definition]) -> tuple[IndexedSpan, ...]:
    """Cut a file into spans and count their terms; pure, so that other processes may do it.

    Args:
        text: As people and models are shown it.
        definitions: Of that text.
    """
    lines = text.split("\n")
    spans = cut_spans(text, definitions)
    starts = sorted(definitions, key=lambda d: d.start_line)
    at, indexed = 0, []
    for span in spans:
        counts = count_terms("\n".join(lines[span.start_line - 1 : span.end_line]))
        container, _, name = span.symbol.rpartition(".")
        add_terms(counts, name, NAME_TIMES)
        add_terms(counts, container, CONTAINER_TIMES)
        defines: dict[str, None] = {}
        while at < len(starts) and starts[at].start_line <= span.end_line:
            defines.update(dict.fromkeys(definition_terms(starts[at])))
            at += 1
        indexed.append(IndexedSpan(span, counts, tuple(defines)))
    return tuple(indexed)


def definition_terms(definition: Definition) -> tuple[str, ...]:
    """Return the terms under which a definition is found: its name, and Class.name of a member."""
    if definition.kind in _NO_SYMBOLS:
        return ()
    own = "=" + definition.name
    if not definition.container:
        return (own,)
    parts = qualified(definition).split(".")
    return (own, "=" + ".".join(parts[-2:]))


@dataclass(frozen=True, slots=True)
class Scores:
    """What BM25 makes of one set of weighted terms.

    Attributes:
        spans: Score by span number, for the spans that hold a term.
        blobs: Score of whole files by blob position, likewise.
        idf: Inverse document frequency of each term that was counted, among spans.
    """

    spans: Mapping[int, float]
    blobs: Mapping[int, float]
    idf: Mapping[str, float]


class Postings:
    """The inverted index of one repository. Several processes may share its file."""

    def __init__(self, path: Path) -> None:
        """Open the index or make it; fall back to memory where the disk refuses."""
        self._path = path
        self._db = _open(path)

    def __enter__(self) -> "Postings":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def missing(self, blobs: Iterable[str]) -> list[str]:
        """Return the ids that are not indexed yet, each once, in their order.

        Raises:
            PostingsLost: The file was damaged and is empty now.
        """
        wanted = dict.fromkeys(blobs)
        with self._guarded():
            known = {id_ for id_, *_ in self._rows("id", wanted)}
        return [blob for blob in wanted if blob not in known]

    def add(self, items: Iterable[tuple[str, Sequence[IndexedSpan]]]) -> None:
        """Index files; ids that are there already stay as they are.

        Args:
            items: (id, what `index_text` made of the file). Consumed in order; a few million
                postings are held in memory at a time.

        Raises:
            PostingsLost: The file was damaged and is empty now.
        """
        segment = _Segment()
        for blob, spans in items:
            segment.add(blob, spans)
            if segment.size >= _SEGMENT_POSTINGS:
                self._write(segment)
                segment = _Segment()
        self._write(segment)

    def view(self, blobs: Sequence[str]) -> "View":
        """Look at some of the files only; ids that are not indexed are as if empty.

        Raises:
            PostingsLost: The file was damaged and is empty now.
        """
        with self._guarded():
            return View(self, blobs)

    def spans_of(self, blob: str) -> tuple[Span, ...]:
        """Return a file's spans; () if it is not indexed.

        Raises:
            PostingsLost: The file was damaged and is empty now.
        """
        with self._guarded():
            row = self._db.execute("SELECT spans FROM blob WHERE id = ?", (blob,)).fetchone()
            return _load_spans(row[0]) if row else ()

    def lengths_of(self, blobs: Iterable[str]) -> dict[str, tuple[int, "array[int]"]]:
        """Return (number of the first span, terms in each span) of the files that are indexed."""
        with self._guarded():
            rows = self._rows("id, first, lengths", blobs)
            return {id_: (first, _unpack(lengths)) for id_, first, lengths in rows}

    def segments(self) -> dict[int, int]:
        """Return the number of the first span of every segment, and under -1 that of the next."""
        with self._guarded():
            rows = self._db.execute("SELECT id, base, spans FROM segment ORDER BY id").fetchall()
        starts = {id_: base for id_, base, _ in rows}
        return {**starts, -1: max((base + spans for _, base, spans in rows), default=0)}

    def postings_of(self, term: str) -> list[tuple[int, "array[int]"]]:
        """Return (segment, packed postings) of a term: span within the segment << 8 | frequency."""
        with self._guarded():
            rows = self._db.execute(
                "SELECT segment, spans FROM posting WHERE term = ? ORDER BY segment", (term,)
            )
            return [(segment, _unpack(packed)) for segment, packed in rows]

    def _rows(self, columns: str, blobs: Iterable[str]) -> Iterator[tuple[object, ...]]:
        wanted = list(blobs)
        for at in range(0, len(wanted), 500):
            part = wanted[at : at + 500]
            marks = ",".join("?" * len(part))
            yield from self._db.execute(
                f"SELECT {columns} FROM blob WHERE id IN ({marks})",  # noqa: S608 - marks only
                part,
            )

    def _write(self, segment: "_Segment") -> None:
        if not segment.blobs:
            return
        with self._guarded(), self._writing():
            db = self._db
            base = db.execute("SELECT max(base + spans) FROM segment").fetchone()[0] or 0
            spans = len(segment.lengths)
            number = db.execute("INSERT INTO segment (base, spans) VALUES (?, ?)", (base, spans)).lastrowid
            db.executemany(
                "INSERT OR IGNORE INTO blob VALUES (?, ?, ?, ?)",
                (
                    (blob, base + first, _pack(segment.lengths[first:end]), kept)
                    for blob, first, end, kept in segment.blobs
                ),
            )
            db.executemany(
                "INSERT INTO posting VALUES (?, ?, ?)",
                ((term, number, _pack(packed)) for term, packed in sorted(segment.postings.items())),
            )

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if not _is_damage(error):
                raise
            self._start_again(error)
        except (sqlite3.DatabaseError, ValueError, zlib.error) as error:
            self._start_again(error)

    def _start_again(self, error: Exception) -> None:
        self._db.close()
        _remove(self._path)
        self._db = _open(self._path)
        raise PostingsLost(str(error)) from error


class View:
    """Some of the files of an index, as if nothing else were in it.

    Span numbers mean something within one view only; `blob_of` and `span_at` resolve them.
    """

    def __init__(self, postings: Postings, blobs: Sequence[str]) -> None:
        """Read the spans' lengths; `Postings.view` makes these."""
        self._postings = postings
        self._blobs = tuple(dict.fromkeys(blobs))
        self._bases = postings.segments()
        total = self._bases[-1]
        found = postings.lengths_of(self._blobs)
        self._owner = array("i", [-1]) * total
        self._firsts: list[int] = []
        lengths, self._file_lengths = array("I", [0]) * total, []
        for position, blob in enumerate(self._blobs):
            first, own = found.get(blob, (0, array("I")))
            self._firsts.append(first)
            self._file_lengths.append(sum(own))
            lengths[first : first + len(own)] = own
            self._owner[first : first + len(own)] = array("i", [position]) * len(own)
        self._spans = total - self._owner.count(-1)
        self._all = self._spans == total
        mean = max(1.0, sum(self._file_lengths) / max(1, self._spans))
        self._norms = [K1 * (1 - B + B * n / mean) for n in lengths]
        self._known: dict[str, array[int]] = {}

    @property
    def blobs(self) -> Sequence[str]:
        """The ids looked at, each once; a blob's position is its place here."""
        return self._blobs

    @property
    def span_count(self) -> int:
        """How many spans the files have."""
        return self._spans

    def blob_of(self, span: int) -> int:
        """Return the position of the file that holds a span."""
        return self._owner[span]

    def span_at(self, span: int) -> Span:
        """Return the lines and symbol of a span."""
        position = self._owner[span]
        return self._postings.spans_of(self._blobs[position])[span - self._firsts[position]]

    def holders(self, term: str) -> list[int]:
        """Return the spans that hold a term, ascending."""
        return [packed >> _TF_BITS for packed in self._packed(term)]

    def score(self, terms: Mapping[str, float]) -> Scores:
        """Score spans and files by BM25.

        Args:
            terms: Weight in the question by term, > 0.

        Returns:
            The same scores for the same files and terms, to the last bit.
        """
        spans = [0.0] * len(self._norms)
        blobs: dict[int, float] = defaultdict(float)
        idf: dict[str, float] = {}
        owner, norms = self._owner, self._norms
        common = COMMON_SHARE * max(self._spans, 100)
        file_norms = self._file_norms()
        for term, weight in sorted(terms.items()):
            packed = self._packed(term)
            if not packed or len(packed) > common:
                continue
            idf[term] = inverse_frequency(len(packed), self._spans)
            gain = weight * idf[term] * (K1 + 1)
            in_file: dict[int, int] = defaultdict(int)
            for posting in packed:
                span, times = posting >> _TF_BITS, posting & _MAX_TF
                spans[span] += gain * times / (times + norms[span])
                in_file[owner[span]] += times
            gain = weight * inverse_frequency(len(in_file), len(self._blobs)) * (K1 + 1)
            for position, times in in_file.items():
                blobs[position] += gain * times / (times + file_norms[position])
        return Scores({i: s for i, s in enumerate(spans) if s > 0}, blobs, idf)

    def _file_norms(self) -> list[float]:
        mean = max(1.0, sum(self._file_lengths) / max(1, len(self._file_lengths)))
        return [K1 * (1 - B + B * n / mean) for n in self._file_lengths]

    def _packed(self, term: str) -> "array[int]":
        """Postings of a term in this view: span number << 8 | frequency."""
        known = self._known.get(term)
        if known is None:
            known = self._known[term] = array("Q")
            for segment, found in self._postings.postings_of(term):
                base = self._bases.get(segment, 0)
                if self._all:
                    known.extend(packed + (base << _TF_BITS) for packed in found)
                    continue
                for packed in found:
                    span = (packed >> _TF_BITS) + base
                    if self._owner[span] >= 0:
                        known.append(packed + (base << _TF_BITS))
        return known


class _Segment:
    """Postings of some files, in memory."""

    def __init__(self) -> None:
        self.blobs: list[tuple[str, int, int, str]] = []
        self.lengths: array[int] = array("I")
        self.postings: dict[str, array[int]] = defaultdict(lambda: array("I"))
        self.size = 0

    def add(self, blob: str, spans: Sequence[IndexedSpan]) -> None:
        """Take one file in."""
        first, postings = len(self.lengths), self.postings
        for indexed in spans:
            mark = len(self.lengths) << _TF_BITS
            for term, times in indexed.counts.items():
                postings[term].append(mark | (times if times < _MAX_TF else _MAX_TF))
            for term in indexed.defines:
                postings[term].append(mark | 1)
            self.lengths.append(sum(indexed.counts.values()))
            self.size += len(indexed.counts) + len(indexed.defines)
        kept = _dump_spans([indexed.span for indexed in spans])
        self.blobs.append((blob, first, len(self.lengths), kept))


def inverse_frequency(holding: int, of: int) -> float:
    """Return BM25's weight of a term that so many of so many spans hold; > 0."""
    return math.log(1 + (of - holding + 0.5) / (holding + 0.5))


def _dump_spans(spans: Sequence[Span]) -> str:
    return "\n".join(f"{s.start_line} {s.end_line} {_one_line(s.symbol)}" for s in spans)


def _one_line(symbol: str) -> str:
    return symbol.replace("\n", " ").encode("utf-8", "replace").decode("utf-8")


def _load_spans(kept: str) -> tuple[Span, ...]:
    rows = (line.split(" ", 2) for line in kept.split("\n") if line)
    return tuple(Span(int(start), int(end), symbol) for start, end, symbol in rows)


def _pack(values: "array[int]") -> bytes:
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return values.tobytes()


def _unpack(data: bytes) -> "array[int]":
    values = array("I")
    values.frombytes(data)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _is_damage(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL)


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            path.with_name(path.name + suffix).unlink()


def _open(path: Path) -> sqlite3.Connection:
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(2):
        try:
            return _connect(str(path))
        except sqlite3.OperationalError as error:
            if not _is_damage(error):
                raise
            _remove(path)
        except sqlite3.DatabaseError:
            _remove(path)
    return _connect(":memory:")


def _connect(name: str) -> sqlite3.Connection:
    db = sqlite3.connect(name, timeout=60, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        if db.execute("PRAGMA user_version").fetchone()[0] != SCHEMA:
            _make_tables(db)
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db


def _make_tables(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
    if db.execute("PRAGMA user_version").fetchone()[0] != SCHEMA:
        tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            db.execute(f'DROP TABLE "{table}"')
        for statement in _TABLES.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {SCHEMA}")
    db.execute("COMMIT")
