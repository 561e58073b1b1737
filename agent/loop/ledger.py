"""What was sent, when, to whom -> what the service should still have, and what all of it cost.

One SQLite file for all repositories of a user. It holds digests, numbers and names of models, never
a text that was sent. Losing it costs a forecast, nothing else.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bathy.agent.loop.forecast import (
    EXPIRED_S,
    NOTHING_AFTER,
    WARM_S,
    Keeps,
    Mark,
    Sent,
    better_model,
    in_units,
    keeps_nothing,
)
from bathy.agent.loop.ledger_file import open_file, remove_file
from bathy.agent.model.messages import Usage

MOST_PREFIXES = 50_000
MOST_REQUESTS = 5_000
_LEARNT_FROM = 20
_SKEW_S = 3600.0
"""What was sent later than this from now is of a clock that was wrong, and its age is not known."""

_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One request in the ledger.

    Attributes:
        sent: When, and with what.
        account: Of the service; see `account_of`.
        endpoint: Address of the service.
        repo: Folder of the repository.
        session: Id; "" without one.
        kind: "question" for the first request of a run, "turn" for a later one, "warm-up" for one
            that only fills the cache.
        base_tokens: Length of the base.
        overlay_tokens: Length of the overlay, as far as it is sent.
        prompt_tokens: Length that was expected.
        units_tokens: Hits expected if whole units alone are kept.
        any_tokens: Hits expected if any prefix is.
        expected_hit: What was believed.
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
        sent: (length, when it was last sent, in seconds since the epoch) of each prefix, shortest
            first.
        now_s: When this was found out.
    """

    units_tokens: int
    any_tokens: int
    sent: tuple[tuple[int, float], ...]
    now_s: float

    def age_s(self, hit_tokens: int) -> float:
        """Return how long ago the shortest prefix that a hit falls short of was last sent."""
        missed = (sent_s for tokens, sent_s in self.sent if in_units(tokens) > hit_tokens)
        return max(0.0, self.now_s - next(missed, self.now_s))


def account_of(endpoint: str, key: str) -> str:
    """Return a name for who asks whom; caches are not shared between accounts."""
    # Servers of this kind answer at an address with and without its version alike.
    place = endpoint.rstrip("/").removesuffix("/v1")
    return hashlib.sha256(f"{place}\0{key}".encode()).hexdigest()[:16]


