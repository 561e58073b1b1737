import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from evaluate_history import History
from repo_builder import RepoBuilder


def items_by_id(found: Any) -> dict[str, Any]:
    return {item["id"]: item for item in found["items"]}


def ours(item: Any) -> Any:
    return item["methods"]["bathy"]


def test_questions_are_the_commits_that_changed_source_newest_first(
    history: History, run: Run
) -> None:
    done = run("eval", "history", "-C", history.repo.root, "--output-format", "json")
    assert done.code == 0
    found, commits = done.json, history.commits
    assert [item["id"] for item in found["items"]] == [
        commits[name] for name in ("stock", "zebra", "mail")
    ]
    by_id = items_by_id(found)
    assert by_id[commits["mail"]]["title"] == "Shorten the subject of a receipt"
    assert by_id[commits["mail"]]["gold"] == ["shop/mail.py"]
    assert by_id[commits["stock"]]["title"] == "Reserve no negative count in shop/stock.py"
    assert by_id[commits["stock"]]["gold"] == ["shop/stock.py"]
    assert by_id[commits["zebra"]]["gold"] == ["shop/cart.py"]
    assert found["left_out"] == {
        "a change of versions": 1,
        "no source file of the parent was changed": 2,
    }
    assert [(group["name"], group["n"]) for group in found["groups"]] == [
        ("all", 3), ("names no file", 2), ("names the file", 1),
    ]  # fmt: skip
    assert found["was_stopped"] is False


def test_the_file_that_is_known_to_be_right_is_found(history: History, run: Run) -> None:
    found = run("eval", "history", "-C", history.repo.root, "--output-format", "json").json
    mail = ours(items_by_id(found)[history.commits["mail"]])
    assert mail["ranks"] == {"shop/mail.py": 1}
    assert mail["recall@1"] == mail["mrr"] == mail["all@10"] == mail["recall_32k"] == 1
    assert mail["lines@10"] == mail["lines_32k"] == 1
    means = found["groups"][0]["methods"]["bathy"]["recall@10"]
    assert means["low"] <= means["mean"] <= means["high"]


def test_nothing_of_a_change_or_of_what_came_later_is_seen(history: History, run: Run) -> None:
    args = ("eval", "history", "-C", history.repo.root, "--output-format", "json")
    # The second time the words of every commit are in the index already.
    for _ in range(2):
        found = run(*args).json
        for item in found["items"]:
            commit = item["commit"]
            listed = history.repo.git("ls-tree", "-r", "--name-only", commit).split()
            assert item["files"] == len(listed)
            assert history.repo.git("rev-parse", f"{item['id']}^1").strip() == commit
            for method in item["methods"].values():
                assert set(method["top"]) <= set(listed)
        zebra = items_by_id(found)[history.commits["zebra"]]
        assert ours(zebra)["top"][0] == "shop/cart.py"
        assert "shop/zebra.py" not in json.dumps(zebra)


def test_an_item_is_the_same_wherever_the_walk_begins(history: History, run: Run) -> None:
    args = ("eval", "history", "-C", history.repo.root, "--output-format", "json")
    early = run(*args, "--rev", history.commits["zebra"]).json
    late = items_by_id(run(*args).json)
    assert [item["id"] for item in early["items"]] == [
        history.commits["zebra"],
        history.commits["mail"],
    ]
    for item in early["items"]:
        assert item == late[item["id"]]
    assert run(*args, "--rev", history.commits["zebra"]).json == early


def test_a_bare_clone_gives_the_same(history: History, run: Run, tmp_path: Path) -> None:
    args = ("eval", "history", "--output-format", "json")
    history.repo.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    bare = run(*args, "-C", tmp_path / "bare.git").json
    tree = run(*args, "-C", history.repo.root).json
    assert bare["subject"] == "bare.git"
    assert [dict(item, repo="") for item in bare["items"]] == [
        dict(item, repo="") for item in tree["items"]
    ]


def test_what_is_not_committed_is_not_seen(history: History, run: Run) -> None:
    args = ("eval", "history", "-C", history.repo.root, "--output-format", "json")
    before = run(*args).json
    history.repo.file("shop/new.py", "receipt = 'subject of a receipt'\n").file("shop/mail.py", "")
    assert run(*args).json == before


def test_the_table_has_a_row_for_each_method_and_says_what_was_left_out(
    history: History, run: Run
) -> None:
    done = run("eval", "history", "-C", history.repo.root, "--limit", "2")
    lines = done.out.splitlines()
    assert lines[0].split() == [
        "all,",
        "n",
        "=",
        "2",
        *["recall@1", "@5", "@10", "all@10", "MRR"],
        *["in", "32k", "in", "128k", "lines@10", "lines", "32k"],
    ]
    assert [line[:22].strip() for line in lines[1:6]] == [
        "bathy", "95 % of resamples", "words in the path", "BM25 of whole files", "random order",
    ]  # fmt: skip
    assert len({len(line) for line in lines[:6]}) == 1
    assert "3 commits were looked at, and these left out:" in done.out
    assert "1  a change of versions" in done.out


