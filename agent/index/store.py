"""What earlier runs found out, in one SQLite file a repository: facts by content, states, results.

Losing the file costs time, never correctness, so a damaged one is thrown away and made anew. Bodies
are JSON and never pickles: whoever can write to the cache folder must not be able to run code.
"""

import contextlib
import hashlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bathy.agent.index.repo import Stated
from bathy.tools.workspace import FileStat, decode_path, encode_path

SCHEMA = 3
"""Raised when what is stored, or what it is computed from, changes meaning."""

KEPT_RESULTS = 12
KEPT_CHANGES = 4_000
KEPT_PASTS = 4
_RACY_NS = 2_000_000_000

_TABLES = """
CREATE TABLE facts (key TEXT PRIMARY KEY, facts TEXT NOT NULL, symbols TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE state (path BLOB PRIMARY KEY, mode INT, size INT, mtime INT, ctime INT, inode INT,
                    blob TEXT) WITHOUT ROWID;
CREATE TABLE size (digest BLOB PRIMARY KEY, tokens INT NOT NULL) WITHOUT ROWID;
CREATE TABLE result (key TEXT PRIMARY KEY, used REAL, body TEXT NOT NULL);
CREATE TABLE past (key TEXT PRIMARY KEY, used REAL, body TEXT NOT NULL);
CREATE TABLE change (key TEXT PRIMARY KEY, used REAL, body TEXT NOT NULL);
"""