class Ledger:
    """The ledger of one user; several processes may share the file."""

    def __init__(self, path: Path | None, wait_s: float = _WAIT_S) -> None:
        """Open it, or make it.

        Args:
            path: None for one in memory alone, as where the disk refuses.
            wait_s: Longest wait for another process that is writing.
        """
        self._path, self._wait_s = path, wait_s
        self._db = open_file(path, wait_s)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def kept(self, account: str, marks: Sequence[Mark], now_s: float) -> Kept:
        """Say how much of a prompt the service should have, in tokens."""
        known = self._known(account, marks, now_s, WARM_S)
        found = [(m.tokens, *known[m.digest]) for m in marks if m.digest in known]
        units = max((tokens for tokens, is_unit, _ in found if is_unit), default=0)
        longest = max((tokens for tokens, _, _ in found), default=0)
        sent = tuple((tokens, used) for tokens, _, used in found)
        return Kept(in_units(units), in_units(longest), sent, now_s)

    def note_kept(self, account: str, marks: Sequence[Mark], now_s: float) -> None:
        """Remember a prompt that the service has read, and the reply that it gave.

        Args:
            account: Who was asked.
            marks: Of the prompt; a unit is kept at the last one, and where it parts from what was
                known before. The reply, if it is whole, follows as a prompt of its own.
            now_s: Seconds since the epoch.
        """
        known = self._known(account, marks, now_s, EXPIRED_S)
        parts = max((at for at, m in enumerate(marks) if m.digest in known), default=-1)
        units = {parts, len(marks) - 1}
        rows = [(account, m.digest, at in units, now_s) for at, m in enumerate(marks)]
        self._write(
            lambda db: db.executemany(
                "INSERT INTO prefix VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " is_unit = max(is_unit, excluded.is_unit), used = excluded.used",
                rows,
            )
        )

    def note_missed(self, account: str, marks: Sequence[Mark], hit_tokens: int) -> None:
        """Forget the prefixes that a service did not find.

        Args:
            account: Who was asked.
            marks: Of the prompt; `note_kept` says what is kept of it from now on.
            hit_tokens: As the service reports them, in the tokens of the marks.
        """
        gone = [(account, m.digest) for m in marks if in_units(m.tokens) > hit_tokens]
        self._write(
            lambda db: db.executemany("DELETE FROM prefix WHERE account = ? AND digest = ?", gone)
        )

    def believed(self, account: str, model: str) -> Keeps:
        """Say which view of what a service keeps has explained its last reports best."""
        told = "account = ? AND model = ? AND NOT is_estimate"
        last = self._rows(
            f"SELECT hit FROM request WHERE {told} AND (units > 0 OR hit > 0)"  # noqa: S608
            " ORDER BY id DESC LIMIT ?",
            (account, model, NOTHING_AFTER),
        )
        if keeps_nothing([hit for (hit,) in last], ever_hit=self.has_hit(account, model)):
            return "nothing"
        # A server that counts otherwise is compared in our tokens.
        return better_model(
            self._rows(
                "SELECT units, anything, hit * prompt / max(1, hit + miss) FROM request"  # noqa: S608
                f" WHERE {told} AND units <> anything ORDER BY id DESC LIMIT ?",
                (account, model, _LEARNT_FROM),
            )
        )

    def has_hit(self, account: str, model: str) -> bool:
        """Whether a service has ever told of a hit."""
        query = "SELECT 1 FROM request WHERE account = ? AND model = ? AND hit > 0 LIMIT 1"
        return bool(self._rows(query, (account, model)))

    def last(self, account: str, repo: str) -> Sent | None:
        """Return the last request about a repository that was answered."""
        rows = self._rows(
            "SELECT time, model, effort, instructions, version, base_id FROM request"
            " WHERE repo = ? AND account = ? AND hit IS NOT NULL ORDER BY id DESC LIMIT 1",
            (_plain(repo), account),
        )
        return Sent(*rows[0]) if rows else None

    def last_alike(self, account: str, sent: Sent) -> float | None:
        """Return when a request that began with the same bytes was last answered.

        It may have been about another clone. In seconds since the epoch.
        """
        rows = self._rows(
            "SELECT time FROM request WHERE account = ? AND base_id = ? AND model = ?"
            " AND effort = ? AND instructions = ? AND version = ? AND hit IS NOT NULL"
            " ORDER BY id DESC LIMIT 1",
            (account, sent.base_id, sent.model, sent.effort, sent.instructions, sent.version),
        )
        return float(rows[0][0]) if rows else None

    def enter(self, entry: Entry) -> int:
        """Write down a request that is about to be made; return its number."""
        sent = entry.sent
        row = (
            sent.time_s, entry.account, entry.endpoint, _plain(entry.repo), entry.session,
            entry.kind, sent.model, sent.effort, sent.instructions, sent.version, sent.base_id,
            entry.base_tokens, entry.overlay_tokens, entry.prompt_tokens, entry.units_tokens,
            entry.any_tokens, entry.expected_hit, entry.expected_usd,
        )  # fmt: skip

        def insert(db: sqlite3.Connection) -> sqlite3.Cursor:
            _forget(db, sent.time_s)
            return db.execute(
                "INSERT INTO request (time, account, endpoint, repo, session, kind, model, effort,"
                " instructions, version, base_id, base_tokens, overlay_tokens, prompt, units,"
                " anything, expected_hit, expected_usd)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )

        return self._write(insert)

    def settle(
        self,
        number: int,
        usage: Usage,
        *,
        usd: float,
        uncached_usd: float,
        cause: str,
        is_estimate: bool = False,
    ) -> None:
        """Write down what a request used.

        Args:
            number: From `enter`.
            usage: As the service reports it.
            usd: Its price.
            uncached_usd: What it would have cost, had nothing been cached.
            cause: Why the base missed; "" if it did not.
            is_estimate: The service did not say; nothing is learnt of it.
        """
        row = (
            usage.cache_hit_tokens, usage.cache_miss_tokens, usage.completion_tokens, usd,
            uncached_usd, cause, is_estimate, number,
        )  # fmt: skip
        self._write(
            lambda db: db.execute(
                "UPDATE request SET hit = ?, miss = ?, output = ?, usd = ?, uncached_usd = ?,"
                " cause = ?, is_estimate = ? WHERE id = ?",
                row,
            )
        )

    def requests(self, repo: str, most: int) -> list[dict[str, Any]]:
        """Return the last answered requests about a repository, newest first, by column."""
        names = [row[1] for row in self._rows("PRAGMA table_info(request)", ())]
        rows = self._rows(
            "SELECT * FROM request WHERE repo = ? AND hit IS NOT NULL ORDER BY id DESC LIMIT ?",
            (_plain(repo), most),
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    def carried_usd(self, repo: str, base_id: str, hit_price: float) -> float:
        """Return what the overlay of a base has cost so far, in US dollars.

        Args:
            repo: Folder of the repository.
            base_id: Of the base.
            hit_price: US dollars for a million cached tokens.
        """
        rows = self._rows(
            "SELECT total(overlay_tokens) FROM request WHERE repo = ? AND base_id = ?"
            " AND hit IS NOT NULL",
            (_plain(repo), base_id),
        )
        return float(rows[0][0]) * hit_price / 1e6 if rows else 0.0

    def last_used(self, repo: str, base_id: str) -> float | None:
        """Return when a base was last sent, in seconds since the epoch."""
        # The last one, not the latest: a clock may have been set back.
        rows = self._rows(
            "SELECT time FROM request WHERE repo = ? AND base_id = ? ORDER BY id DESC LIMIT 1",
            (_plain(repo), base_id),
        )
        return float(rows[0][0]) if rows else None

    def remembered(self, repo: str, key: str) -> dict[str, Any] | None:
        """Return the base that was remembered for a repository and settings."""
        rows = self._rows("SELECT body FROM base WHERE repo = ? AND key = ?", (_plain(repo), key))
        body = json.loads(rows[0][0]) if rows else None
        return body if isinstance(body, dict) else None

    def remember(self, repo: str, key: str, body: Mapping[str, Any], now_s: float) -> None:
        """Remember a base that git alone does not give."""
        row = (_plain(repo), key, now_s, json.dumps(body))
        self._write(lambda db: db.execute("REPLACE INTO base VALUES (?, ?, ?, ?)", row))

    def _known(
        self, account: str, marks: Sequence[Mark], now_s: float, within_s: float
    ) -> dict[str, tuple[int, float]]:
        """(is a unit, last sent) of the prefixes that were sent not so long ago, by digest."""
        found = dict[str, tuple[int, float]]()
        for at in range(0, len(marks), 500):
            part = [mark.digest for mark in marks[at : at + 500]]
            slots = ",".join("?" * len(part))
            which = f"account = ? AND used BETWEEN ? AND ? AND digest IN ({slots})"
            query = f"SELECT digest, is_unit, used FROM prefix WHERE {which}"  # noqa: S608
            times = (now_s - within_s, now_s + _SKEW_S)
            for digest, is_unit, used in self._rows(query, (account, *times, *part)):
                found[digest] = (is_unit, used)
        return found

    def _rows(self, query: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        """What a query finds; nothing if the file cannot be read, which costs a forecast alone."""
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            self._mend(error)
            return []

    def _write(self, work: Callable[[sqlite3.Connection], sqlite3.Cursor]) -> int:
        """Work in one transaction; return the number of the row that was added, or 0.

        A full disk, or a lock that is held too long, costs a forecast alone.
        """
        try:
            with self._db:
                self._db.execute("BEGIN IMMEDIATE")
                return work(self._db).lastrowid or 0
        except sqlite3.Error as error:
            self._mend(error)
            return 0

    def _mend(self, error: sqlite3.Error) -> None:
        """Throw a file away that is damaged; one that is busy or full may serve again."""
        if type(error) is not sqlite3.DatabaseError:
            return
        self._db.close()
        if self._path is not None:
            remove_file(self._path)
        self._db = open_file(self._path, self._wait_s)


def _forget(db: sqlite3.Connection, now_s: float) -> None:
    """Keep the file small."""
    db.execute("DELETE FROM prefix WHERE used < ?", (now_s - EXPIRED_S,))
    db.execute(
        "DELETE FROM prefix WHERE used <= (SELECT used FROM prefix ORDER BY used DESC"
        " LIMIT 1 OFFSET ?)",
        (MOST_PREFIXES,),
    )
    db.execute(
        "DELETE FROM request WHERE id <= (SELECT max(id) FROM request) - ?", (MOST_REQUESTS - 1,)
    )


def ledger_path() -> Path:
    """Return the file of the ledger, in the user's state folder."""
    from platformdirs import user_state_path

    return user_state_path("bathy", appauthor=False) / "ledger.sqlite"


def _plain(text: str) -> str:
    """A path as text that SQLite takes: bytes that are no UTF-8 are spelt out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
