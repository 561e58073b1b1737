from pathlib import Path

from bathy.agent.index.repo import Stated
from bathy.agent.index.store import KEPT_PASTS, KEPT_RESULTS, Store, result_key
from bathy.tools.workspace import FileStat


def test_facts_come_back_and_symbols_only_when_asked_for(tmp_path: Path) -> None:
    with Store(tmp_path / "a" / "index.sqlite") as store:
        store.keep_facts([("k1", "[1]", "[2]"), ("k2", "[3]", "")])
        with_symbols = sorted(store.facts(["k1", "k2", "k3"], with_symbols=True))
        assert with_symbols == [("k1", "[1]", "[2]"), ("k2", "[3]", "")]
        assert list(store.facts(["k1"], with_symbols=False)) == [("k1", "[1]", "")]


def test_facts_without_symbols_do_not_wipe_known_symbols(tmp_path: Path) -> None:
    with Store(tmp_path / "index.sqlite") as store:
        store.keep_facts([("k", "[1]", "[2]")])
        store.keep_facts([("k", "[1]", "")])
        assert list(store.facts(["k"], with_symbols=True)) == [("k", "[1]", "[2]")]


def test_what_is_stored_survives_the_process(tmp_path: Path) -> None:
    with Store(tmp_path / "index.sqlite") as store:
        store.keep_result("r", {"x": 1})
    with Store(tmp_path / "index.sqlite") as store:
        assert store.result("r") == {"x": 1}


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    path.write_bytes(b"this is no database" * 1000)
    with Store(path) as store:
        store.keep_result("r", {"x": 1})
        assert store.result("r") == {"x": 1}


def test_a_folder_that_cannot_be_made_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with Store(tmp_path / "file" / "index.sqlite") as store:
        store.keep_result("r", {"x": 1})
        assert store.result("r") == {"x": 1}


def test_only_the_newest_results_are_kept(tmp_path: Path) -> None:
    with Store(tmp_path / "index.sqlite") as store:
        for number in range(KEPT_RESULTS + 3):
            store.keep_result(f"r{number}", {})
        assert store.result("r0") is None
        assert store.result(f"r{KEPT_RESULTS + 2}") == {}


def test_pasts_are_kept_apart_from_results_and_only_the_newest_of_them(tmp_path: Path) -> None:
    with Store(tmp_path / "index.sqlite") as store:
        store.keep_result("r", {"x": 1})
        for number in range(KEPT_PASTS + 2):
            store.keep_past(f"p{number}", {"paths": [f"caf\udce9{number}"]})
        assert store.past("r") is store.past("p1") is store.result("p2") is None
        assert store.result("r") == {"x": 1}
    with Store(tmp_path / "index.sqlite") as store:
        assert store.past("p2") == {"paths": ["caf\udce92"]}


def test_states_of_files_changed_just_now_are_not_trusted(tmp_path: Path) -> None:
    old = Stated(FileStat(0o100644, 3, 1, 1, 7), "a" * 40)
    fresh = Stated(FileStat(0o100644, 3, 1 << 62, 1 << 62, 8), "b" * 40)
    with Store(tmp_path / "index.sqlite") as store:
        store.keep_states({"old.py": old, "caf\udce9": old, "fresh.py": fresh}, {})
        assert store.states() == {"old.py": old, "caf\udce9": old}
        store.keep_states({"old.py": old}, store.states())
        assert store.states() == {"old.py": old}


def test_a_text_is_counted_once(tmp_path: Path) -> None:
    counted: list[str] = []

    def count(text: str) -> int:
        counted.append(text)
        return len(text)

    with Store(tmp_path / "index.sqlite") as store:
        for _ in range(2):
            with store.counting(count) as remember:
                assert remember("abc") == 3
    assert counted == ["abc"]


def test_keys_tell_their_parts_apart() -> None:
    assert result_key("a", "bc") != result_key("ab", "c")
