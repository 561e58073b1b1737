import sqlite3
import stat
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from bathy.agent.loop.forecast import (
    EXPIRED_S,
    NEVER_ANYTHING_AFTER,
    NOTHING_AFTER,
    WARM_S,
    Mark,
    Sent,
    in_units,
)
from bathy.agent.loop.ledger import MOST_PREFIXES, MOST_REQUESTS, Entry, Ledger, account_of
from bathy.agent.model.messages import Usage
from hypothesis import given, settings
from hypothesis import strategies as st

NOW_S = 1_800_000_000.0
HOUR_S = 3600.0
SENT = Sent(NOW_S, "flash", "auto", "tools", 2, "base")
ENTRY = Entry(
    SENT, "me", "https://a", "/repo", "s1", "question", 1000, 50, 2000, 128, 1024, 128, 0.25
)
SIZES = {"a": 300, "b": 128, "c": 77, "d": 900, "r": 40, "s": 500}
Prefix = tuple[str, ...]


def marks_of(prompt: Sequence[str]) -> list[Mark]:
    """The ends of a prompt's stretches; each letter is one."""
    ends = range(1, len(prompt) + 1)
    sizes = [SIZES.get(letter, 128) for letter in prompt]
    return [Mark("turns", "".join(prompt[:n]), sum(sizes[:n])) for n in ends]


def tokens_of(prefix: Sequence[str]) -> int:
    return sum(SIZES[letter] for letter in prefix)


def send(ledger: Ledger, prompt: Sequence[str], reply: str = "", now_s: float = NOW_S) -> None:
    ledger.note_kept("me", marks_of(prompt), now_s)
    if reply:
        ledger.note_kept("me", marks_of([*prompt, reply]), now_s)


def answer(
    ledger: Ledger, entry: Entry = ENTRY, hit: int = 0, *, is_estimate: bool = False
) -> None:
    usage = Usage(entry.prompt_tokens, hit, entry.prompt_tokens - hit, 7, 0)
    number = ledger.enter(entry)
    ledger.settle(number, usage, usd=0.5, uncached_usd=0.75, cause="", is_estimate=is_estimate)


class Service:
    """A prefix cache by its plain definition, over whole stretches."""

    def __init__(self) -> None:
        self.units: set[Prefix] = set()
        self.read: list[tuple[Prefix, Prefix]] = []

    def hits(self, prompt: Prefix) -> tuple[int, int]:
        """(of whole units, of any prefix), in whole units of tokens."""
        units = max((tokens_of(u) for u in self.units if prompt[: len(u)] == u), default=0)
        anything = max((tokens_of(common(whole, prompt)) for _, whole in self.read), default=0)
        return in_units(units), in_units(anything)

    def send(self, prompt: Prefix, reply: str) -> None:
        whole = (*prompt, reply) if reply else prompt
        self.units |= {prompt, whole}
        self.units |= {common(whole, prompt)[: len(asked)] for asked, whole in self.read}
        self.read.append((prompt, whole))


def common(one: Prefix, other: Prefix) -> Prefix:
    at = 0
    while at < min(len(one), len(other)) and one[at] == other[at]:
        at += 1
    return one[:at]


PROMPTS = st.lists(st.sampled_from("abcd"), min_size=1, max_size=6).map(tuple)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(PROMPTS, st.sampled_from(["", "r", "s"])), max_size=8), PROMPTS)
def test_both_views_are_those_of_a_prefix_cache(
    requests: list[tuple[Prefix, str]], last: Prefix
) -> None:
    service = Service()
    with Ledger(None) as ledger:
        for prompt, reply in [*requests, (last, "")]:
            kept = ledger.kept("me", marks_of(prompt), NOW_S)
            assert (kept.units_tokens, kept.any_tokens) == service.hits(prompt)
            send(ledger, prompt, reply)
            service.send(prompt, reply)
        # A reply that is sent back is part of a prompt like any other.
        for prompt, reply in requests:
            longer = (*prompt, reply, "a") if reply else (*prompt, "a")
            kept = ledger.kept("me", marks_of(longer), NOW_S)
            assert (kept.units_tokens, kept.any_tokens) == service.hits(longer)


@pytest.mark.parametrize(
    ("later_s", "known"),
    [(0, True), (WARM_S, True), (WARM_S + 1, False), (-HOUR_S, True), (-HOUR_S - 1, False)],
)
def test_what_was_sent_is_warm_for_some_hours_whichever_way_a_clock_goes(
    later_s: float, known: bool
) -> None:
    with Ledger(None) as ledger:
        send(ledger, "ad")
        found = ledger.kept("me", marks_of("ad"), NOW_S + later_s)
    assert found.units_tokens == in_units(1200) * known
    assert found.age_s(0) == max(0, later_s) * known


