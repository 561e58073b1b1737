from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from bathy.agent.index.files import FileClass, class_by_path, language_of
from bathy.agent.index.postings import Postings
from bathy.agent.index.span_terms import IndexedSpan, index_text
from bathy.agent.index.symbols import extract_symbols
from bathy.agent.pack.corpus import Corpus, CorpusFile
from bathy.agent.pack.question import parse_question
from bathy.agent.pack.ranking import Ranking
from bathy.agent.pack.retrieve import prior_of, retrieve
from bathy.agent.pack.signals.weights import CHANGE_LOG_PRIOR, ISSUE, QUESTION

REGISTER = '''\
class Blueprint:
    """A set of routes."""

    def register(self, app):
        """Attach the blueprint to an application, once."""
        if self.registered_once:
            raise AssertionError("blueprint already registered")
        app.blueprints[self.name] = self
'''
FILES = {
    "src/site/blueprints.py": REGISTER,
    "src/site/app.py": "def run_server(host):\n    return open_socket(host)\n" * 3,
    "src/site/json.py": "def dumps(value):\n    return encode(value)\n",
    "src/site/tables.py": "def build_table(rows):\n    return [cell for cell in rows]\n",
    "tests/test_blueprints.py": "def test_register_once():\n    blueprint.register(app)\n" * 4,
    "docs/blueprints.rst": "Blueprints\n==========\n\nRegister a blueprint on an application.\n",
    "CHANGES.rst": "Version 2\n=========\n\n- blueprint register once on application\n",
}


def corpus_of(
    postings: Postings, files: Mapping[str, str], asked: list[str] | None = None
) -> Corpus:
    def index(missing: Sequence[CorpusFile]) -> Iterator[tuple[str, Sequence[IndexedSpan]]]:
        for file in missing:
            if asked is not None:
                asked.append(file.path)
            text = files[file.path]
            language = language_of(file.path, "")
            yield file.blob, index_text(text, extract_symbols(text, language).definitions)

    entries = [
        CorpusFile(path, f"id of {text}", class_by_path(path, {})[0])
        for path, text in sorted(files.items())
    ]
    return Corpus(entries, postings, index)


@pytest.fixture
def postings(tmp_path: Path) -> Iterator[Postings]:
    with Postings(tmp_path / "postings.sqlite") as opened:
        yield opened


def ranked(postings: Postings, question: str, files: Mapping[str, str] = FILES) -> Ranking:
    return retrieve(parse_question(question), corpus_of(postings, files))


def paths(ranking: Ranking) -> list[str]:
    return [file.path for file in ranking.files]


def test_the_file_that_answers_comes_first_with_its_span_and_reasons(postings: Postings) -> None:
    best = ranked(postings, "How does `Blueprint.register` reject a second registration?").files[0]
    assert best.path == "src/site/blueprints.py"
    assert best.spans[0].symbol in ("Blueprint", "Blueprint.register")
    assert "defines `Blueprint.register`" in best.why
    assert any(reason.startswith("matches: ") and "blueprint" in reason for reason in best.why)


def test_source_comes_before_tests_documentation_and_change_logs_that_say_the_same(
    postings: Postings,
) -> None:
    found = paths(ranked(postings, "Where is the blueprint registered once on the application?"))
    assert found[0] == "src/site/blueprints.py"
    assert found.index("CHANGES.rst") > found.index("docs/blueprints.rst")


def test_the_score_is_the_weighted_signals_times_prior_in_falling_order(
    postings: Postings,
) -> None:
    files = ranked(postings, "register a blueprint in blueprints.py").files
    weights = {"words": 1.0, **QUESTION.signals}
    best = files[0]
    total = sum(weights[name] * strength for name, strength in best.signals.items())
    assert best.score == pytest.approx(total * best.prior)
    assert list(files) == sorted(files, key=lambda file: (-file.score, file.path))
    assert max(file.signals.get("words", 0.0) for file in files) == pytest.approx(1.0)


def test_a_path_in_the_question_is_evidence(postings: Postings) -> None:
    ranking = ranked(postings, "Explain src/site/tables.py please")
    assert paths(ranking)[0] == "src/site/tables.py"
    assert ranking.files[0].why[0] == "path named in the question"


