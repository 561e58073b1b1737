import sqlite3
from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path

import pytest
from bathy.agent.index.files import FileClass
from bathy.agent.index.past import NO_PAST, Past
from bathy.agent.index.postings import Postings
from bathy.agent.pack.corpus import CorpusFile
from bathy.agent.pack.question import parse_question
from bathy.agent.pack.ranking import Ranking
from bathy.agent.pack.retrieve import prior_of, retrieve
from bathy.agent.pack.signals.weights import CHANGE_LOG_PRIOR, ISSUE, QUESTION
from corpora import corpus_of, past_of
from hypothesis import given, settings
from hypothesis import strategies as st

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
PAST = past_of(
    ("Register blueprints once only", ["src/site/blueprints.py"]),
    ("Tidy", ["src/site/blueprints.py", "src/site/tables.py"]),
    ("Register again", ["src/site/blueprints.py", "gone.py"]),
    ("Unrelated", ["src/site/json.py"]),
)


@pytest.fixture
def postings(tmp_path: Path) -> Iterator[Postings]:
    with Postings(tmp_path / "postings.sqlite") as opened:
        yield opened


def ranked(
    postings: Postings, question: str, files: Mapping[str, str] = FILES, past: Past = NO_PAST
) -> Ranking:
    return retrieve(parse_question(question), corpus_of(postings, files, past=past))


def paths(ranking: Ranking) -> list[str]:
    return [file.path for file in ranking.files]


def test_the_file_that_answers_comes_first_with_its_span_and_reasons(postings: Postings) -> None:
    best = ranked(postings, "How does `Blueprint.register` reject a second registration?").files[0]
    assert best.path == "src/site/blueprints.py"
    assert best.spans[0].symbol in ("Blueprint", "Blueprint.register")
    assert "defines `Blueprint.register`" in best.why
    assert any(reason.startswith("matches: ") and "blueprint" in reason for reason in best.why)


def test_the_telling_words_of_a_question_are_said_most_telling_first(postings: Postings) -> None:
    files = {"a.py": "def kettle():\n    tea = 1\n", **{f"b{n}.py": "tea = 2\n" for n in range(9)}}
    words = ranked(postings, "isn't tea in the kettle of the zebra?", files).words
    assert list(words) == ["kettle", "tea"]
    assert words["kettle"] > words["tea"]


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
    # What the second hop finds moves no leader.
    own = {n: s for n, s in best.signals.items() if n not in ("leads here", "comes from here")}
    total = sum(weights[name] * strength for name, strength in own.items())
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
        ranked(other, "register", more, past_of(("register everything", list(more))))
        for question in ("Where is the blueprint registered once?", "register\nonce\n"):
            for past in (NO_PAST, PAST):
                alone = ranked(postings, question, FILES, past)
                assert ranked(other, question, FILES, past) == alone


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


def test_old_changes_bring_in_what_their_messages_and_companions_tell(
    postings: Postings,
) -> None:
    question = "register\nit fails"
    without = {file.path: file for file in ranked(postings, question).files}
    found = {file.path: file for file in ranked(postings, question, FILES, PAST).files}
    best = found["src/site/blueprints.py"]
    assert {"old messages", "changed often"} <= best.signals.keys()
    assert best.score > without["src/site/blueprints.py"].score
    assert "src/site/tables.py" not in without
    assert found["src/site/tables.py"].signals["changed together"] == 1.0
    assert "src/site/json.py" not in found
    assert "gone.py" not in found


def test_that_a_file_is_changed_often_is_no_answer_by_itself(postings: Postings) -> None:
    past = past_of(*[("wall", ["src/site/json.py"])] * 5)
    assert "src/site/json.py" not in paths(ranked(postings, "register\nx", FILES, past))


def test_what_the_best_file_leads_to_does_not_crowd_out_the_file_that_answers(
    postings: Postings,
) -> None:
    calls = "".join(f"    heat_{n}(x)\n" for n in range(4))
    letters = "abcdefghijklmnopqrstuvwxyz"
    filling = "".join(f"word{a}{b} = 1\n" for a in letters for b in letters)
    files = {
        "a.py": f"def start_it(x):\n    # {'zeta ' * 9}\n{calls}",
        "c.md": f"# Other\n{filling}alpha\n{filling}beta\n{filling}",
    }
    led_to = {f"b{n}.py": f"def heat_{n}(x):\n    return x\n" for n in range(4)}
    question = "Which zeta alpha beta gamma delta epsilon kappa"
    assert paths(ranked(postings, question, files)) == ["a.py", "c.md"]
    assert paths(ranked(postings, question, files | led_to)) == ["a.py", *led_to, "c.md"]


def test_the_same_question_twice_has_the_same_answer_whatever_was_asked_between(
    postings: Postings,
) -> None:
    corpus = corpus_of(postings, FILES, past=PAST)
    question = parse_question("Where is the blueprint registered once on the application?")
    first = retrieve(question, corpus)
    assert first.files
    for other in ("tables", "", "dumps\nvalue", "src/site/app.py"):
        retrieve(parse_question(other), corpus)
    assert retrieve(question, corpus) == first
    assert retrieve(question, corpus_of(postings, FILES, past=PAST)) == first