class Store:
    """The cache of one repository. Usable from one thread; several processes may share the file."""

    def __init__(self, path: Path) -> None:
        """Open the cache, or make it; fall back to memory where the disk refuses."""
        self._db = _open(path)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def states(self) -> dict[str, Stated]:
        """Return what the last run saw on disk, by path."""
        rows = self._db.execute("SELECT path, mode, size, mtime, ctime, inode, blob FROM state")
        return {
            decode_path(path): Stated(FileStat(mode, size, mtime, ctime, inode), blob)
            for path, mode, size, mtime, ctime, inode, blob in rows
        }

    def keep_states(self, now: Mapping[str, Stated], before: Mapping[str, Stated]) -> None:
        """Remember what was seen on disk.

        A file changed in the last two seconds is left out, since it could change again without a
        change of its times (the race that git calls racy).
        """
        limit = time.time_ns() - _RACY_NS
        rows = [
            (encode_path(path), s.mode, s.size_bytes, s.mtime_ns, s.ctime_ns, s.inode, stated.blob)
            for path, stated in now.items()
            if before.get(path) is not stated
            and max((s := stated.state).mtime_ns, s.ctime_ns) < limit
        ]
        gone = [(encode_path(path),) for path in before if path not in now]
        with self._writing():
            self._db.executemany("DELETE FROM state WHERE path = ?", gone)
            self._db.executemany("REPLACE INTO state VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def facts(self, keys: Iterable[str], *, with_symbols: bool) -> Iterator[tuple[str, str, str]]:
        """Yield (key, facts, symbols) of the keys that are known, both as JSON text.

        Symbols are "" if they are not known, and always "" without `with_symbols`.
        """
        symbols = "symbols" if with_symbols else "''"
        wanted = list(keys)
        for at in range(0, len(wanted), 500):
            part = wanted[at : at + 500]
            marks = ",".join("?" * len(part))
            query = f"SELECT key, facts, {symbols} FROM facts WHERE key IN ({marks})"  # noqa: S608
            yield from self._db.execute(query, part)

    def keep_facts(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Remember (key, facts, symbols) rows; symbols that are "" leave known ones as they are."""
        with self._writing():
            self._db.executemany(
                "INSERT INTO facts VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET facts ="
                " excluded.facts, symbols = iif(excluded.symbols = '', symbols, excluded.symbols)",
                rows,
            )

    def result(self, key: str) -> dict[str, Any] | None:
        """Return a whole result kept under a key, if it is still there."""
        return self._body("result", key)

    def keep_result(self, key: str, body: Mapping[str, Any]) -> None:
        """Remember a whole result; the oldest beyond `KEPT_RESULTS` go."""
        self._keep_body("result", key, body, KEPT_RESULTS)

    def past(self, key: str) -> dict[str, Any] | None:
        """Return what is kept of the history before a commit, if it is still there."""
        return self._body("past", key)

    def keep_past(self, key: str, body: Mapping[str, Any]) -> None:
        """Remember the history before a commit; the oldest beyond `KEPT_PASTS` go."""
        self._keep_body("past", key, body, KEPT_PASTS)

    def _body(self, table: str, key: str) -> dict[str, Any] | None:
        row = self._db.execute(f"SELECT body FROM {table} WHERE key = ?", (key,)).fetchone()  # noqa: S608
        if row is None:
            return None
        body: dict[str, Any] = json.loads(row[0])
        return body

    def _keep_body(self, table: str, key: str, body: Mapping[str, Any], most: int) -> None:
        with self._writing():
            text = json.dumps(body, separators=(",", ":"))
            self._db.execute(f"REPLACE INTO {table} VALUES (?, ?, ?)", (key, time.time(), text))  # noqa: S608
            self._db.execute(
                f"DELETE FROM {table} WHERE key NOT IN"  # noqa: S608
                f" (SELECT key FROM {table} ORDER BY used DESC LIMIT ?)",
                (most,),
            )

    def changes(self, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return what is kept of rendered changes, by key."""
        found, wanted = dict[str, dict[str, Any]](), list(keys)
        for at in range(0, len(wanted), 500):
            part = wanted[at : at + 500]
            marks = ",".join("?" * len(part))
            query = f"SELECT key, body FROM change WHERE key IN ({marks})"  # noqa: S608
            found.update((key, json.loads(body)) for key, body in self._db.execute(query, part))
        return found

    def keep_changes(self, bodies: Mapping[str, Mapping[str, Any]]) -> None:
        """Remember rendered changes; the oldest beyond `KEPT_CHANGES` go."""
        now = time.time()
        rows = [(key, now, json.dumps(body, separators=(",", ":"))) for key, body in bodies.items()]
        with self._writing():
            self._db.executemany("REPLACE INTO change VALUES (?, ?, ?)", rows)
            self._db.execute(
                "DELETE FROM change WHERE key NOT IN"
                " (SELECT key FROM change ORDER BY used DESC LIMIT ?)",
                (KEPT_CHANGES,),
            )

    @contextlib.contextmanager
    def counting(self, count: Callable[[str], int]) -> Iterator[Callable[[str], int]]:
        """Count texts, each only once in the life of the cache.

        Args:
            count: Counts the tokens of a text that has not been counted before.

        Yields:
            The same function, with a memory by content.
        """
        new: list[tuple[bytes, int]] = []

        def remember(text: str) -> int:
            digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]
            query = "SELECT tokens FROM size WHERE digest = ?"
            row = self._db.execute(query, (digest,)).fetchone()
            if row is not None:
                return int(row[0])
            tokens = count(text)
            new.append((digest, tokens))
            return tokens

        yield remember
        if not new:
            return
        with self._writing():
            self._db.executemany("REPLACE INTO size VALUES (?, ?)", new)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction; a full disk or a lock held too long only costs the next run time."""
        try:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                yield
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                raise

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def result_key(*parts: str) -> str:
    """Return a key for a result: a hash over its parts and the schema."""
    digest = hashlib.sha256(str(SCHEMA).encode())
    for part in parts:
        digest.update(b"\0" + encode_path(part))
    return digest.hexdigest()


def _open(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            return _connect(str(path))
        except sqlite3.OperationalError:
            # Locked for too long, or no room: somebody else's file is not to be thrown away.
            return _connect(":memory:")
        except sqlite3.DatabaseError:
            path.unlink(missing_ok=True)
            return _connect(str(path))
    except (OSError, sqlite3.Error):
        return _connect(":memory:")


def _connect(name: str) -> sqlite3.Connection:
    db = sqlite3.connect(name, timeout=10, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version != SCHEMA:
            db.execute("BEGIN IMMEDIATE")
            for (table,) in db.execute(
                "SELECT name FROM sqlite_master WHERE type='table'"
            ).fetchall():
                db.execute(f'DROP TABLE "{table}"')
            for statement in _TABLES.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {SCHEMA}")
            db.execute("COMMIT")
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db
