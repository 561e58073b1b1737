"""A path -> the ledger's SQLite file, ready to be used, whatever stands there."""

import sqlite3
from pathlib import Path

SCHEMA = 2
"""Raised when a table changes. What an older version wrote is thrown away: it costs forecasts."""

_TABLES = """
CREATE TABLE prefix (account TEXT, digest TEXT, is_unit INT NOT NULL, used REAL NOT NULL,
                     PRIMARY KEY (account, digest)) WITHOUT ROWID;
CREATE INDEX prefix_by_use ON prefix (used);
CREATE TABLE request (
    id INTEGER PRIMARY KEY, time REAL, account TEXT, endpoint TEXT, repo TEXT, session TEXT,
    kind TEXT, model TEXT, effort TEXT, instructions TEXT, version INT, base_id TEXT,
    base_tokens INT, overlay_tokens INT, prompt INT, units INT, anything INT, expected_hit INT,
    expected_usd REAL, hit INT, miss INT, output INT, usd REAL, uncached_usd REAL, cause TEXT,
    is_estimate INT);
CREATE INDEX request_by_repo ON request (repo, account, time);
CREATE TABLE base (repo TEXT, key TEXT, made REAL, body TEXT NOT NULL, PRIMARY KEY (repo, key))
    WITHOUT ROWID;
"""


def remove_file(path: Path) -> None:
    """Throw a ledger away, with what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def open_file(path: Path | None, wait_s: float) -> sqlite3.Connection:
    """Open a ledger, or make it; a file that is none is replaced.

    Args:
        path: None for one in memory alone, which takes the place of any that the disk refuses.
        wait_s: Longest wait for another process that is writing.
    """
    if path is None:
        return _connect(":memory:", wait_s)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        try:
            return _connect(str(path), wait_s)
        except sqlite3.OperationalError:
            return _connect(":memory:", wait_s)
        except sqlite3.DatabaseError:
            remove_file(path)
            path.touch(mode=0o600)
            return _connect(str(path), wait_s)
    except (OSError, sqlite3.Error):
        return _connect(":memory:", wait_s)


def _connect(name: str, wait_s: float) -> sqlite3.Connection:
    db = sqlite3.connect(name, timeout=wait_s, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        if db.execute("PRAGMA user_version").fetchone()[0] != SCHEMA:
            db.execute("BEGIN IMMEDIATE")
            if db.execute("PRAGMA user_version").fetchone()[0] != SCHEMA:
                names = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
                for (table,) in names:
                    db.execute(f'DROP TABLE "{table}"')
                for statement in _TABLES.split(";"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {SCHEMA}")
            db.execute("COMMIT")
    except sqlite3.DatabaseError:
        db.close()
        raise
    return db
