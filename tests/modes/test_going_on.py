"""What a session that goes on, or a tree with open changes, is told and pays for."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from endpoint.script import Reply
from endpoint.server import Endpoint
from repo_builder import RepoBuilder
from shop import Ask, result_of

DONE = Reply("Done.", "It is.")


def contents(endpoint: Endpoint, role: str = "user") -> list[str]:
    messages: list[dict[str, Any]] = endpoint.requests[-1].messages
    return [one["content"] for one in messages if one["role"] == role]


def test_what_an_amended_commit_brought_is_superseded(ask: Ask, shop: RepoBuilder) -> None:
    shop.file("src/news.py", "A = 'old text'\n").commit("one more")
    with Endpoint([DONE, DONE]) as endpoint:
        ask(endpoint)
        assert any("old text" in text for text in contents(endpoint))
        shop.file("src/news.py", "A = 'new text'\n").git("add", "-A")
        shop.git("commit", "-q", "--amend", "-m", "one more, mended")
        ask(endpoint, "--continue")
    told = next(text for text in contents(endpoint) if "another line of commits" in text)
    assert '<changed path="src/news.py" supersedes="lines 1">' in told
    assert "-\tA = 'old text'\n1+\tA = 'new text'" in told


def test_a_session_with_other_globs_is_not_taken_for_this_one(ask: Ask, shop: RepoBuilder) -> None:
    shop.file("docs/guide.md", "# Guide\n").commit()
    with Endpoint([DONE, DONE]) as endpoint:
        ask(endpoint, "--include", "docs/**", task="What is in the guide?")
        shop.file("src/cart.py", "class Cart:\n    def add(self, item):\n        return None\n")
        shop.commit("change what was not shown")
        ask(endpoint, "--continue")
    assert not any("supersedes" in text for text in contents(endpoint))
    assert "the tools read it as it is now" in contents(endpoint)[-1]


def test_a_choice_of_files_is_refused_where_it_could_not_hold(
    shop: RepoBuilder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.file("docs/guide.md", "# Guide\n").commit()
    with Endpoint([DONE, DONE]) as endpoint:
        monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-test")
        monkeypatch.setenv("DEEPSEEK_BASE_URL", endpoint.base_url)
        args = ("-C", shop.root, "--task", "What is in the guide?", "--exclude", "src/**")
        assert run(*args).code == 0
        other = run("-C", shop.root, "--continue", "--task", "And?", "--exclude", "docs/**")
        assert (other.code, len(endpoint.requests)) == (2, 1)
        assert "began with --exclude 'src/**'" in other.err
        assert run(*args, "--continue").code == 0


def test_a_choice_of_files_is_refused_where_what_was_sent_is_unknown(
    ask: Ask, shop: RepoBuilder, run: Run, tmp_path: Path
) -> None:
    with Endpoint([DONE, DONE]) as endpoint:
        ask(endpoint)
        (log,) = tmp_path.rglob("sessions/*.jsonl")
        first, rest = log.read_text().split("\n", 1)
        header = {k: v for k, v in json.loads(first).items() if k not in ("include", "exclude")}
        log.write_text(f"{json.dumps(header)}\n{rest}")
        args = ("-C", shop.root, "--continue", "--task", "And?")
        other = run(*args, "--exclude", "src/**")
        assert (other.code, len(endpoint.requests)) == (2, 1)
        assert "does not say which files it began with" in other.err
        assert run(*args).code == 0


def test_open_changes_are_cached_between_questions(ask: Ask, shop: RepoBuilder) -> None:
    shop.file("src/open.py", "".join(f"value_{n} = {n}\n" for n in range(900)))
    with Endpoint([DONE] * 3) as endpoint:
        used = [
            result_of(ask(endpoint, "--output-format", "json", task=task))["usage"]
            for task in ("What does add do?", "Where is value_7?", "Who calls add_all?")
        ]
    block = 900 * 5
    assert used[0]["cache_miss_tokens"] > block
    # The second question shows the service what the two have in common; the third finds it.
    assert used[2]["cache_miss_tokens"] < block


def test_no_request_fills_the_cache_of_a_server_whose_hits_are_not_cheap(
    ask: Ask, shop: RepoBuilder, tmp_path: Path
) -> None:
    folder = tmp_path / "home" / ".config" / "bathy"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(
        "[models.own]\nwindow_tokens = 1_000_000\nprices = { hit = 0.1, miss = 0.15, output = 1 }\n"
    )
    shop.file("src/long.py", "".join(f"value_{n} = {n}\n" for n in range(9_000))).commit()
    with Endpoint([DONE], aliases=["own"]) as endpoint:
        result = result_of(ask(endpoint, "--model", "own", "--output-format", "json"))
    assert result["pack"]["tokens"] > 32_000
    assert len(endpoint.requests) == 1


def test_a_file_that_cannot_be_read_any_more_is_said_to_be_doubtful(
    ask: Ask, shop: RepoBuilder
) -> None:
    shop.file("src/cart.py", b"x = 1\n" * 2_000_000)
    with Endpoint([DONE]) as endpoint:
        ask(endpoint)
    assert (
        '<changed path="src/cart.py">what stands above of it may be void' in contents(endpoint)[-1]
    )
