import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from bathy.agent.modes.tui.input.history import History, Recall, history_path
from bathy.tools.redact import redact


def same(text: str) -> str:
    return text


def texts(path: Path) -> list[str]:
    return [json.loads(line)["text"] for line in path.read_text().splitlines()]


def test_entries_come_back_in_the_next_session(tmp_path: Path) -> None:
    path = tmp_path / "new" / "history.jsonl"
    first = History(path, same)
    for text in ("one", "two\nlines 数据", "two\nlines 数据", "  "):
        first.add(text)
    assert History(path, same).entries == ["one", "two\nlines 数据"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.read_bytes().isascii()


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.touch(mode=0o644)
    History(path, same).add("one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_secrets_are_not_written_and_stay_in_this_session(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    key = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    history = History(path, lambda text: redact(text).text)
    history.add(f"why is {key} refused?")
    assert key in history.entries[0]
    assert key not in path.read_text()
    assert "why is" in History(path, same).entries[0]


def test_what_is_written_may_differ_from_what_comes_back(tmp_path: Path) -> None:
    history = History(tmp_path / "h.jsonl", same)
    history.add("[Image #1 a.png]", "/home/me/a.png")
    assert history.entries == ["[Image #1 a.png]"]
    assert History(tmp_path / "h.jsonl", same).entries == ["/home/me/a.png"]


def test_damaged_lines_say_nothing_and_swallow_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    whole = json.dumps({"text": "whole"})
    path.write_text(f'{whole}\n{{"text": 3}}\n[]\n\n"x"\n{{"text": "cut sho')
    history = History(path, same)
    assert history.entries == ["whole"]
    history.add("next")
    assert History(path, same).entries == ["whole", "next"]


def test_the_file_is_bounded_and_keeps_the_newest(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "history.jsonl"
    history = History(path, same, most=10)
    for n in range(55):
        history.add(f"question {n}")
        assert len(texts(path)) <= 20
    assert texts(path)[-10:] == [f"question {n}" for n in range(45, 55)]
    assert history.entries == texts(path)[-10:]
    assert sorted(each.name for each in path.parent.iterdir()) == ["history.jsonl", "history.lock"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_large_entries_do_not_grow_the_file_without_end(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    history = History(path, same)
    history.add("x" * 100_000)
    assert not path.exists()
    for n in range(80):
        history.add(f"{n} {'y' * 60_000}")
    assert path.stat().st_size < 3 << 20
    assert texts(path)[-1].startswith("79 ")


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    code = (
        "import sys; from pathlib import Path;"
        "from bathy.agent.modes.tui.input.history import History;"
        "h = History(Path(sys.argv[1]), str);"
        "[h.add(f'{sys.argv[2]} {n}') for n in range(50)]"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(path), name]) for name in ("a", "b", "c")
    ]
    assert [each.wait() for each in started] == [0, 0, 0]
    assert sorted(texts(path)) == sorted(f"{name} {n}" for name in "abc" for n in range(50))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    history = History(folder / "h.jsonl", same)
    history.add("one")
    assert history.entries == ["one"]
    assert "cannot be kept" in history.problem


def test_neither_links_nor_folders_are_written_through(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.touch()
    path = tmp_path / "h.jsonl"
    path.symlink_to(target)
    history = History(path, same)
    history.add("one")
    assert target.read_bytes() == b""
    assert "cannot be kept" in history.problem
    assert history.entries == ["one"]


def test_every_repository_has_a_file_of_its_own(tmp_path: Path) -> None:
    one, other = (history_path(tmp_path, Path(name)) for name in ("/src/flask", "/src/数据"))
    assert one != other
    assert one == history_path(tmp_path, Path("/src/flask"))
    assert "flask" not in one.name


def recall(*entries: str) -> Recall:
    history = History(None, same)
    for entry in entries:
        history.add(entry)
    return Recall(history)


def test_the_way_back_and_forth_keeps_what_was_being_written() -> None:
    way = recall("one", "two")
    assert way.newer("draft") is None
    assert way.older("draft") == "two"
    assert way.older("two changed") == "one"
    assert way.older("one") is None
    assert way.newer("one") == "two changed"
    assert way.newer("two changed") == "draft"
    assert way.newer("draft") is None


def test_a_new_entry_is_the_first_to_come_back() -> None:
    history = History(None, same)
    way = Recall(history)
    assert way.older("") is None
    history.add("one")
    way.leave()
    assert way.older("") == "one"
    history.add("two")
    way.leave()
    assert way.older("") == "two"