def test_settings_choose_what_is_searched(history: History, run: Run) -> None:
    args = ("eval", "history", "-C", history.repo.root, "--output-format", "json")
    found = run(*args, "--exclude", "shop/mail.py").json
    assert history.commits["mail"] not in items_by_id(found)
    assert all("shop/mail.py" not in ours(item)["top"] for item in found["items"])


def test_many_sources_and_moves_are_no_questions(repo: RepoBuilder, run: Run) -> None:
    for n in range(7):
        repo.file(f"part{n}.py", f"def part{n}():\n    return {n}\n")
    repo.commit("Begin with seven small parts")
    for n in range(6):
        repo.file(f"part{n}.py", f"def part{n}():\n    return {n} + 1\n")
    repo.commit("Make six of the parts larger by one")
    repo.git("mv", "part0.py", "piece0.py")
    repo.commit("Call the first of the parts a piece")
    done = run("eval", "history", "-C", repo.root)
    assert done.code == 1
    assert "no commit of repo is fit to be a question" in done.err
    assert "1 more than 5 source files were changed" in done.err
    assert "1 no source file of the parent was changed" in done.err
    repo.git("mv", "piece0.py", "bit0.py")
    repo.file("bit0.py", "def part0():\n    return 0 + 1\n\n\nlast = part0\n")
    repo.commit("Call the first piece a bit, and name the last")
    (item,) = run("eval", "history", "-C", repo.root, "--output-format", "json").json["items"]
    assert item["gold"] == ["piece0.py"]


def test_a_folder_without_history_is_refused(run: Run, tmp_path: Path, repo: RepoBuilder) -> None:
    (tmp_path / "plain").mkdir()
    done = run("eval", "history", "-C", tmp_path / "plain")
    assert (done.code, done.out) == (2, "")
    assert "is no git repository" in done.err
    done = run("eval", "history", "-C", repo.root)
    assert done.code == 1
    assert "has no commits yet" in done.err
    repo.file("a.py", "a = 1\n").commit("Begin with a number of one")
    done = run("eval", "history", "-C", repo.root)
    assert done.code == 1
    assert "(no commits)" in done.err


@pytest.mark.parametrize("output", ["none/x.html", "."])
def test_what_cannot_be_written_is_said_before_the_work(
    history: History, run: Run, output: str
) -> None:
    done = run("eval", "history", "-C", history.repo.root, "-o", output)
    assert (done.code, done.out) == (2, "")
    assert "cannot write" in done.err
    assert run("eval", "history", "-C", history.repo.root, "--output-format", "markdown").code == 2
    assert (
        run("eval", "history", "-C", history.repo.root, "--output-format", "stream-json").code == 2
    )


@pytest.mark.parametrize("option", ["--task=foo", "--dry-run", "--diff=HEAD", "--apply"])
def test_what_only_a_model_does_is_refused(history: History, run: Run, option: str) -> None:
    done = run("eval", "history", "-C", history.repo.root, option)
    assert (done.code, done.out) == (2, "")
    assert f"{option.partition('=')[0]}" in done.err
    assert "leave" in done.err


def test_the_suffix_of_a_file_says_what_it_holds(
    history: History, run: Run, tmp_path: Path
) -> None:
    args = ("eval", "history", "-C", history.repo.root, "-o")
    text = run(*args, tmp_path / "x.txt").out
    assert (tmp_path / "x.txt").read_text() == text
    assert run(*args, tmp_path / "x.json").out == text
    assert json.loads((tmp_path / "x.json").read_text())["what"] == "history"
    assert run(*args, tmp_path / "x.html").out == text
    page = (tmp_path / "x.html").read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert page.count("<svg") == 2
    assert "Every question has a right file among its first ten." in page
    assert sorted(p.name for p in tmp_path.glob("*x.*")) == ["x.html", "x.json", "x.txt"]


def test_hostile_messages_and_names_reach_no_terminal_and_no_page(
    repo: RepoBuilder, run: Run, tmp_path: Path
) -> None:
    name = "<img src=x>\x1b[31m.py"
    for n in range(12):
        repo.file(f"other{n}.py", "def walk_quickly():\n    return 'walk quickly over hills'\n" * 3)
    repo.commit("Begin with some files of many words")
    # Apart, lest it be found by what was changed with it.
    repo.file(name, "x = 1\n").commit("Add one")
    repo.file(name, "x = 2\n")
    secret = "ghp_" + "wJ4kQ8zR2mT7xB1nV6cL3pD9sF5hG0yK8aE4"
    repo.commit(f"Walk quickly over <script>alert(1)</script> \x1b]0;hills\x07 {secret}")
    done = run(
        "eval", "history", "-C", repo.root, "-o", tmp_path / "x.html", "--output-format", "json"
    )
    assert done.code == 0
    page = (tmp_path / "x.html").read_text()
    for text in (done.out, done.err, page):
        assert "\x1b" not in text
        assert secret not in text
    assert "<script" not in page
    assert "<img" not in page
    assert "not ranked" in page
    assert "&lt;script&gt;" in page
