import pickle
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.index.postings import MOST_SEGMENTS, Postings, PostingsLost
from bathy.agent.index.span_terms import index_text
from bathy.agent.index.spans import Span
from bathy.agent.index.symbols import Definition, extract_symbols
from bathy.agent.index.view import Names, View
from corpora import indexed
from hypothesis import given, settings
from hypothesis import strategies as st

TEXTS = {
    "a": "def register_rule(name):\n    return name\n",
    "b": "def other():\n    rule = 1\n    return rule\n",
    "c": "# nothing of the kind\n",
}


def add(postings: Postings, texts: dict[str, str]) -> None:
    postings.add(
        (blob, index_text(text, extract_symbols(text, "python").definitions))
        for blob, text in texts.items()
    )


def scored(view: View, terms: dict[str, float]) -> dict[tuple[str, Span], float]:
    scores = view.score(terms)
    return {
        (view.blobs[view.blob_of(span)], view.span_at(span)): score
        for span, score in scores.spans.items()
    }


@pytest.fixture
def postings(tmp_path: Path) -> Iterator[Postings]:
    with Postings(tmp_path / "postings.sqlite") as opened:
        add(opened, TEXTS)
        yield opened


def test_what_is_indexed_is_not_missing_any_more(postings: Postings) -> None:
    assert postings.missing(["x", "a", "x", "b"]) == ["x"]


def test_the_span_that_holds_the_words_scores(postings: Postings) -> None:
    view = postings.view(["a", "b", "c"])
    found = scored(view, {"register": 1.0, "rul": 1.0})
    assert max(found, key=lambda key: found[key]) == ("a", Span(1, 2, "register_rule"))
    assert {blob for blob, _ in found} == {"a", "b"}


def test_definitions_are_found_by_their_exact_name_and_as_members(tmp_path: Path) -> None:
    with Postings(tmp_path / "p.sqlite") as postings:
        add(postings, {"m": "class Board:\n    def Add(self):\n        pass\n"})
        view = postings.view(["m"])
        assert all(view.holders(term) for term in ("=Board", "=Add", "=Board.Add"))
        assert not view.holders("=add")


def test_a_view_does_not_depend_on_what_else_is_indexed(tmp_path: Path, postings: Postings) -> None:
    with Postings(tmp_path / "alone.sqlite") as alone:
        add(alone, {"a": TEXTS["a"]})
        add(alone, {"b": TEXTS["b"]})
        terms = {"rul": 1.0, "register": 2.0, "nam": 0.5}
        here, there = postings.view(["a", "b"]), alone.view(["a", "b"])
        assert scored(here, terms) == scored(there, terms)
        assert here.score(terms).blobs == there.score(terms).blobs
        assert here.score(terms).idf == there.score(terms).idf


def test_adding_a_file_twice_changes_nothing(postings: Postings) -> None:
    before = scored(postings.view(["a", "b"]), {"rul": 1.0})
    add(postings, TEXTS)
    assert scored(postings.view(["a", "b"]), {"rul": 1.0}) == before


def test_ids_that_are_not_indexed_are_as_if_empty(postings: Postings) -> None:
    view = postings.view(["nowhere", "a"])
    assert {view.blobs[view.blob_of(span)] for span in view.holders("rul")} == {"a"}
    assert postings.spans_of("nowhere") == ()


def test_the_index_is_there_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "p.sqlite"
    with Postings(path) as first:
        add(first, TEXTS)
    with Postings(path) as second:
        assert second.missing(TEXTS) == []
        assert scored(second.view(list(TEXTS)), {"register": 1.0})


def test_a_file_that_is_no_database_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "p.sqlite"
    path.write_bytes(b"no database at all, but long enough to be taken for one" * 100)
    with Postings(path) as postings:
        assert postings.missing(["a"]) == ["a"]
        add(postings, TEXTS)
        assert postings.missing(["a"]) == []


def test_damage_found_while_reading_empties_the_file_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "p.sqlite"
    with Postings(path) as postings:
        add(postings, {f"{n}": f"word{n} " * 50 for n in range(300)})
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))
    with Postings(path) as postings:
        try:
            known = [n for n in range(300) if str(n) not in postings.missing([str(n)])]
        except PostingsLost:
            known = []
        assert known == []
        add(postings, TEXTS)
        assert postings.missing(TEXTS) == []


def test_another_schema_is_thrown_away(tmp_path: Path) -> None:
    path = tmp_path / "p.sqlite"
    with Postings(path) as postings:
        add(postings, TEXTS)
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.commit()
    db.close()
    with Postings(path) as postings:
        assert postings.missing(["a"]) == ["a"]


@given(st.text(max_size=80))
def test_what_was_counted_crosses_between_processes_unchanged(text: str) -> None:
    spans = index_text(text, (Definition("a\nb", "function", 1, 1, ""),))
    assert pickle.loads(pickle.dumps(spans)) == spans