def test_a_time_of_a_wrong_clock_is_put_right_by_the_next_request() -> None:
    with Ledger(None) as ledger:
        send(ledger, "ad", now_s=NOW_S + 10**8)
        assert ledger.kept("me", marks_of("ad"), NOW_S).any_tokens == 0
        send(ledger, "ad")
        assert ledger.kept("me", marks_of("ad"), NOW_S).any_tokens == in_units(1200)


def test_accounts_share_nothing() -> None:
    with Ledger(None) as ledger:
        send(ledger, "ad")
        assert ledger.kept("you", marks_of("ad"), NOW_S).any_tokens == 0


def test_what_two_prompts_share_stays_a_unit_when_one_of_them_is_cold() -> None:
    with Ledger(None) as ledger:
        send(ledger, "dab", now_s=NOW_S - EXPIRED_S)
        send(ledger, "dac")
        assert ledger.kept("me", marks_of("dad"), NOW_S).units_tokens == in_units(1200)
        send(ledger, "cab", now_s=NOW_S - EXPIRED_S - 1)
        send(ledger, "cac")
        assert ledger.kept("me", marks_of("cad"), NOW_S).units_tokens == 0


def test_the_age_of_a_miss_is_that_of_the_shortest_prefix_that_was_missed() -> None:
    with Ledger(None) as ledger:
        send(ledger, "dab", now_s=NOW_S - 5 * HOUR_S)
        send(ledger, "dac", now_s=NOW_S - 60)
        kept = ledger.kept("me", marks_of("dab"), NOW_S)
    assert kept.age_s(0) == 60
    assert kept.age_s(in_units(900)) == 60
    assert kept.age_s(in_units(1200)) == 5 * HOUR_S
    assert kept.age_s(in_units(1328)) == 0


def test_what_a_service_did_not_find_is_forgotten() -> None:
    with Ledger(None) as ledger:
        send(ledger, "d")
        send(ledger, "da")
        send(ledger, "dab")
        ledger.note_missed("you", marks_of("dab"), 0)
        assert ledger.kept("me", marks_of("dab"), NOW_S).units_tokens == in_units(1328)
        ledger.note_missed("me", marks_of("dab"), in_units(900))
        kept = ledger.kept("me", marks_of("dab"), NOW_S)
        assert (kept.units_tokens, kept.any_tokens) == (in_units(900), in_units(900))
        ledger.note_missed("me", marks_of("dab"), 0)
        assert ledger.kept("me", marks_of("dab"), NOW_S).any_tokens == 0
        send(ledger, "dab")
        kept = ledger.kept("me", marks_of("dab"), NOW_S)
        assert (kept.units_tokens, kept.any_tokens) == (in_units(1328), in_units(1328))
        assert ledger.kept("me", marks_of("da"), NOW_S).units_tokens == 0


def test_a_request_that_was_never_answered_tells_nothing() -> None:
    with Ledger(None) as ledger:
        ledger.enter(ENTRY)
        assert ledger.last("me", "/repo") is None
        assert ledger.last_alike("me", SENT) is None
        assert ledger.requests("/repo", 10) == []
        answer(ledger, is_estimate=True)
        assert ledger.last("me", "/repo") == SENT
        assert ledger.last("me", "/elsewhere") is None
        assert ledger.last("you", "/repo") is None
        assert ledger.last_alike("me", replace(SENT, time_s=0)) == NOW_S
        for other in ({"model": "m"}, {"effort": "max"}, {"instructions": "t"}, {"version": 3},
                      {"base_id": "o"}):  # fmt: skip
            assert ledger.last_alike("me", replace(SENT, **other)) is None
        assert ledger.last_alike("you", SENT) is None


def test_requests_come_back_newest_first_by_column() -> None:
    with Ledger(None) as ledger:
        answer(ledger, hit=128)
        answer(ledger, replace(ENTRY, kind="turn", sent=replace(SENT, time_s=NOW_S - 9)))
        answer(ledger, replace(ENTRY, repo="/other"))
        newest, oldest = ledger.requests("/repo", 10)
        assert len(ledger.requests("/repo", 1)) == 1
    assert (newest["kind"], oldest["kind"]) == ("turn", "question")
    assert (oldest["hit"], oldest["miss"], oldest["output"]) == (128, 1872, 7)
    assert (oldest["usd"], oldest["uncached_usd"], oldest["expected_usd"]) == (0.5, 0.75, 0.25)
    assert (oldest["session"], oldest["base_tokens"], oldest["overlay_tokens"]) == ("s1", 1000, 50)


