import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.config import Settings
from bathy.agent.errors import ConfigError
from bathy.agent.modes.batch.swe_bench import load_instances, prediction
from bathy.agent.modes.batch.tasks import BatchTask, find_repository, load_tasks
from hypothesis import given
from hypothesis import strategies as st

GOOD = {"id": "a", "task": "why?"}
INSTANCE = {
    "instance_id": "o__n-1",
    "repo": "o/n",
    "base_commit": "0123abc",
    "problem_statement": "It breaks.",
}


def write(path: Path, *lines: object) -> Path:
    text = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_text("\n".join(text) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "no JSON"),
        ("[1]", "no JSON object"),
        ('{"id": "a", "id": "b", "task": "x"}', "twice"),
        ({"id": "a"}, "'task' is missing"),
        ({"task": "x"}, "'id' is missing"),
        ({**GOOD, "task": "  "}, "'task' must be"),
        ({**GOOD, "id": 3}, "'id' must be"),
        ({**GOOD, "id": "a\x1b[2J"}, "control characters"),
        ({**GOOD, "id": "x" * 201}, "1 to 200"),
        ({**GOOD, "colour": "red"}, "'colour' is none of id, task, repo"),
        ({**GOOD, "context": "everything"}, "one of pack, map, tools"),
        ({**GOOD, "apply": "yes"}, "true or false"),
        ({**GOOD, "max_cost": 0}, "over 0"),
        ({**GOOD, "max_turns": True}, "whole number"),
        ({**GOOD, "budget": "much"}, "such as 500k"),
        ({**GOOD, "include": "*.py"}, "list of texts"),
        ("[" * 100_000, "no JSON"),
        ('{"id": "a", "task": "\\ud800"}', "no JSON"),
        ({**GOOD, "repo": "a\0b"}, "'repo' must be"),
        ({**GOOD, "repo": "a" * 5_000}, "'repo' names no folder"),
    ],
)
def test_a_wrong_line_is_named_before_anything_begins(
    tmp_path: Path, line: object, said: str
) -> None:
    path = write(tmp_path / "t.jsonl", GOOD, "", {**GOOD, "id": "b"}, line)
    with pytest.raises(ConfigError, match="line 4") as error:
        load_tasks(path, None)
    assert said in str(error.value)
    assert str(error.value).isprintable()


@pytest.mark.parametrize(("lines", "said"), [((GOOD, GOOD), "two tasks"), ((), "holds no task")])
def test_ids_are_unique_and_there_are_some(tmp_path: Path, lines: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        load_tasks(write(tmp_path / "t.jsonl", *lines), None)


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_tasks(tmp_path / "none.jsonl", None)


@given(text=st.text(min_size=1).filter(str.strip), turns=st.integers(1, 10**6))
def test_what_is_written_is_what_is_read(
    text: str, turns: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    values = {**GOOD, "task": text, "max_turns": turns, "exclude": ["*.md"], "budget": "2k"}
    path = write(tmp_path_factory.mktemp("t") / "t.jsonl", values)
    (task,) = load_tasks(path, None)
    settings = task.settings(Settings(max_turns=3, include=("src/",)))
    assert task.text == text
    assert (settings.max_turns, settings.exclude, settings.budget) == (turns, ("*.md",), 2_000)
    assert settings.include == ("src/",)


def test_a_repository_is_looked_for_where_the_file_or_the_folder_is(tmp_path: Path) -> None:
    (tmp_path / "o+n").mkdir()
    (tmp_path / "plain").mkdir()
    path = write(tmp_path / "t.jsonl", {**GOOD, "repo": "plain"}, {**GOOD, "id": "b"})
    assert [task.repo for task in load_tasks(path, None)] == [
        str(tmp_path / "plain"),
        str(tmp_path),
    ]
    assert find_repository("o/n", tmp_path) == tmp_path / "o+n"
    assert find_repository("/else/where", tmp_path) == Path("/else/where")


def test_a_digest_tells_what_is_asked_and_not_where_it_lies() -> None:
    task = BatchTask("a", "why?", "/here/repo", "repo")
    assert task.digest == BatchTask("b", "why?", "/there/repo", "repo").digest
    others = [
        BatchTask("a", "how?", "/here/repo", "repo"),
        BatchTask("a", "why?", "/here/repo", "other"),
        BatchTask("a", "why?", "/here/repo", "repo", "v1"),
        BatchTask("a", "why?", "/here/repo", "repo", options={"effort": "max"}),
    ]
    assert len({task.digest, *(other.digest for other in others)}) == 5


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"repo": "../../etc"}, "OWNER/NAME"),
        ({"repo": "o/.."}, "OWNER/NAME"),
        ({"repo": "o/n/m"}, "OWNER/NAME"),
        ({"base_commit": "--output=x"}, "commit's id"),
        ({"problem_statement": ""}, "problem_statement"),
        ({"instance_id": "a\nb"}, "control characters"),
        ({"instance_id": 1}, "instance_id"),
    ],
)
def test_an_instance_names_a_repository_and_a_commit_and_nothing_else(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    path = write(tmp_path / "i.jsonl", {**INSTANCE, **change})
    with pytest.raises(ConfigError, match="line 1") as error:
        load_instances(path, None, with_tests=False)
    assert said in str(error.value)


def test_an_instance_is_a_task_that_edits_and_is_looked_up_by_the_issue_alone(
    tmp_path: Path,
) -> None:
    path = write(tmp_path / "i.jsonl", {**INSTANCE, "hints_text": "not read"})
    (task,) = load_instances(path, None, with_tests=False)
    assert task.settings(Settings()).apply
    assert (task.about, task.rev, task.is_tested) == ("It breaks.", "0123abc", False)
    assert "<issue>\nIt breaks.\n</issue>" in task.text
    assert replace(task, text="In other words: It breaks.").digest == task.digest
    assert replace(task, about="It works.").digest != task.digest


@pytest.mark.parametrize(("patch", "told"), [("diff", "diff"), (None, "")])
def test_a_prediction_has_the_keys_that_the_harness_reads(patch: str | None, told: str) -> None:
    assert prediction({"id": "a", "model": "m", "patch": patch, "result": "x"}) == {
        "instance_id": "a",
        "model_name_or_path": "bathy-m",
        "model_patch": told,
    }
