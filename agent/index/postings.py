"""Spans of files -> an inverted index in one SQLite file a repository.

Postings are packed arrays, one row for a term and a segment; a segment is what one call added.
Files are known by their blob ids, so that only new content is ever indexed.

Losing the file costs time, never correctness: a damaged one is thrown away and made anew.
"""

import contextlib
import secrets
import sqlite3
import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

from bathy.agent.index.span_terms import IndexedSpan, encodable, is_telling
from bathy.agent.index.spans import Span
from bathy.agent.index.view import TF_BITS, Names, View

SCHEMA = 4
"""Raised when what is stored, or what it is computed from, changes meaning."""

MOST_SEGMENTS = 300
"""With more of them, the file is made anew when it is opened, without what is gone."""

WAIT_S = 60
"""How long to wait for another process that writes, in seconds."""

_SEGMENT_POSTINGS = 4_000_000
_IN_MEMORY = ":memory:"
_MOST_TIMES = (1 << TF_BITS) - 1


_TABLES = """
CREATE TABLE segment (id INTEGER PRIMARY KEY, base INT NOT NULL, spans INT NOT NULL);
CREATE TABLE blob (id TEXT PRIMARY KEY, first INT NOT NULL, lengths BLOB NOT NULL,
                   spans TEXT NOT NULL, names TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE posting (term TEXT, segment INT, spans BLOB NOT NULL,
                      PRIMARY KEY (term, segment)) WITHOUT ROWID;
"""


class PostingsLost(Exception):
    """The file was damaged, is held by others, or another process made it anew.

    What it held has to be added again; views of it are good for nothing any more. A damaged file is
    a new one afterwards; the second time, or if it cannot be used, the index is in memory.
    """


