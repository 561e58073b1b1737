"""What the user's configuration forbids, in whole runs."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from endpoint.script import Call, Reply
from endpoint.server import Endpoint
from repo_builder import RepoBuilder
from shop import Ask, result_of, tool_texts

CANARY = "the-canary-7c1f"
DONE = Reply("Done.", "It is.")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "settings"
    (folder / "bathy").mkdir(parents=True)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    return folder / "bathy" / "config.toml"


def uploads(tmp_path: Path) -> list[dict[str, Any]]:
    (path,) = tmp_path.rglob("uploads.log")
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_never_means_never(ask: Ask, config: Path) -> None:
    config.write_text('upload = "never"\n')
    with Endpoint([]) as endpoint:
        ran = ask(endpoint)
    assert (ran.code, endpoint.requests) == (2, [])
    assert 'upload = "never"' in ran.err


def test_ask_without_a_terminal_is_an_error(ask: Ask, config: Path) -> None:
    config.write_text('upload = "ask"\n')
    with Endpoint([]) as endpoint:
        ran = ask(endpoint)
    assert (ran.code, ran.out, endpoint.requests) == (2, "", [])
    assert '`upload = "ask"` in config.toml' in ran.err


def test_other_servers_are_refused(ask: Ask, config: Path) -> None:
    config.write_text('endpoints = ["https://api.deepseek.com"]\n')
    with Endpoint([]) as endpoint:
        ran = ask(endpoint)
    assert (ran.code, endpoint.requests) == (2, [])
    assert "`endpoints`" in ran.err


def test_what_is_sent_is_written_down_by_blob_and_never_by_text(
    ask: Ask, shop: RepoBuilder, tmp_path: Path
) -> None:
    shop.file("src/new.py", "FRESH = 1\n")
    look = Reply("", "Look.", [Call("read_file", {"path": "src/cart.py"})])
    with Endpoint([look, DONE, DONE]) as endpoint:
        first = result_of(ask(endpoint, "--output-format", "json"))
        ask(endpoint)
    blob = {
        p: shop.git("hash-object", p).strip() for p in ("src/cart.py", "README.md", "src/new.py")
    }
    found = uploads(tmp_path)
    assert [(line["what"], line["blobs"]) for line in found] == [
        ("base", [blob["README.md"], blob["src/cart.py"]]),
        ("overlay", [blob["src/new.py"]]),
        ("tool", [blob["src/cart.py"]]),
        ("base", []),
        ("overlay", [blob["src/new.py"]]),
    ]
    assert {line["endpoint"] for line in found} == {endpoint.base_url}
    assert {line["base_id"] for line in found if line["what"] != "tool"} == {
        first["pack"]["base_id"]
    }
    text = next(tmp_path.rglob("uploads.log")).read_text()
    assert "FRESH" not in text
    assert "cart.py" not in text


@pytest.fixture
def denied(shop: RepoBuilder, config: Path) -> RepoBuilder:
    config.write_text('denied_paths = ["secrets/", "*.pem"]\n')
    shop.file("secrets/plan.md", f"# Plan\n{CANARY} of the Cart\n")
    shop.file("src/key.pem", f"{CANARY}\n")
    shop.commit(f"add the plan {CANARY[:3]}")
    shop.file("secrets/plan.md", f"# Plan\n{CANARY} of the Cart, changed\n")
    shop.file("secrets/untracked.md", f"{CANARY}\n")
    return shop


def test_nothing_of_denied_files_reaches_a_model(ask: Ask, denied: RepoBuilder) -> None:
    calls = [
        Call("read_file", {"path": "secrets/plan.md"}),
        Call("read_file", {"path": "secrets/untracked.md"}),
        Call("grep", {"pattern": "canary"}),
        Call("grep", {"pattern": "canary", "path": "secrets"}),
        Call("list_files", {}),
        Call("list_files", {"path": "secrets"}),
        Call("find_symbol", {"name": "Plan"}),
        Call("history", {"path": "secrets/plan.md"}),
        Call("edit_file", {"path": "src/key.pem", "old_text": "the", "new_text": "a"}),
    ]
    with Endpoint([Reply("", "Look.", calls), DONE]) as endpoint:
        ran = ask(endpoint, "--diff", "HEAD~1", task="What is the plan of the Cart?")
    assert ran.code == 0
    assert len(tool_texts(endpoint)) == len(calls)
    for asked in endpoint.requests:
        assert CANARY not in json.dumps(asked.body)
    first = json.dumps(endpoint.requests[0].body)
    assert "plan.md" not in first
    assert "key.pem" not in first


def test_nothing_of_denied_files_is_shown(denied: RepoBuilder, run: Run, tmp_path: Path) -> None:
    pack = tmp_path / "pack.txt"
    for args in (
        ("pack", "-o", pack),
        ("pack", "--output-format", "json"),
        ("pack",),
        ("pack", "--rev", "HEAD", "--output-format", "json"),
        ("search", "plan canary Cart"),
        ("--offline", "--task", "What is the plan of the Cart?"),
    ):
        ran = run("-C", denied.root, *args)
        assert ran.code == 0
        assert CANARY not in ran.out + ran.err
        assert "plan.md" not in ran.out
        assert "key.pem" not in ran.out
    assert CANARY not in pack.read_text()


def test_an_included_path_is_denied_all_the_same(denied: RepoBuilder, run: Run) -> None:
    ran = run("-C", denied.root, "pack", "--include", "secrets/**", "--exclude", "!secrets/plan.md")
    assert ran.code == 1
    assert "`denied_paths`" in ran.err


def test_a_pattern_that_lifts_another_lifts_nothing_else(
    denied: RepoBuilder, config: Path, run: Run
) -> None:
    config.write_text('denied_paths = ["secrets/*", "!secrets/plan.md"]\n')
    ran = run("-C", denied.root, "pack", "--exclude", "src/", "--output-format", "json")
    paths = {file["path"] for file in json.loads(ran.out)["files"]}
    assert paths == {"README.md", "secrets/plan.md"}


def test_a_pattern_that_cannot_be_read_stops_everything(
    shop: RepoBuilder, config: Path, run: Run
) -> None:
    config.write_text('denied_paths = ["!"]\n')
    ran = run("-C", shop.root, "pack")
    assert ran.code == 2
    assert "denied_paths" in ran.err