def test_of_a_line_of_megabytes_only_the_beginning_is_indexed() -> None:
    (span,) = index_text("start " + "padding " * 1_000_000 + "finish", ())
    assert "start" in span.counts
    assert "finish" not in span.counts


def test_a_file_with_too_many_segments_is_made_anew_when_opened(tmp_path: Path) -> None:
    path = tmp_path / "p.sqlite"
    with Postings(path) as postings:
        for n in range(MOST_SEGMENTS + 1):
            postings.add([(f"b{n}", index_text("word", ()))])
    with Postings(path) as postings:
        assert postings.missing(["b0"]) == ["b0"]


def test_a_view_ends_when_another_process_makes_the_index_anew(tmp_path: Path) -> None:
    path = tmp_path / "p.sqlite"
    with Postings(path) as mine:
        add(mine, TEXTS)
        view = mine.view(list(TEXTS))
        for n in range(MOST_SEGMENTS):
            mine.add([(f"b{n}", index_text("word", ()))])
        with Postings(path) as other:
            other.add([("new", index_text("word register", ()))])
        with pytest.raises(PostingsLost, match="another process"):
            view.holders("register")
        assert mine.missing(["a", "new"]) == ["a"]
        assert mine.view(["new"]).holders("register")


def test_a_file_that_cannot_be_reached_now_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.sqlite"
    with Postings(path) as postings:
        add(postings, TEXTS)

    def connect(name: str, **options: Any) -> Any:
        if name != ":memory:":
            error = sqlite3.OperationalError("unable to open database file")
            error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
            raise error
        return real(name, **options)

    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", connect)
    with Postings(path) as postings:
        assert postings.missing(["a"]) == ["a"]
    monkeypatch.undo()
    with Postings(path) as postings:
        assert postings.missing(["a"]) == []


def test_what_others_add_meanwhile_is_not_in_a_view(postings: Postings, tmp_path: Path) -> None:
    view = postings.view(["a", "b"])
    with Postings(tmp_path / "postings.sqlite") as other:
        add(other, {"d": "def register_rule():\n    pass\n"})
    assert {view.blobs[view.blob_of(span)] for span in view.holders("register")} == {"a"}
    assert view.score({"register": 1.0}).blobs.keys() == {0}


def test_a_folder_that_cannot_be_written_means_an_index_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("in the way")
    with Postings(path / "p.sqlite") as postings:
        add(postings, TEXTS)
        assert postings.missing(["a"]) == []


ADD_MANY = """
import sys
from pathlib import Path
from bathy.agent.index.postings import Postings
from bathy.agent.index.span_terms import index_text
with Postings(Path(sys.argv[1])) as postings:
    for n in range(20):
        texts = {f"shared{n}": f"shared word{n}", f"own{sys.argv[2]}-{n}": f"own word{n}"}
        postings.add((blob, index_text(text, ())) for blob, text in texts.items())
"""


def test_two_processes_may_add_to_one_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "p.sqlite"
    commands = [[sys.executable, "-c", ADD_MANY, str(path), str(n)] for n in range(2)]
    workers = [subprocess.Popen(command) for command in commands]
    assert [worker.wait(60) for worker in workers] == [0, 0]
    with Postings(path) as postings:
        names = [f"{who}{n}" for n in range(20) for who in ("shared", "own0-", "own1-")]
        assert postings.missing(names) == []
        view = postings.view([f"shared{n}" for n in range(20)])
        assert [len(view.holders(f"word{n}")) for n in range(20)] == [1] * 20


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=6))
def test_any_texts_can_be_indexed_and_every_term_found_again(texts: list[str]) -> None:
    with Postings(Path("/dev/null/none")) as postings:
        items = {f"{n}": index_text(text, ()) for n, text in enumerate(texts)}
        postings.add(items.items())
        view = postings.view(list(items))
        for blob, spans in items.items():
            for term in spans[0].counts:
                assert blob in {view.blobs[view.blob_of(span)] for span in view.holders(term)}


def test_files_without_spans_and_files_that_are_not_indexed_have_no_names(
    postings: Postings,
) -> None:
    postings.add([("gone", ())])
    assert postings.spans_of("gone") == ()
    assert postings.names_of("gone") == ()
    assert postings.names_of("nowhere") == ()
    assert postings.names_of("c") == (Names(),)


@settings(max_examples=40, deadline=None)
@given(st.text(st.sampled_from("def class(x):\n @.\t\u00e9'\"\udce9"), max_size=200))
def test_every_span_has_names_whatever_the_text(text: str) -> None:
    with Postings(Path("/dev/null/none")) as postings:
        postings.add([("f", indexed(text))])
        assert len(postings.names_of("f")) == len(postings.spans_of("f")) > 0
