"""What was sent, when, to whom -> what the service should still have, and what all of it cost.

One SQLite file for all repositories of a user. It holds digests, numbers and names of models, never
a text that was sent. Losing it costs a forecast, nothing else.
"""

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bathy.agent.loop.forecast import (
    EXPIRED_S,
    WARM_S,
    Keeps,
    Mark,
    Sent,
    better_model,
    in_units,
)
from bathy.agent.model.messages import Usage

SCHEMA = 1
MOST_PREFIXES = 50_000
MOST_REQUESTS = 5_000
_LEARNT_FROM = 20

_TABLES = """
CREATE TABLE prefix (account TEXT, digest TEXT, is_unit INT NOT NULL, used REAL NOT NULL,
                     PRIMARY KEY (account, digest)) WITHOUT ROWID;
CREATE INDEX prefix_by_use ON prefix (used);
CREATE TABLE request (
    id INTEGER PRIMARY KEY, time REAL, account TEXT, endpoint TEXT, repo TEXT, session TEXT,
    kind TEXT, model TEXT, effort TEXT, instructions TEXT, version INT, base_id TEXT,
    base_tokens INT, overlay_tokens INT, prompt INT, units INT, anything INT, expected_hit INT,
    expected_usd REAL, hit INT, miss INT, output INT, usd REAL, uncached_usd REAL, cause TEXT);
CREATE INDEX request_by_repo ON request (repo, account, time);
CREATE TABLE base (repo TEXT, key TEXT, made REAL, body TEXT NOT NULL, PRIMARY KEY (repo, key))
    WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request in the ledger.

    Attributes:
        sent: When, and with what.
        account: Of the service; see `account_of`.
        endpoint: Address of the service.
        repo: Folder of the repository.
        session: Id; "" without one.
        kind: "question", or "warm-up" for one that only fills the cache.
        base_tokens: Length of the base.
        overlay_tokens: Length of the overlay.
        prompt_tokens: Length that was expected.
        units_tokens: Hits expected if whole units alone are kept.
        any_tokens: Hits expected if any prefix is.
        expected_hit: The one of the two that was believed.
        expected_usd: Expected price of the prompt.
    """

    sent: Sent
    account: str
    endpoint: str
    repo: str
    session: str
    kind: str
    base_tokens: int
    overlay_tokens: int
    prompt_tokens: int
    units_tokens: int
    any_tokens: int
    expected_hit: int
    expected_usd: float


@dataclass(frozen=True, slots=True)
class Kept:
    """What the service should have of a prompt.

    Attributes:
        units_tokens: If whole units alone are kept.
        any_tokens: If any prefix is.
        age_s: Seconds since the longest of them was last sent; 0 if there is none.
    """

    units_tokens: int
    any_tokens: int
    age_s: float


def account_of(endpoint: str, key: str) -> str:
    """Return a name for who asks whom; caches are not shared between accounts."""
    return hashlib.sha256(f"{endpoint}\0{key}".encode()).hexdigest()[:16]