def test_details_of_fewer_files_change_no_score_and_no_order(postings: Postings) -> None:
    question = parse_question("register a blueprint")
    corpus = corpus_of(postings, FILES, past=PAST)
    whole, none = retrieve(question, corpus), retrieve(question, corpus, detailed=0)
    assert [(f.path, f.score, f.signals) for f in none.files] == [
        (f.path, f.score, f.signals) for f in whole.files
    ]
    assert not any(file.spans or file.why for file in none.files)


def test_an_index_that_is_lost_midway_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "p.sqlite"
    with Postings(path) as first:
        ranked(first, "blueprint", {f"{n}.py": f"word{n} = {n}\n" * 40 for n in range(200)})
    data = path.read_bytes()
    path.write_bytes(data[: 4096 * 2] + b"\xee" * (len(data) - 4096 * 2))
    with Postings(path) as second:
        assert paths(ranked(second, "where is the blueprint registered"))


def test_an_index_that_is_lost_after_a_corpus_was_opened_is_made_again(tmp_path: Path) -> None:
    question = parse_question("where is the blueprint registered")
    asked: list[str] = []
    with Postings(tmp_path / "p.sqlite") as postings:
        corpus = corpus_of(postings, FILES, asked, past=PAST)
        before = retrieve(question, corpus)
        for _ in range(2):
            asked.clear()
            corpus.forget()
            corpus.open()
            postings.close()
            assert retrieve(question, corpus) == before
            assert sorted(asked) == sorted(FILES)


def test_tables_that_vanish_while_a_corpus_is_open_are_made_again(tmp_path: Path) -> None:
    path = tmp_path / "p.sqlite"
    with Postings(path) as postings:
        corpus = corpus_of(postings, FILES)
        retrieve(parse_question("tables"), corpus)
        other = sqlite3.connect(path)
        other.execute("DROP TABLE posting")
        other.commit()
        other.close()
        found = paths(retrieve(parse_question("where is the blueprint registered"), corpus))
        assert found[0] == "src/site/blueprints.py"


@pytest.mark.parametrize(
    ("question", "best"),
    [
        ("Wo wird das Glasur\u00f6fchen geheizt?", "ofen.py"),
        ("\u0413\u0434\u0435 \u043f\u0435\u0447\u044c?", "\u043f\u0435\u0447\u044c.py"),
        ("\u7a91\u5728\u54ea\u91cc \u7a91\u7089", "kiln.py"),
    ],
)
def test_questions_in_other_languages_find_the_words_that_they_share(
    postings: Postings, question: str, best: str
) -> None:
    files = {
        "ofen.py": "# Das Glasur\u00f6fchen\ndef heize():\n    pass\n",
        "\u043f\u0435\u0447\u044c.py": "# \u043f\u0435\u0447\u044c\n",
        "kiln.py": "# \u7a91\u7089\n",
        "other.py": "nothing = 1\n",
    }
    assert paths(ranked(postings, question, files))[0] == best


WORDS = st.sampled_from(
    ["kiln", "fire_clay", "Kiln.fire", "`glaze`", "a.py", "src/b.py", "\n", "def", "class", "import",
     "from", "(", ")", ":", "    ", "the", "caf\u00e9", "\udce9", "\x00", "\u7a91\u7089", "@", "```",
     'File "src/b.py", line 1, in fire', "Traceback (most recent call last):", "//", "=", "\u202e"]
)  # fmt: skip
TEXT = st.lists(WORDS | st.text(max_size=6), max_size=30).map(" ".join)
PATHS = st.sampled_from(
    [
        "a.py",
        "src/b.py",
        "docs/kiln.md",
        "caf\udce9/fire.js",
        "CHANGES.md",
        "x.lock",
        " .go",
        "t.java",
    ]
)


@settings(max_examples=60, deadline=None)
@given(
    TEXT,
    st.dictionaries(PATHS, TEXT, max_size=6),
    st.lists(st.tuples(TEXT, st.lists(PATHS, min_size=1, max_size=4, unique=True)), max_size=5),
)
def test_any_text_is_ranked_by_finite_falling_scores_with_spans_inside_the_files(
    question: str, files: dict[str, str], changes: list[tuple[str, list[str]]]
) -> None:
    with Postings(Path("/dev/null/none")) as postings:
        found = ranked(postings, question, files, past_of(*changes)).files
    assert [file.score for file in found] == sorted((f.score for f in found), reverse=True)
    assert len({file.path for file in found}) == len(found)
    for file in found:
        assert isfinite(file.score)
        assert file.score > 0
        assert all(isfinite(strength) and strength >= 0 for strength in file.signals.values())
        lines = files[file.path].count("\n") + 1
        for span in file.spans:
            assert 1 <= span.start_line <= span.end_line <= lines
            assert isfinite(span.score)