def test_what_a_service_keeps_is_learnt_from_its_reports() -> None:
    with Ledger(None) as ledger:
        assert ledger.believed("me", "flash") == "units"
        for _ in range(2):
            answer(ledger, hit=1024)
        assert ledger.believed("me", "flash") == "any"
        assert ledger.believed("me", "pro") == ledger.believed("you", "flash") == "units"
        for _ in range(3):
            answer(ledger, hit=128)
        assert ledger.believed("me", "flash") == "units"


def test_of_what_the_service_did_not_say_nothing_is_learnt() -> None:
    with Ledger(None) as ledger:
        for _ in range(5):
            answer(ledger, hit=1024, is_estimate=True)
            ledger.enter(ENTRY)
        assert ledger.believed("me", "flash") == "units"


def test_a_server_that_counts_otherwise_is_compared_in_our_tokens() -> None:
    entry = replace(ENTRY, prompt_tokens=2000, units_tokens=1000, any_tokens=1400)
    with Ledger(None) as ledger:
        # It counts 3000 tokens where we count 2000, so that its 1500 are our 1000.
        ledger.settle(
            ledger.enter(entry), Usage(3000, 1500, 1500, 1, 0), usd=0, uncached_usd=0, cause=""
        )
        assert ledger.believed("me", "flash") == "units"


def test_a_service_that_reports_no_hits_is_found_out_and_may_begin_to() -> None:
    with Ledger(None) as ledger:
        for _ in range(NEVER_ANYTHING_AFTER):
            assert ledger.believed("me", "flash") == "units"
            answer(ledger)
        assert ledger.believed("me", "flash") == "nothing"
        assert not ledger.has_hit("me", "flash")
        answer(ledger, hit=128)
        assert ledger.has_hit("me", "flash")
        assert not ledger.has_hit("me", "pro")
        for _ in range(NOTHING_AFTER - 1):
            answer(ledger)
        # What was not expected to hit anything tells nothing.
        for _ in range(5):
            answer(ledger, replace(ENTRY, units_tokens=0, any_tokens=0))
        assert ledger.believed("me", "flash") == "units"
        answer(ledger)
        assert ledger.believed("me", "flash") == "nothing"
        answer(ledger, replace(ENTRY, units_tokens=0), hit=128)
        assert ledger.believed("me", "flash") == "units"


def test_what_is_carried_is_summed_over_answered_requests_of_one_base() -> None:
    with Ledger(None) as ledger:
        assert ledger.carried_usd("/repo", "base", 2.0) == 0
        answer(ledger)
        answer(ledger)
        ledger.enter(ENTRY)
        answer(ledger, replace(ENTRY, sent=replace(SENT, base_id="other")))
        assert ledger.carried_usd("/repo", "base", 2.0) == pytest.approx(100 * 2 / 1e6)


def test_a_base_was_last_used_when_it_was_sent_last_also_by_a_clock_that_was_set_back() -> None:
    with Ledger(None) as ledger:
        assert ledger.last_used("/repo", "base") is None
        answer(ledger, replace(ENTRY, sent=replace(SENT, time_s=NOW_S + 10**8)))
        answer(ledger)
        assert ledger.last_used("/repo", "base") == NOW_S


def test_a_base_is_remembered_by_repository_and_settings() -> None:
    with Ledger(None) as ledger:
        ledger.remember("/repo", "k", {"commit": "c1"}, NOW_S)
        ledger.remember("/repo", "k", {"commit": "c2"}, NOW_S)
        assert ledger.remembered("/repo", "k") == {"commit": "c2"}
        assert ledger.remembered("/repo", "other") is ledger.remembered("/other", "k") is None


def test_a_folder_whose_name_is_no_text_is_a_folder_like_any_other() -> None:
    odd = "/caf\udce9"
    with Ledger(None) as ledger:
        answer(ledger, replace(ENTRY, repo=odd))
        ledger.remember(odd, "k", {"a": 1}, NOW_S)
        assert len(ledger.requests(odd, 5)) == 1
        assert ledger.last("me", odd) == SENT
        assert ledger.remembered(odd, "k") == {"a": 1}
        assert ledger.last_used(odd, "base") == NOW_S
        assert ledger.carried_usd(odd, "base", 1e6) == 50


def test_the_file_stays_small_and_keeps_what_is_newest() -> None:
    with Ledger(None) as ledger:
        old = [Mark("turns", f"old {n}", 128 * n) for n in range(MOST_PREFIXES)]
        ledger.note_kept("me", old, NOW_S - 60)
        send(ledger, "ad")
        for n in range(MOST_REQUESTS + 5):
            ledger.enter(replace(ENTRY, session=str(n)))
        assert ledger.kept("me", old, NOW_S).any_tokens == 0
        assert ledger.kept("me", marks_of("ad"), NOW_S).units_tokens == in_units(1200)
        answer(ledger, replace(ENTRY, session="last"))
        assert ledger.requests("/repo", 1)[0]["session"] == "last"
        assert ledger._db.execute("SELECT count(*) FROM request").fetchone() == (MOST_REQUESTS,)