class Ledger:
    """The ledger of one user; several processes may share the file."""

    def __init__(self, path: Path | None) -> None:
        """Open it, or make it; in memory alone if there is no path, or the disk refuses."""
        self._db = _open(path)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def kept(self, account: str, marks: Sequence[Mark], now_s: float) -> Kept:
        """Say how much of a prompt the service should have, in tokens."""
        known = self._known(account, marks, now_s - WARM_S)
        found = [(m.tokens, *known[m.digest]) for m in marks if m.digest in known]
        units = max((tokens for tokens, is_unit, _ in found if is_unit), default=0)
        longest = max(found, default=(0, 0, now_s))
        return Kept(in_units(units), in_units(longest[0]), max(0.0, now_s - longest[2]))

    def note_kept(self, account: str, marks: Sequence[Mark], now_s: float) -> None:
        """Remember a prompt that the service has read, and the reply that it gave.

        Args:
            account: Who was asked.
            marks: Of the prompt; a unit is kept at the last one, and where it parts from what was
                known before. The reply, if it is whole, follows as a prompt of its own.
            now_s: Seconds since the epoch.
        """
        known = self._known(account, marks, now_s - EXPIRED_S)
        parts = max((at for at, m in enumerate(marks) if m.digest in known), default=-1)
        units = {parts, len(marks) - 1}
        rows = [(account, m.digest, at in units, now_s) for at, m in enumerate(marks)]
        with self._writing():
            self._db.executemany(
                "INSERT INTO prefix VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " is_unit = max(is_unit, excluded.is_unit), used = excluded.used",
                rows,
            )

    def believed(self, account: str) -> Keeps:
        """Say which view of what a service keeps has explained its last reports best."""
        rows = self._db.execute(
            "SELECT units, anything, hit FROM request WHERE account = ? AND hit IS NOT NULL"
            " AND units <> anything ORDER BY id DESC LIMIT ?",
            (account, _LEARNT_FROM),
        )
        return better_model(rows)

    def last(self, account: str, repo: str) -> Sent | None:
        """Return the last request about a repository."""
        row = self._db.execute(
            "SELECT time, model, effort, instructions, version, base_id FROM request"
            " WHERE repo = ? AND account = ? ORDER BY id DESC LIMIT 1",
            (repo, account),
        ).fetchone()
        return None if row is None else Sent(*row)

    def enter(self, entry: Entry) -> int:
        """Write down a request that is about to be made; return its number."""
        sent = entry.sent
        row = (
            sent.time_s, entry.account, entry.endpoint, entry.repo, entry.session, entry.kind,
            sent.model, sent.effort, sent.instructions, sent.version, sent.base_id,
            entry.base_tokens, entry.overlay_tokens, entry.prompt_tokens, entry.units_tokens,
            entry.any_tokens, entry.expected_hit, entry.expected_usd,
        )  # fmt: skip
        number = 0
        with self._writing():
            cursor = self._db.execute(
                "INSERT INTO request (time, account, endpoint, repo, session, kind, model, effort,"
                " instructions, version, base_id, base_tokens, overlay_tokens, prompt, units,"
                " anything, expected_hit, expected_usd)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            number = cursor.lastrowid or 0
            self._forget(sent.time_s)
        return number

    def settle(
        self, number: int, usage: Usage, *, usd: float, uncached_usd: float, cause: str
    ) -> None:
        """Write down what a request used, as the service says.

        Args:
            number: From `enter`.
            usage: As reported.
            usd: Its price.
            uncached_usd: What it would have cost, had nothing been cached.
            cause: Why the base missed; "" if it did not.
        """
        with self._writing():
            self._db.execute(
                "UPDATE request SET hit = ?, miss = ?, output = ?, usd = ?, uncached_usd = ?,"
                " cause = ? WHERE id = ?",
                (usage.cache_hit_tokens, usage.cache_miss_tokens, usage.completion_tokens, usd,
                 uncached_usd, cause, number),
            )  # fmt: skip

    def requests(self, repo: str, most: int) -> list[dict[str, Any]]:
        """Return the last requests about a repository, newest first, by column."""
        cursor = self._db.execute(
            "SELECT * FROM request WHERE repo = ? ORDER BY id DESC LIMIT ?", (repo, most)
        )
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def carried_usd(self, repo: str, base_id: str, hit_price: float) -> float:
        """Return what the overlay of a base has cost so far, in US dollars.

        Args:
            repo: Folder of the repository.
            base_id: Of the base.
            hit_price: US dollars for a million cached tokens.
        """
        row = self._db.execute(
            "SELECT total(overlay_tokens) FROM request WHERE repo = ? AND base_id = ?"
            " AND hit IS NOT NULL",
            (repo, base_id),
        ).fetchone()
        return float(row[0]) * hit_price / 1e6

    def last_used(self, repo: str, base_id: str) -> float | None:
        """Return when a base was last sent, in seconds since the epoch."""
        row = self._db.execute(
            "SELECT max(time) FROM request WHERE repo = ? AND base_id = ?", (repo, base_id)
        ).fetchone()
        return None if row is None or row[0] is None else float(row[0])

    def remembered(self, repo: str, key: str) -> dict[str, Any] | None:
        """Return the base that was remembered for a repository and settings."""
        row = self._db.execute(
            "SELECT body FROM base WHERE repo = ? AND key = ?", (repo, key)
        ).fetchone()
        if row is None:
            return None
        body: dict[str, Any] = json.loads(row[0])
        return body

    def remember(self, repo: str, key: str, body: Mapping[str, Any], now_s: float) -> None:
        """Remember a base that git alone does not give."""
        with self._writing():
            self._db.execute(
                "REPLACE INTO base VALUES (?, ?, ?, ?)", (repo, key, now_s, json.dumps(body))
            )

    def _known(
        self, account: str, marks: Sequence[Mark], since_s: float
    ) -> dict[str, tuple[int, float]]:
        found = dict[str, tuple[int, float]]()
        for at in range(0, len(marks), 500):
            part = [mark.digest for mark in marks[at : at + 500]]
            slots = ",".join("?" * len(part))
            which = f"account = ? AND used >= ? AND digest IN ({slots})"
            query = f"SELECT digest, is_unit, used FROM prefix WHERE {which}"  # noqa: S608
            for digest, is_unit, used in self._db.execute(query, (account, since_s, *part)):
                found[digest] = (is_unit, used)
        return found

    def _forget(self, now_s: float) -> None:
        """Keep the file small."""
        self._db.execute("DELETE FROM prefix WHERE used < ?", (now_s - EXPIRED_S,))
        self._db.execute(
            "DELETE FROM prefix WHERE used < (SELECT used FROM prefix ORDER BY used DESC"
            " LIMIT 1 OFFSET ?)",
            (MOST_PREFIXES,),
        )
        self._db.execute(
            "DELETE FROM request WHERE id <= (SELECT max(id) FROM request) - ?", (MOST_REQUESTS,)
        )

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction; a full disk or a lock held too long costs a forecast alone."""
        try:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                yield
        except sqlite3.OperationalError as error:
            if "no such" in str(error):
                raise


def ledger_path() -> Path:
    """Return the file of the ledger, in the user's state folder."""
    from platformdirs import user_state_path

    return user_state_path("bathy", appauthor=False) / "ledger.sqlite"


def _open(path: Path | None) -> sqlite3.Connection:
    if path is None:
        return _connect(":memory:")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return _connect(str(path))
        except sqlite3.OperationalError:
            return _connect(":memory:")
        except sqlite3.DatabaseError:
            path.unlink(missing_ok=True)
            return _connect(str(path))
    except (OSError, sqlite3.Error):
        return _connect(":memory:")


def _connect(name: str) -> sqlite3.Connection:
    db = sqlite3.connect(name, timeout=5, isolation_level=None)
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
