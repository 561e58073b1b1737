"""`bathy sessions` with names."""

import json
from pathlib import Path

import pytest
from bathy.agent.loop.record import Record
from bathy.agent.loop.sessions import name_session, sessions_folder
from bathy.agent.model.messages import Message
from conftest import Run
from repo_builder import RepoBuilder

DEFAULT_URL = "https://api.deepseek.com"
MODEL = "deepseek-flash"


def session(root: Path, name: str, question: str = "why?") -> Path:
    path = sessions_folder() / f"{name}.jsonl"
    record = Record(path)
    header = {"folder": str(root), "created": "2026-11-24T00:00:00+00:00", "model": MODEL}
    service = {"base_url": DEFAULT_URL, "effort": "auto", "tools": [], "denied_paths": []}
    record.write("session", {**header, **service, "question": question})
    record.write_message(Message("system", "s"))
    record.write("question", {"text": question})
    record.close()
    return path


@pytest.fixture
def root(repo: RepoBuilder) -> Path:
    repo.file("a.py", "x = 1\n").commit()
    return repo.root


def test_a_list_shows_names_beside_questions(run: Run, root: Path) -> None:
    name_session(session(root, "aaaa1111-2", "why\x1b[2J?"), "URL map")
    session(root, "bbbb1111-2", "how?")
    rows = {line[:8]: line[10:] for line in run("sessions", "-C", root).out.splitlines()}
    assert rows == {
        "aaaa1111": "2026-11-24T00:00  deepseek-flash   0 turns  $0.0000  URL map: why [2J?",
        "bbbb1111": "2026-11-24T00:00  deepseek-flash   0 turns  $0.0000  how?",
    }
    listed = json.loads(run("sessions", "-C", root, "--output-format", "json").out)
    assert {row["id"]: row["name"] for row in listed} == {"aaaa1111-2": "URL map", "bbbb1111-2": ""}


def test_a_list_shows_what_sessions_took_and_cost(run: Run, root: Path) -> None:
    record = Record(session(root, "aaaa1111-2"))
    for turn, cost in ((0, 0.02), (1, 0.001), (2, 0.0005)):
        record.write("usage", {"turn": turn, "cost_usd": cost})
    record.write("usage", {"turn": "x", "cost_usd": None})
    record.close()
    assert "  2 turns  $0.0215  why?" in run("sessions", "-C", root).out
    (row,) = json.loads(run("sessions", "-C", root, "--output-format", "json").out)
    assert (row["turns"], row["cost_usd"]) == (2, 0.0215)


@pytest.mark.parametrize("action", ["show", "export"])
def test_a_session_is_shown_and_exported_by_its_name(run: Run, root: Path, action: str) -> None:
    name_session(session(root, "aaaa1111-2"), "URL map")
    ran = run("sessions", action, "URL map")
    assert ran.code == 0
    assert ran.out.startswith("# Session URL map (aaaa1111-2)")


def test_a_name_of_several_is_refused_with_their_ids(run: Run, root: Path) -> None:
    for number in range(2):
        name_session(session(root, f"aaaa111{number}-2"), "both")
    ran = run("sessions", "show", "both")
    assert ran.code == 2
    assert "2 sessions are called 'both'; give an ID: aaaa111" in ran.err
    assert "needs an ID or a name" in run("sessions", "show").err


def test_a_session_is_gone_on_with_by_its_name(
    run: Run, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-test")
    name_session(session(root, "aaaa1111-2"), "URL map")
    found = run("-C", root, "--task", "and?", "--resume", "URL map")
    # It is found: what is wrong is that nothing was asked in it.
    assert "the session aaaa1111-2 " in found.err
    assert "there is no session 'URL'" in run("-C", root, "--task", "x", "--resume", "URL").err
