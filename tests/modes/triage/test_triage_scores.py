import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.config import Settings
from bathy.agent.errors import ConfigError, RepoError
from bathy.agent.modes.triage.dossier import Label
from bathy.agent.modes.triage.evaluate import evaluate, render, run_eval_triage
from bathy.agent.modes.triage.finding.permalinks import permalink
from bathy.agent.modes.triage.records import Record, read_records
from bathy.agent.modes.triage.report import (
    AddedLabel,
    Duplicate,
    Hypothesis,
    IssueInfo,
    Labels,
    RepoInfo,
    Report,
    RunInfo,
    Suspect,
)
from bathy.agent.modes.triage.scores import Gold, add_up, measure
from hypothesis import given
from hypothesis import strategies as st
from repo_builder import RepoBuilder

CART = "def add(total: int, price: int) -> int:\n    return total - price\n"


def suspect(path: str, link: str = "") -> Suspect:
    return Suspect(1, path, 1, 2, link, ("lexical",))


def report(commit: str = "a" * 40, **parts: Any) -> Report:
    run = RunInfo("1", "plan", "", "", "0")
    info = RepoInfo("acme/shop", "github.com", commit)
    return Report(run, info, IssueInfo(9, "t", ""), "triaged", **parts)


@pytest.fixture
def records(repo: RepoBuilder, tmp_path: Path) -> Path:
    """Two records of a clone at DIR/acme+shop, and a third without one."""
    repo.file("cart.py", CART).file("test_cart.py", "import cart\n")
    commit = repo.commit()
    (tmp_path / "clones").mkdir()
    repo.root.rename(tmp_path / "clones" / "acme+shop")
    issue = {"title": "add gives the wrong total", "body": "`cart.add(1, 2)` is -1"}
    lines: list[dict[str, object]] = [
        {"id": "one", "repo": "acme/shop", "commit": commit, **issue, "gold_files": ["cart.py"]},
        {"id": 2, "repo": "acme/shop", "base_commit": commit, "query": "add\r\nis wrong\nhere"},
        {"id": "gone", "repo": "acme/gone", "commit": commit, **issue},
    ]
    file = tmp_path / "records.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)) + "\n")
    return file


def test_files_score_by_the_rank_of_the_first_right_one() -> None:
    found = report(suspects=tuple(map(suspect, ("a", "b", "c", "d"))))
    scored = measure(found, Gold(files=frozenset(("c", "d", "x"))), 3)
    assert [scored[f"hit@{k}"] for k in (1, 3, 5, 10)] == [(0, 1), (1, 1), (1, 1), (1, 1)]
    assert [*scored["MRR"]] == [1 / 3, 1]
    assert [*scored["links"]] == [3, 4]


def test_a_file_that_is_not_found_scores_nothing() -> None:
    scored = measure(report(), Gold(files=frozenset("x")), 0)
    assert [*scored["MRR"]] == [0, 1]
    assert [*scored["hit@10"]] == [0, 1]
    assert [*scored["links"]] == [0, 0]


def test_duplicates_count_whatever_they_are_called_and_false_ones_only_if_called_so() -> None:
    found = report(
        duplicates=(
            Duplicate(4, "related", "low", "", ""),
            Duplicate(2, "duplicate", "low", "", ""),
            Duplicate(3, "related", "low", "", ""),
        )
    )
    scored = measure(found, Gold(duplicates=frozenset((2, 3))), 0)
    assert [*scored["duplicates@1"]] == [0, 2]
    assert [*scored["duplicates@3"]] == [2, 2]
    assert [*scored["false duplicate"]] == [0, 1]
    assert [*measure(found, Gold(duplicates=frozenset()), 0)["false duplicate"]] == [1, 1]


def test_labels_score_by_those_given_and_those_wanted() -> None:
    added = tuple(AddedLabel(name, "other", "low", "") for name in ("bug", "docs"))
    scored = measure(
        report(labels=Labels(add=added)), Gold(labels=frozenset(("bug", "ui", "x"))), 0
    )
    assert (scored["labels right"], scored["labels found"]) == ((1, 2), (1, 3))


def test_only_what_there_is_gold_for_has_a_column() -> None:
    scores = add_up([("a/b", measure(report(), Gold(), 0))])
    assert scores.columns == ("unknown",)
    assert scores.rows["all"] == {"unknown": 1.0}


def test_a_row_without_gold_is_no_row_of_zeros() -> None:
    with_gold = measure(report(), Gold(files=frozenset("x")), 0)
    scores = add_up([("a/b", with_gold), ("c/d", measure(report(), Gold(), 0))])
    assert "hit@1" not in scores.rows["c/d"]
    lines = render(scores).splitlines()
    assert lines[0].split()[:3] == ["repository", "n", "hit@1"]
    assert lines[2].split()[:3] == ["c/d", "1", "-"]
    assert lines[3].split()[:3] == ["all", "2", "0.0"]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.integers(0, 5)), max_size=9))
