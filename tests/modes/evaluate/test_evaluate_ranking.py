import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.errors import ConfigError
from bathy.agent.modes.evaluate.methods import score_path_words
from bathy.agent.modes.evaluate.questions import read_questions
from conftest import Run
from evaluate_history import History

QUESTION = {
    "id": "a",
    "commit": "HEAD",
    "question": "who is greeted?",
    "gold_files": ["shop/mail.py"],
}


def write(path: Path, *lines: Any) -> Path:
    path.write_text(
        "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)
    )
    return path


@pytest.fixture
def clones(history: History, tmp_path: Path) -> Path:
    (tmp_path / "clones").mkdir()
    history.repo.root.rename(tmp_path / "clones" / "acme+shop")
    return tmp_path / "clones"


def test_questions_are_measured_by_repository_and_in_all(
    clones: Path, run: Run, tmp_path: Path, history: History
) -> None:
    shutil = clones / "acme+copy"
    history.repo.root = clones / "acme+shop"
    history.repo.git("clone", "-q", "--bare", ".", str(shutil))
    file = write(
        tmp_path / "q.jsonl",
        {**QUESTION, "repo": "acme/shop"},
        "\n",
        {"id": 2, "repo": "acme/copy", "base_commit": history.commits["mail"], "query": "sum up prices\nof a cart", "answer_files": ["shop/cart.py", "shop/cart.py", "gone.py"], "more": [1]},
        {"id": 3, "repo": "acme/shop", "commit": history.commits["mail"], "query": "the subject of a receipt", "gold_files": ["shop/mail.py"]},
    )  # fmt: skip
    done = run("eval", "ranking", file, "--repos", clones, "--output-format", "json")
    assert done.code == 0
    found = done.json
    assert (found["what"], found["subject"]) == ("ranking", "q.jsonl")
    assert [item["id"] for item in found["items"]] == ["a", "2", "3"]
    assert [(group["name"], group["n"]) for group in found["groups"]] == [
        ("acme/copy", 1), ("acme/shop", 2), ("all", 3),
    ]  # fmt: skip
    second = found["items"][1]
    assert second["gold"] == ["shop/cart.py", "gone.py"]
    assert second["methods"]["bathy"]["ranks"] == {"shop/cart.py": 1, "gone.py": None}
    assert second["methods"]["bathy"]["recall@10"] == 0.5
    assert second["methods"]["bathy"]["lines@10"] is None
    table = run("eval", "ranking", file, "--repos", clones, "--limit", "1")
    assert table.out.splitlines()[0].split()[:4] == ["all,", "n", "=", "1"]
    assert "lines@10" not in table.out


def test_questions_without_a_repository_are_asked_of_the_current_one(
    history: History, run: Run, tmp_path: Path
) -> None:
    file = write(tmp_path / "q.jsonl", QUESTION)
    done = run("eval", "ranking", file, "-C", history.repo.root, "--output-format", "json")
    assert done.code == 0
    (item,) = done.json["items"]
    assert item["repo"] == "repo"
    assert item["methods"]["bathy"]["ranks"] == {"shop/mail.py": 1}