def test_the_innermost_frame_of_a_traceback_that_is_ours_is_the_best_evidence(
    postings: Postings,
) -> None:
    issue = (
        "It crashes\nTraceback (most recent call last):\n"
        '  File "/home/me/mine.py", line 1, in <module>\n    dumps(1)\n'
        '  File "/usr/lib/python3/site-packages/site/app.py", line 1, in run_server\n    x\n'
        '  File "/usr/lib/python3/site-packages/site/json.py", line 2, in dumps\n    y\n'
        '  File "/usr/lib/python3/json/encoder.py", line 9, in encode\n    z\nTypeError: no\n'
    )
    files = {file.path: file for file in ranked(postings, issue).files}
    inner, outer = files["src/site/json.py"], files["src/site/app.py"]
    assert inner.signals["frame"] > outer.signals["frame"] > 0
    assert "innermost call of the traceback" in inner.why
    assert "in the traceback" in outer.why


@pytest.mark.parametrize(
    "question",
    ["How is sourdough bread baked with rye flour?", "the", "???", "how does it work", ""],
)
def test_nothing_is_ranked_when_nothing_fits(postings: Postings, question: str) -> None:
    assert ranked(postings, question) == Ranking(())


def test_one_stray_word_of_many_is_no_fit_but_a_question_of_that_word_is(
    postings: Postings,
) -> None:
    stray = "Which tables did medieval monks copy illuminated manuscripts upon?"
    assert ranked(postings, stray) == Ranking(())
    assert paths(ranked(postings, "tables"))[0] == "src/site/tables.py"


def test_the_ranking_does_not_depend_on_what_else_was_indexed(
    postings: Postings, tmp_path: Path
) -> None:
    with Postings(tmp_path / "other.sqlite") as other:
        more = {**FILES, "src/site/more.py": REGISTER * 5, "src/site/app.py": "# changed\n"}
        ranked(other, "register", more)
        question = "Where is the blueprint registered once?"
        assert ranked(other, question) == ranked(postings, question)


def test_only_new_content_is_read_again(postings: Postings) -> None:
    asked: list[str] = []
    question = parse_question("blueprint")
    retrieve(question, corpus_of(postings, FILES, asked))
    assert sorted(asked) == sorted(FILES)
    asked.clear()
    changed = {**FILES, "src/site/app.py": "blueprint = 1\n", "copy/app.py": "blueprint = 1\n"}
    retrieve(question, corpus_of(postings, changed, asked))
    assert asked == ["copy/app.py"]


def test_files_with_the_same_content_are_all_ranked(postings: Postings) -> None:
    files = {"a/tables.py": FILES["src/site/tables.py"], "b/tables.py": FILES["src/site/tables.py"]}
    assert paths(ranked(postings, "build_table", files)) == ["a/tables.py", "b/tables.py"]


def test_an_empty_repository_and_files_without_text_rank_nothing(postings: Postings) -> None:
    assert ranked(postings, "blueprint", {}) == Ranking(())
    assert prior_of(CorpusFile("a.png", "b", FileClass.BINARY), ISSUE) == 0


def test_change_logs_are_known_by_name_and_folder() -> None:
    for path in ("CHANGES.rst", "docs/changelog/7.1.rst", "HISTORY.md", "docs/whatsnew/v1.rst"):
        assert prior_of(CorpusFile(path, "b", FileClass.DOCUMENTATION), ISSUE) == CHANGE_LOG_PRIOR
    assert prior_of(CorpusFile("src/history.py", "b", FileClass.SOURCE), ISSUE) == 1


def test_an_index_that_is_lost_midway_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "p.sqlite"
    with Postings(path) as first:
        ranked(first, "blueprint", {f"{n}.py": f"word{n} = {n}\n" * 40 for n in range(200)})
    data = path.read_bytes()
    path.write_bytes(data[: 4096 * 2] + b"\xee" * (len(data) - 4096 * 2))
    with Postings(path) as second:
        assert paths(ranked(second, "where is the blueprint registered"))