class Postings:
    """The inverted index of one repository. Several processes may share its file."""

    def __init__(self, path: Path) -> None:
        """Open the index or make it; fall back to memory where the disk refuses."""
        self._path = path
        self._was_lost = False
        self._db = _open(path)
        self._generation = _generation_of(self._db)

    def __enter__(self) -> "Postings":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def missing(self, blobs: Iterable[str]) -> list[str]:
        """Return the ids that are not indexed yet, each once, in their order.

        Raises:
            PostingsLost: The file was damaged.
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
            PostingsLost: The file was damaged.
        """
        segment = _Segment()
        for blob, spans in items:
            segment.add(blob, spans)
            if segment.size >= _SEGMENT_POSTINGS:
                self._write(segment)
                segment = _Segment()
        self._write(segment)

    def view(self, blobs: Sequence[str]) -> View:
        """Look at some of the files only; ids that are not indexed are as if empty.

        Raises:
            PostingsLost: The file was damaged.
        """
        with self._guarded():
            return View(self, blobs)

    def spans_of(self, blob: str) -> tuple[Span, ...]:
        """Return a file's spans; () if it is not indexed.

        Raises:
            PostingsLost: The file was damaged.
        """
        with self._guarded():
            row = self._db.execute("SELECT spans FROM blob WHERE id = ?", (blob,)).fetchone()
            return _load_spans(row[0]) if row else ()

    def names_of(self, blob: str) -> tuple[Names, ...]:
        """Return the names that each of a file's spans uses and defines; () if not indexed.

        Raises:
            PostingsLost: The file was damaged.
        """
        with self._guarded():
            row = self._db.execute("SELECT names FROM blob WHERE id = ?", (blob,)).fetchone()
            # A file without spans is kept as "", one without names as tabs.
            return tuple(map(_load_names, row[0].split("\n"))) if row and row[0] else ()

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
                "SELECT segment, spans FROM posting WHERE term = ? ORDER BY segment",
                (encodable(term),),
            )
            return [(segment, _unpack(packed)) for segment, packed in rows]

    def _rows(self, columns: str, blobs: Iterable[str]) -> Iterator[tuple[Any, ...]]:
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
            row = (base, len(segment.lengths))
            number = db.execute("INSERT INTO segment (base, spans) VALUES (?, ?)", row).lastrowid
            db.executemany(
                "INSERT OR IGNORE INTO blob VALUES (?, ?, ?, ?, ?)",
                (
                    (blob, base + first, _pack(segment.lengths[first:end]), kept, names)
                    for blob, first, end, kept, names in segment.blobs
                ),
            )
            postings = segment.postings
            db.executemany(
                "INSERT INTO posting VALUES (?, ?, ?)",
                ((term, number, _pack(postings[term])) for term in sorted(postings)),
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
            found = _generation_of(self._db)
        except (sqlite3.Error, ValueError) as error:
            self._start_again(error)
        # What was read is of one generation if that has not changed when it has been read.
        if found != self._generation:
            self._generation = found
            raise PostingsLost("another process made the index anew")

    def _start_again(self, error: Exception) -> NoReturn:
        self._db.close()
        if self._was_lost or not _is_damage(error):
            self._db = _connect(_IN_MEMORY)
        else:
            _remove(self._path)
            self._db = _open(self._path)
        self._was_lost = True
        self._generation = _generation_of(self._db)
        raise PostingsLost(str(error)) from error


class _Segment:
    """Postings of some files, in memory."""

    def __init__(self) -> None:
        self.blobs: list[tuple[str, int, int, str, str]] = []
        self.lengths: array[int] = array("I")
        self.postings: dict[str, array[int]] = defaultdict(partial(array, "I"))
        self.size = 0

    def add(self, blob: str, spans: Sequence[IndexedSpan]) -> None:
        """Take one file in."""
        first, postings = len(self.lengths), self.postings
        for indexed in spans:
            mark = len(self.lengths) << TF_BITS
            for term, times in indexed.counts.items():
                postings[term].append(mark | (times if times < _MOST_TIMES else _MOST_TIMES))
            for term in indexed.defines:
                postings[term].append(mark | 1)
            for name in indexed.uses:
                postings[">" + name].append(mark | 1)
            self.lengths.append(sum(indexed.counts.values()))
            self.size += len(indexed.counts) + len(indexed.defines) + len(indexed.uses)
        kept = _dump_spans([indexed.span for indexed in spans])
        names = encodable("\n".join(_dump_names(indexed) for indexed in spans))
        self.blobs.append((blob, first, len(self.lengths), kept, names))


def _dump_spans(spans: Sequence[Span]) -> str:
    return "\n".join(f"{s.start_line} {s.end_line} {_one_line(s.symbol)}" for s in spans)


def _one_line(symbol: str) -> str:
    return encodable(symbol.replace("\n", " "))


def _load_spans(kept: str) -> tuple[Span, ...]:
    rows = (line.split(" ", 2) for line in kept.split("\n") if line)
    return tuple(Span(int(start), int(end), symbol) for start, end, symbol in rows)


def _dump_names(indexed: IndexedSpan) -> str:
    own = (term.removeprefix("=") for term in indexed.defines if "." not in term)
    return " ".join(indexed.uses) + "\t" + " ".join(name for name in own if is_telling(name))


def _load_names(line: str) -> Names:
    uses, _, defines = line.partition("\t")
    return Names(tuple(uses.split()), tuple(defines.split()))


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


def _is_damage(error: Exception) -> bool:
    """Say whether the file itself is broken; not held by others, full, unreadable or out of reach.

    Tables that are not those of this version are damage, too.
    """
    code = getattr(error, "sqlite_errorcode", None)
    broken = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
    return code is None or code & 0xFF in broken


def _generation_of(db: sqlite3.Connection) -> int:
    """Return the number that the tables got when they were made."""
    return int(db.execute("PRAGMA application_id").fetchone()[0])


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
        except sqlite3.Error as error:
            if not _is_damage(error):
                break
            _remove(path)
    return _connect(_IN_MEMORY)


def _connect(name: str) -> sqlite3.Connection:
    db = sqlite3.connect(name, timeout=WAIT_S, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        if not _is_usable(db):
            _make_tables(db)
    except sqlite3.Error:
        db.close()
        raise
    return db


def _is_usable(db: sqlite3.Connection) -> bool:
    if db.execute("PRAGMA user_version").fetchone()[0] != SCHEMA:
        return False
    return bool(db.execute("SELECT count(*) FROM segment").fetchone()[0] <= MOST_SEGMENTS)


def _make_tables(db: sqlite3.Connection) -> None:
    db.execute("BEGIN IMMEDIATE")
    if not _is_usable(db):
        tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            db.execute(f'DROP TABLE "{table}"')
        for statement in _TABLES.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {SCHEMA}")
        db.execute(f"PRAGMA application_id = {secrets.randbelow(1 << 31)}")
    db.execute("COMMIT")