def test_a_score_is_the_share_of_all_that_counts(rows: list[tuple[str, int, int]]) -> None:
    scores = add_up([(repo, {"x": (min(r, of), of)}) for repo, r, of in rows])
    total = sum(of for _, _, of in rows)
    right = sum(min(r, of) for _, r, of in rows)
    assert scores.rows["all"] == ({"x": right / total} if total else {})
    assert scores.counts["all"] == len(rows)


def test_records_are_read_with_all_that_is_known(tmp_path: Path) -> None:
    line = {
        "id": 7, "repo": "acme/shop", "commit": "abc", "title": "T", "body": None, "x": [1],
        "labels": ["bug"], "repo_labels": ["bug", {"name": "ui", "description": "screens"}],
        "duplicates": [3], "issues": [{"number": 3, "title": "U", "state": "closed"}],
    }  # fmt: skip
    file = tmp_path / "r.jsonl"
    file.write_text(json.dumps(line) + "\n\n")
    (record,) = read_records(file, tmp_path)
    assert (record.id, record.commit, record.dossier.issue.number) == ("7", "abc", 4)
    assert record.dossier.target.full_name == "acme/shop"
    assert record.dossier.labels == (Label("bug"), Label("ui", "screens"))
    assert [(one.number, one.state) for one in record.dossier.others] == [(3, "closed")]
    assert record.gold == Gold(None, frozenset(("bug",)), frozenset((3,)))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "r.jsonl:1"),
        ('{"id": 1}', "repo"),
        ('\n{"id": "a", "repo": "a/b", "title": "t"}', "r.jsonl:2: a record needs a commit"),
        ('{"id": "a", "repo": "a/b", "commit": "c"}', "a title or a query"),
        ('{"id": "a", "repo": "a/b", "commit": "c", "title": "t", "duplicates": ["x"]}', "dup"),
    ],
)
def test_a_line_that_is_no_record_is_named(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "r.jsonl"
    file.write_text(text)
    with pytest.raises(ConfigError, match=says):
        read_records(file, tmp_path)


def test_links_count_if_they_lead_where_the_suspect_stands(records: Path) -> None:
    (record,) = read_records(records, records.parent / "clones")[:1]

    def report_of(asked: Record) -> Report:
        at = asked.commit
        good = permalink("github.com", "acme/shop", at, "cart.py", 1, 2)
        return report(
            at,
            suspects=(
                suspect("cart.py", good),
                suspect("cart.py", good.replace("acme", "evil")),
                replace(suspect("cart.py", good), end_line=3),
                suspect("gone.py", permalink("github.com", "acme/shop", at, "gone.py", 1, 2)),
            ),
            hypothesis=Hypothesis("plausible", "x"),
        )

    row = evaluate([record], report_of).rows["acme/shop"]
    assert row["links"] == 1 / 4
    assert row["hit@1"] == 1
    assert row["unknown"] == 0


def test_a_record_that_cannot_be_triaged_is_left_out(records: Path) -> None:
    said = list[str]()

    def report_of(asked: Record) -> Report:
        if asked.id == "2":
            raise RepoError("there is no such commit")
        return report(asked.commit)

    found = read_records(records, records.parent / "clones")
    scores = evaluate(found, report_of, said.append)
    assert scores.failed == ("2", "gone")
    assert said[0] == "2 is left out: there is no such commit"
    assert scores.counts == {"acme/shop": 1, "all": 1}


def test_the_whole_of_thinking_is_measured_without_a_model(
    records: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-never-used")
    clones = records.parent / "clones"
    assert run_eval_triage(Settings(), records, clones, limit=1) == 0
    header, row, total = capsys.readouterr().out.splitlines()
    columns = dict(zip(header.split()[2:], row.split()[2:], strict=True))
    assert columns["hit@1"] == columns["links"] == columns["unknown"] == "100.0"
    assert total.split()[:2] == ["all", "1"]
    assert run_eval_triage(Settings(output_format="json"), records, clones) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["failed"] == ["gone"]
    assert found["all"]["records"] == found["repositories"]["acme/shop"]["records"] == 2


def test_a_file_without_records_and_other_formats_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    file.write_text("\n")
    with pytest.raises(ConfigError, match="no records"):
        run_eval_triage(Settings(), file, tmp_path)
    with pytest.raises(ConfigError, match="text or json"):
        run_eval_triage(Settings(output_format="markdown"), file, tmp_path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_records(tmp_path / "none.jsonl", tmp_path)
