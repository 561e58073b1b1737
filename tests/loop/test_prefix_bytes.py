"""The bytes that every prompt is made of, held against those that were agreed on.

What services have cached for all users of all clones is lost when one of them changes, so a change
is a decision: it takes a new version of the prompt.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.loop import prompt
from bathy.agent.loop.prompt import (
    CHANGE_ANSWER,
    CHANGE_REASONING,
    NO_PACK,
    PACK_ANSWER,
    PACK_REASONING,
    PREFIX_MESSAGES,
    PROMPT_VERSION,
    Pointer,
    base_id,
    change_messages,
    prefix_messages,
    question_mark,
    question_message,
    system_text,
)
from bathy.agent.pack.render import FOOTER, HEADER, render_file, render_outline, render_tree
from conftest import Run
from endpoint.contract import tokenizer
from endpoint.script import Reply
from endpoint.server import Endpoint
from repo_builder import RepoBuilder

GOLDEN = Path(__file__).parent / "golden"
HOW = """\
The bytes that prompts are made of have changed, and with them everything that is cached is lost.
If that is meant:
  1. raise PROMPT_VERSION in agent/loop/prompt.py, unless that was done since the last release;
  2. cp {new} {golden}
  3. let the line of that version in {versions} be: {line}
"""
QUESTION = "Why is the sky blue?"
NOTES = "".join(f"Note {n} says what note {n} says.\n" for n in range(300))
CODE = "".join(f"def f{n}():\n    return {n}\n\n\n" for n in range(12))


@pytest.fixture
def bodies(
    repo: RepoBuilder, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> list[dict[str, Any]]:
    """Two requests about a repository: of a first question, and of one after some changes."""
    tokenizer()
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-test")
    repo.file("notes.md", NOTES).file("code.py", CODE).file("old.py", "x = 1\n").commit()
    with Endpoint([Reply("So.", "r")]) as endpoint:
        monkeypatch.setenv("DEEPSEEK_BASE_URL", endpoint.base_url)
        assert run("-C", repo.root, "--task", QUESTION).code == 0
    repo.file("code.py", CODE.replace("return 3", "return 'three'")).file("new.py", "y = 1\n")
    repo.commit('Say "three" & more <now>')
    repo.git("rm", "-q", "old.py")
    repo.git("mv", "new.py", "newer.py")
    repo.commit("Move")
    repo.file("code.py", CODE.replace("def f0", "def zero"))
    path = tmp_path / "body.json"
    assert run("-C", repo.root, "--task", QUESTION, "--dry-run", "-o", path).code == 0
    return [endpoint.requests[0].body, json.loads(path.read_text())]


def parts(first: dict[str, Any], later: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(name, bytes) of everything that prompts are made of, with made-up contents."""
    yield "system text", first["messages"][0]["content"]
    tools = first["tools"]
    yield "tools, in their order", "\n".join(json.dumps(tool, ensure_ascii=False) for tool in tools)
    files = render_file("a.py", "x = 1\n\ny = 2\n") + render_outline(
        "b.py", "a\nb\nc\n", [(1, 1), (3, 3)]
    )
    tree = render_tree(
        [("a.py", "full"), ("b.py", "outline"), ("c/d.bin", "skipped"), ("c/e f.py", "path")]
    )
    yield "pack", HEADER + files + tree + FOOTER
    yield (
        "tree of many files",
        render_tree([("a.py", "full"), ("c/d.py", "path")], with_names=False),
    )
    yield "answer to the pack", f"{PACK_REASONING}\n{PACK_ANSWER}"
    yield "no pack", NO_PACK
    changes = later["messages"][PREFIX_MESSAGES:-1]
    told = (f"{m['role']}: {m.get('reasoning_content', '')}\n{m['content']}" for m in changes)
    yield "commits", re.sub(r'(?<=<commit id=")[0-9a-f]+', "ID", "\n".join(told))
    asked = later["messages"][-1]["content"]
    yield "files on disk", asked[asked.index("<uncommitted") :].partition("</uncommitted>\n")[0]
    question = question_message(
        QUESTION,
        mark=question_mark(QUESTION),
        changes="(changes)\n",
        pointers=[Pointer("a.py:1-2", "f", "(text)"), Pointer("b.py:3-3", "")],
        diff="(diff)\n",
        schema="(schema)",
    )
    yield "question", question.content


def as_text(found: Iterator[tuple[str, str]]) -> str:
    return "".join(f"==== {name}\n{text}\n" for name, text in found)


def test_the_bytes_of_prompts_are_those_of_their_version(
    bodies: list[dict[str, Any]], tmp_path: Path
) -> None:
    golden, versions, new = GOLDEN / "prompt.txt", GOLDEN / "versions.txt", tmp_path / "prompt.txt"
    text = as_text(parts(*bodies))
    new.write_text(text)
    line = f"{PROMPT_VERSION} {hashlib.sha256(text.encode()).hexdigest()}"
    how = HOW.format(new=new, golden=golden, versions=versions, line=line)
    assert (golden.read_text() if golden.exists() else "") == text, how
    known = versions.read_text().splitlines() if versions.exists() else []
    assert line in known, how
    assert [int(row.split()[0]) for row in known] == list(range(2, PROMPT_VERSION + 1))
    assert len({row.split()[1] for row in known}) == len(known)


def test_nothing_of_the_machine_or_the_moment_is_in_the_prefix(
    bodies: list[dict[str, Any]], repo: RepoBuilder, tmp_path: Path
) -> None:
    first, later = bodies
    for one, other in zip(first["messages"][:PREFIX_MESSAGES], later["messages"], strict=False):
        assert one == other
    assert first["tools"] == later["tools"]
    prefix = json.dumps([first["messages"][:PREFIX_MESSAGES], first["tools"]], ensure_ascii=False)
    for word in (str(tmp_path), str(repo.root), repo.git("rev-parse", "HEAD")[:7], "sk-test"):
        assert word not in prefix
    assert not re.search(r"20\d\d-\d\d|\d\d:\d\d", prefix)


def test_a_conversation_begins_with_constants_and_the_pack_alone() -> None:
    system, pack, answer = prefix_messages("(pack)")
    assert (system.role, system.content) == ("system", system_text())
    assert (pack.role, pack.content) == ("user", "(pack)")
    assert (answer.role, answer.content, answer.reasoning) == (
        "assistant", PACK_ANSWER, PACK_REASONING,
    )  # fmt: skip
    assert prefix_messages("")[1].content == NO_PACK
    assert replace(system, content="") == replace(prefix_messages("")[0], content="")


def test_each_commit_is_a_turn_with_the_same_answer() -> None:
    told = change_messages(["<commit a>\n</commit>\n", "<commit b>\n</commit>\n"])
    assert [m.role for m in told] == ["user", "assistant"] * 2
    assert told[0].content == "<commit a>\n</commit>"
    assert {(m.content, m.reasoning) for m in told[1::2]} == {(CHANGE_ANSWER, CHANGE_REASONING)}


def test_another_version_makes_another_base_of_the_same_pack(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = base_id("(pack)")
    assert before == base_id("(pack)") != base_id("(other)")
    monkeypatch.setattr(prompt, "PROMPT_VERSION", PROMPT_VERSION + 1)
    assert base_id("(pack)") != before


def test_two_questions_part_where_their_turn_begins() -> None:
    ids = {question_mark(f"Question {n}?") for n in range(200)}
    assert len(ids) > 150
    assert question_mark(QUESTION) == question_mark(QUESTION)
    starts = {text.partition(" ")[0] for text in ids}
    assert all(start.isdecimal() and len(start) <= 3 for start in starts)