def test_prefixes_that_have_expired_are_thrown_away() -> None:
    with Ledger(None) as ledger:
        send(ledger, "ad", now_s=NOW_S - EXPIRED_S - 1)
        send(ledger, "bc", now_s=NOW_S - EXPIRED_S + 1)
        ledger.enter(ENTRY)
        left = ledger._db.execute("SELECT digest FROM prefix ORDER BY digest").fetchall()
    assert left == [("b",), ("bc",)]


def test_long_conversations_are_looked_up_whole() -> None:
    prompt = [f"x{n}" for n in range(1_300)]
    with Ledger(None) as ledger:
        send(ledger, prompt)
        assert ledger.kept("me", marks_of(prompt), NOW_S).units_tokens == 1_300 * 128


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "bathy" / "ledger.sqlite"
    with Ledger(path) as ledger:
        answer(ledger)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with Ledger(path) as ledger:
        assert len(ledger.requests("/repo", 5)) == 1


def test_several_write_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    Ledger(path).close()
    errors = list[BaseException]()

    def work(name: str) -> None:
        try:
            with Ledger(path) as ledger:
                for n in range(40):
                    answer(ledger, replace(ENTRY, session=name), hit=n)
                    send(ledger, [name, str(n)])
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in "1234"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with Ledger(path) as ledger:
        rows = ledger.requests("/repo", 1000)
        for name in "1234":
            assert sorted(r["hit"] for r in rows if r["session"] == name) == list(range(40))
            assert ledger.kept("me", marks_of([name, "39"]), NOW_S).units_tokens == 256


def test_a_file_that_somebody_else_writes_to_for_long_costs_a_forecast_alone(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger(path, wait_s=0) as ledger:
        send(ledger, "ad")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        number = ledger.enter(ENTRY)
        ledger.settle(number, Usage(), usd=0, uncached_usd=0, cause="")
        send(ledger, "bd")
        assert ledger.kept("me", marks_of("ad"), NOW_S).units_tokens == in_units(1200)
        assert ledger.kept("me", marks_of("bd"), NOW_S).units_tokens == 0
        other.execute("ROLLBACK")
        other.close()
        answer(ledger)
        assert len(ledger.requests("/repo", 5)) == 1


def test_a_file_that_cannot_be_opened_at_once_is_done_without(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with Ledger(path, wait_s=0) as ledger:
        answer(ledger)
        assert len(ledger.requests("/repo", 5)) == 1
    other.close()
    with Ledger(tmp_path / "ledger.sqlite" / "below", wait_s=0) as ledger:
        answer(ledger)
        assert len(ledger.requests("/repo", 5)) == 1


def test_a_file_that_is_no_ledger_gives_way_to_one(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"no database at all" * 1000)
    for left in (1, 2):
        with Ledger(path) as ledger:
            answer(ledger)
            assert len(ledger.requests("/repo", 5)) == left


@pytest.mark.parametrize("reads", [True, False])
def test_a_file_that_is_found_damaged_later_gives_way_to_a_new_one(
    tmp_path: Path, reads: bool
) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger(path) as ledger:
        for n in range(50):
            answer(ledger)
            send(ledger, [str(n), "a"])
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    with Ledger(path) as ledger:
        if reads:
            assert ledger.kept("me", marks_of("ad"), NOW_S).any_tokens == 0
        answer(ledger)
        answer(ledger)
        assert 1 <= len(ledger.requests("/repo", 5)) <= 2
    with Ledger(path) as ledger:
        assert 1 <= len(ledger.requests("/repo", 5)) <= 2


def test_the_ledger_of_another_version_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with sqlite3.connect(path) as old:
        old.execute("CREATE TABLE request (id INTEGER PRIMARY KEY, other TEXT)")
        old.execute("CREATE TABLE gone (x)")
        old.execute("PRAGMA user_version = 1")
    old.close()
    with Ledger(path) as ledger:
        answer(ledger)
        assert len(ledger.requests("/repo", 5)) == 1


def test_tables_that_go_away_meanwhile_cost_a_forecast_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger(path) as ledger:
        with sqlite3.connect(path) as other:
            other.execute("DROP TABLE request")
        other.close()
        assert ledger.enter(ENTRY) == 0
        assert ledger.last("me", "/repo") is None
        assert ledger.believed("me", "flash") == "units"
        assert ledger.carried_usd("/repo", "base", 1.0) == 0


def test_an_account_is_a_name_that_gives_no_key_away() -> None:
    key = "sk-very-secret"
    one = account_of("https://a", key)
    assert one == account_of("https://a", key)
    assert len({one, account_of("https://b", key), account_of("https://a", "sk-other")}) == 3
    assert key not in one