def test_what_cannot_be_measured_is_left_out_and_said(
    clones: Path, run: Run, tmp_path: Path
) -> None:
    file = write(
        tmp_path / "q.jsonl",
        {**QUESTION, "repo": "acme/shop"},
        {**QUESTION, "id": "b", "repo": "acme/shop", "commit": "no-such"},
        {**QUESTION, "id": "c\x1b[31m", "repo": "acme/gone\x1b[31m"},
    )
    done = run("eval", "ranking", file, "--repos", clones)
    assert done.code == 1
    assert "n = 1" in done.out
    assert "2 questions could not be measured" in done.out
    assert "b is left out: no commit 'no-such'" in done.err
    assert 'there is no clone of it; give --repos DIR that holds "acme+gone' in done.err
    assert "\x1b" not in done.err
    found = run("eval", "ranking", file, "--repos", clones, "--output-format", "json").json
    assert sorted(found["failed"]) == ["b", "c\x1b[31m"]
    file = write(tmp_path / "q.jsonl", QUESTION, {**QUESTION, "id": "b", "repo": "x/y"})
    done = run("eval", "ranking", file, "-C", clones / "acme+shop")
    assert (done.code, "\n1 question could not be measured" in done.out) == (1, True)
    file = write(tmp_path / "q.jsonl", {**QUESTION, "repo": "x/y"})
    assert run("eval", "ranking", file).code == 1


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "line 2: the line: Invalid JSON"),
        ("[]", "line 2"),
        ({"id": "b"}, "line 2: it needs a base_commit or commit"),
        ({**QUESTION, "id": "b", "question": " "}, "line 2: it needs a query or question"),
        ({"id": "b", "commit": "c", "query": "q"}, "line 2: it needs gold_files or answer_files"),
        ({**QUESTION, "id": "b", "gold_files": []}, "line 2: gold_files"),
        ({**QUESTION, "id": "b", "gold_files": [""]}, "line 2: gold_files.0"),
        ({**QUESTION, "id": "b", "gold_files": "x"}, "line 2: gold_files"),
        ({**QUESTION, "id": None}, "line 2: id"),
        (QUESTION, "line 2: the id stands in line 1, too"),
        ('{"id": "\\ud800", "commit": "c"}', "line 2"),
        (
            {**QUESTION, "id": "b", "changed_lines": {"a": [[1, 1 << 31]]}},
            "line 2: changed_lines.a.0.1",
        ),
    ],
)
def test_a_broken_line_is_named_and_nothing_is_measured(
    tmp_path: Path, run: Run, line: Any, says: str
) -> None:
    file = write(tmp_path / "q.jsonl", QUESTION, line)
    done = run("eval", "ranking", file, "-C", tmp_path)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert done.err.count("\n") == 1


def test_all_broken_lines_are_named_up_to_ten(tmp_path: Path) -> None:
    file = write(tmp_path / "q.jsonl", *["{\n"] * 12)
    with pytest.raises(ConfigError, match=r"line 10: .*; and 2 more$"):
        read_questions(file, tmp_path)


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_bytes(b"\xff\xfe")
    os.mkfifo(tmp_path / "silent")
    for name, says in (
        ("none.jsonl", "cannot be read: No such file"),
        ("b.jsonl", "is no UTF-8 text"),
        (".", "cannot be read: Is a directory"),
        ("silent", "holds no questions"),
    ):
        with pytest.raises(ConfigError, match=says):
            read_questions(tmp_path / name, tmp_path)
    with pytest.raises(ConfigError, match="holds no questions"):
        read_questions(write(tmp_path / "e.jsonl", "\n"), tmp_path)


def test_a_pipe_that_somebody_writes_to_is_read_to_its_end(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    line = json.dumps(QUESTION).encode()

    def tell() -> None:
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            pipe.write(line[:9])
            pipe.write(line[9:])

    written = threading.Thread(target=tell)
    written.start()
    (found,) = read_questions(Path(f"/dev/fd/{reading}"), tmp_path)
    written.join()
    os.close(reading)
    assert found.item.id == "a"


def test_path_words_put_rare_words_first_and_leave_out_what_has_none() -> None:
    paths = ["src/cart.py", "src/mail.py", "src/stock.py", "tests/test_cart.py", "docs/index.md"]
    found = score_path_words({"cart": 1.0, "mail": 1.0, "src": 1.0}, paths)
    assert sorted(found, key=lambda path: (-found[path], path)) == [
        "src/mail.py", "src/cart.py", "tests/test_cart.py", "src/stock.py",
    ]  # fmt: skip
    assert score_path_words({}, paths) == {}
    assert score_path_words({"cart": 1.0}, []) == {}


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--help",), "this repository's own last 50 fit commits"),
        (("history", "--help"), "so many commits"),
        (("ranking", "--help"), "FILE.jsonl"),
        (("triage", "--help"), "FILE.jsonl"),
    ],
)
def test_the_help_teaches(run: Run, args: tuple[str, ...], says: str) -> None:
    done = run("eval", *args)
    assert done.code == 0
    assert says in done.out


def test_what_is_measured_must_be_said(run: Run) -> None:
    done = run("eval")
    assert done.code == 2
    assert "see 'bathy eval --help'" in done.err
