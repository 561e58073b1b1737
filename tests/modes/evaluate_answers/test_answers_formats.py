import json
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.errors import ConfigError
from bathy.agent.modes.evaluate_answers.formats import read_questions
from bathy.agent.modes.evaluate_answers.items import Item
from bathy.agent.modes.evaluate_answers.reading import parse_records
from hypothesis import given, settings
from hypothesis import strategies as st

OPTIONS = "Question:\nWhat does add give back?\nA) the item\nB) nothing\nC) the cart\nD) a count\n"
CHOICE = {"repo": "acme/shop", "question": OPTIONS, "correct_letter": "A", "repo_text": "x" * 9}
FACTS = {
    "id": "d-1",
    "question": "What does add do?",
    "answer": "It gives the item back.",
    "facts": ["add takes an item", "add gives it back"],
    "metadata": {"repo": "https://github.com/acme/shop.git", "commit": "abc123", "scope": "deep"},
}
PRO = {
    "repo": "acme/shop",
    "commit_id": "abc123",
    "cluster": "carts",
    "qa_type": "what",
    "question": "What does add do?",
    "answer": "It gives the item back.",
}
SWE_QA = {"question": "What does add do?", "answer": "It gives the item back."}


def write(tmp_path: Path, *records: Any) -> Path:
    file = tmp_path / "questions.jsonl"
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    return file


def item(tmp_path: Path, record: dict[str, Any]) -> Item:
    (found,) = read_questions(write(tmp_path, record)).items
    return found


def test_options_are_read_from_the_question(tmp_path: Path) -> None:
    found = item(tmp_path, CHOICE)
    assert (found.id, found.repo, found.commit) == ("1", "acme/shop", "")
    assert (found.method, found.letters, found.letter) == ("choice", "ABCD", "A")
    assert found.question == OPTIONS.strip()


def test_facts_and_an_address_are_read(tmp_path: Path) -> None:
    found = item(tmp_path, FACTS)
    assert (found.id, found.repo, found.commit) == ("d-1", "acme/shop", "abc123")
    assert (found.method, found.facts) == ("facts", ("add takes an item", "add gives it back"))


def test_the_two_rubrics_have_their_own_scales(tmp_path: Path) -> None:
    pro, plain = item(tmp_path, PRO), item(tmp_path, SWE_QA)
    assert (pro.method, pro.points, pro.commit, pro.repo) == ("rubric", 10, "abc123", "acme/shop")
    assert (plain.method, plain.points, plain.commit, plain.repo) == ("rubric", 20, "", "")
    assert pro.reference == plain.reference == "It gives the item back."


def test_extensions_of_a_record_count(tmp_path: Path) -> None:
    more = {**SWE_QA, "id": 7, "repo": "shop", "commit": "v1", "answer_files": ["a.py", "b.py"]}
    found = item(tmp_path, more)
    assert (found.id, found.repo, found.commit) == ("7", "shop", "v1")
    assert found.gold_files == frozenset(("a.py", "b.py"))
    older = {"question": "q", "aggregated_answer": "so"}
    assert item(tmp_path, older).reference == "so"
    assert item(tmp_path, SWE_QA).gold_files is None


def test_an_array_is_as_good_as_lines(tmp_path: Path) -> None:
    file = write(tmp_path, FACTS, {**FACTS, "id": "d-2"})
    lines = read_questions(file)
    file.write_text(json.dumps([FACTS, {**FACTS, "id": "d-2"}], indent=2))
    array = read_questions(file)
    assert array.items == lines.items
    assert array.format == lines.format == "deepcodebench"
    assert array.digest != lines.digest


@pytest.mark.parametrize(
    ("records", "says"),
    [
        ([], "holds no questions"),
        (["text"], ":1: a record is a JSON object"),
        (
            [{"question": "q"}],
            ":1: a record of no known format; known are, by their keys, longcode",
        ),
        ([SWE_QA, FACTS], ":2: a record of deepcodebench in a file of swe-qa"),
        ([SWE_QA, {**SWE_QA, "answer": " "}], ":2: answer: there is none to judge by"),
        ([SWE_QA, {**SWE_QA, "question": ""}], ":2: question: String should have at least 1"),
        ([{**FACTS, "facts": []}], ":1: facts: there is none"),
        ([{**FACTS, "facts": ["ok", 3]}], r":1: facts\.1: "),
        ([FACTS, FACTS], ":2: the id d-1 is that of line 1"),
        ([{**CHOICE, "correct_letter": "E"}], ":1: correct_letter: none of the options A, B, C, D"),
        ([{**CHOICE, "question": "Which?"}], ":1: question: no options"),
        ([{**SWE_QA, "repo": "../../etc"}], ":1: repo: neither"),
        ([{**SWE_QA, "repo": "a/.."}], ":1: repo: neither"),
        ([{**SWE_QA, "commit": "--output=x"}], ":1: commit: no name of a commit"),
    ],
)
def test_a_broken_record_is_named_by_its_line(
    tmp_path: Path, records: list[Any], says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        read_questions(write(tmp_path, *records))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'{"question": 1}\n{', ":2: no JSON"),
        (b"ok\n\xff\xfe", ":2: these bytes are not UTF-8"),
        (b'[\n{"a": 1},\n{"a": }\n]', ":3: no JSON"),
        (b'[{"a": 1}\n{"a": 1}]', ":2: the array is not closed"),
        (b'[{"a": 1}] x', ":1: something follows"),
        (b"[" * 100_000, "nested too deeply|a record is|no JSON"),
        (b"[]", "holds no questions"),
    ],
)
def test_a_file_that_is_none_is_named_by_its_line(data: bytes, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        parse_records(data, "q.jsonl")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read .*name a file of questions"):
        read_questions(tmp_path / "none.jsonl")


VALUES = st.dictionaries(
    st.text(max_size=3), st.text(max_size=5) | st.lists(st.integers(), max_size=2), max_size=3
)


@settings(max_examples=40)
@given(st.lists(VALUES, min_size=1, max_size=3), st.sampled_from((None, 1)))
def test_lines_and_arrays_hold_the_same_records(
    records: list[dict[str, Any]], indent: int | None
) -> None:
    lines = "\n\n".join(map(json.dumps, records)).encode()
    array = json.dumps(records, indent=indent).encode()
    found = parse_records(b"\xef\xbb\xbf" + lines, "q")
    assert [record.values for record in found] == records
    assert [record.line for record in found] == list(range(1, 2 * len(records), 2))
    again = parse_records(array, "q")
    assert [record.values for record in again] == records
    for record in again if indent else ():
        assert array.decode().split("\n")[record.line - 1].strip().startswith("{")


@given(st.binary(max_size=60) | st.text(alphabet='[]{}",: \n1ax', max_size=40).map(str.encode))
def test_whatever_a_file_holds_it_is_read_or_refused(data: bytes) -> None:
    try:
        assert parse_records(data, "q")
    except ConfigError as error:
        told = str(error)
    else:
        told = "q"
    assert told.startswith("q")
