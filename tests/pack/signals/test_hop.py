from collections.abc import Iterator, Mapping
from math import log
from pathlib import Path

import pytest
from bathy.agent.index.postings import Postings
from bathy.agent.pack.question import parse_question
from bathy.agent.pack.ranking import RankedFile, Ranking
from bathy.agent.pack.retrieve import retrieve
from bathy.agent.pack.signals.hop import (
    BELOW_LEADERS,
    BEST_FILES,
    BEST_SPANS,
    LEADERS,
    MOST_DEFINERS,
    MOST_DEFINERS_OF_OWN,
    MOST_USERS,
    Hop,
    follow,
    lift,
)
from bathy.agent.pack.signals.words import match_words
from corpora import corpus_of
from hypothesis import given
from hypothesis import strategies as st

DESCRIBED = '''\
def leaven_rye(dough):
    """Leaven the rye sourdough over night."""
    return ferment_mass(dough)
'''
DEFINES = "def ferment_mass(mass):\n    return mass * 2\n"
SIBLING = "def bake_{n}(loaf):\n    # of rye\n    return loaf + {n}\n"
SIBLINGS = {f"c{n}.py": SIBLING.format(n=n) for n in range(4)}
CHAIN = {"a.py": DESCRIBED, "b.py": DEFINES, **SIBLINGS}
QUESTION = "How is rye sourdough leavened over night?"


@pytest.fixture
def postings(tmp_path: Path) -> Iterator[Postings]:
    with Postings(tmp_path / "postings.sqlite") as opened:
        yield opened


def ranked(postings: Postings, files: Mapping[str, str], question: str = QUESTION) -> Ranking:
    return retrieve(parse_question(question), corpus_of(postings, files))


def by_path(ranking: Ranking) -> dict[str, RankedFile]:
    return {file.path: file for file in ranking.files}


def followed(
    postings: Postings, files: Mapping[str, str], question: str = QUESTION
) -> tuple[Hop, list[str]]:
    """What follows from the words alone, and the paths by place."""
    asked, corpus = parse_question(question), corpus_of(postings, files).open()
    words = match_words(asked, corpus)
    return follow(asked, words.fit, words, corpus), sorted(files)


def test_a_file_that_the_best_span_calls_comes_before_those_that_share_words(
    postings: Postings,
) -> None:
    ranking = ranked(postings, CHAIN)
    assert [file.path for file in ranking.files[:2]] == ["a.py", "b.py"]
    assert {file.path for file in ranking.files} == set(CHAIN)
    found = ranking.files[1]
    assert found.signals == {"leads here": 1.0}
    assert found.why == ("defines `ferment_mass`, which a.py uses",)
    assert [(span.start_line, span.end_line, span.symbol) for span in found.spans] == [
        (1, 2, "ferment_mass")
    ]
    unlinked = {**CHAIN, "a.py": DESCRIBED.replace("ferment_mass(dough)", "dough")}
    assert "b.py" not in by_path(ranked(postings, unlinked))


def test_a_reason_quotes_the_path_that_it_names(postings: Postings) -> None:
    files = {"a\x1b[31m\n\u202e.py": DESCRIBED, "b.py": DEFINES}
    (why,) = by_path(ranked(postings, files))["b.py"].why
    assert why == r'defines `ferment_mass`, which "a\033[31m\n\342\200\256.py" uses'


def test_what_is_led_to_never_passes_the_leader(postings: Postings) -> None:
    many = DESCRIBED + "".join(f"    ferment_mass_{n}(dough)\n" for n in range(30))
    defines = "".join(f"def ferment_mass_{n}(rye):\n    return rye\n\n\n" for n in range(30))
    ranking = ranked(postings, {"a.py": many, "b.py": defines, **SIBLINGS})
    leader, second = ranking.files[:2]
    assert (leader.path, second.path) == ("a.py", "b.py")
    assert second.score < leader.score


def test_a_name_that_too_many_files_define_leads_nowhere(postings: Postings) -> None:
    for copies, is_found in ((MOST_DEFINERS, True), (MOST_DEFINERS + 1, False)):
        defining = {f"b{n}.py": DEFINES + f"# {n}\n" for n in range(copies)}
        hop, paths = followed(postings, {"a.py": DESCRIBED, **defining})
        found = {paths[place] for place in hop.leads_here}
        assert found == (set(defining) if is_found else set())


def test_a_name_that_the_file_itself_defines_leads_nowhere(postings: Postings) -> None:
    hop, _ = followed(postings, {**CHAIN, "a.py": DESCRIBED + "\n\n" + DEFINES})
    assert hop.leads_here == {}


def test_a_file_that_uses_what_the_best_span_defines_is_found(postings: Postings) -> None:
    uses = "def work(dough):\n    return leaven_rye(dough)\n"
    ranking = by_path(ranked(postings, {"a.py": DESCRIBED, "u.py": uses, **SIBLINGS}))
    assert ranking["u.py"].signals["comes from here"] == 1.0
    assert "uses `leaven_rye` of a.py" in ranking["u.py"].why
    assert "leads here" not in ranking["u.py"].signals


def test_what_several_files_define_or_very_many_use_has_no_users(postings: Postings) -> None:
    uses = {f"u{n:02}.py": f"x{n} = leaven_rye(loaf)\n" for n in range(MOST_USERS + 1)}
    few = dict(list(uses.items())[:MOST_USERS])
    for using, is_found in ((few, True), (uses, False)):
        hop, paths = followed(postings, {"a.py": DESCRIBED, **using})
        assert {paths[p] for p in hop.comes_from_here} == (set(using) if is_found else set())
    for others, is_found in ((MOST_DEFINERS_OF_OWN - 1, True), (MOST_DEFINERS_OF_OWN, False)):
        again = {f"d{n}.py": f"def leaven_rye():\n    return {n}\n" for n in range(others)}
        hop, paths = followed(postings, {"a.py": DESCRIBED, "u00.py": uses["u00.py"], **again})
        assert ("u00.py" in {paths[p] for p in hop.comes_from_here}) is is_found


def test_a_name_that_the_question_speaks_of_leads_further(postings: Postings) -> None:
    calls = DESCRIBED + "    feed_mother(dough)\n"
    files = {"a.py": calls, "b.py": DEFINES, "m.py": "def feed_mother(mass):\n    return mass\n"}
    hop, paths = followed(postings, files, QUESTION + " mother")
    strengths = {paths[place]: strength for place, strength in hop.leads_here.items()}
    assert strengths["m.py"] == 1.0
    assert strengths["b.py"] < 0.6


def test_a_name_that_many_use_leads_less_far(postings: Postings) -> None:
    calls = DESCRIBED + "    call_often(dough)\n"
    often = {f"u{n}.py": f"x{n} = call_often({n})\n" for n in range(9)}
    defined = {"b.py": DEFINES, "o.py": "def call_often(mass):\n    return mass\n"}
    hop, paths = followed(postings, {"a.py": calls, **defined, **often})
    strengths = {paths[place]: strength for place, strength in hop.leads_here.items()}
    assert strengths == pytest.approx({"b.py": 1.0, "o.py": log(3 + 1) / log(3 + 10)})


def test_a_file_does_not_come_from_itself(postings: Postings) -> None:
    recursive = DESCRIBED.replace("ferment_mass", "leaven_rye")
    hop, _ = followed(postings, {"a.py": recursive, "b.py": DEFINES})
    assert (hop.leads_here, hop.comes_from_here, hop.spans) == ({}, {}, {})


def test_the_spans_that_define_and_use_the_names_are_told(postings: Postings) -> None:
    filling = "def other(mass):\n    return [mass]\n\n\n\n\n"
    uses = "def work(mass):\n    return leaven_rye(mass)\n"
    files = {"a.py": DESCRIBED, "b.py": filling + DEFINES, "u.py": filling + uses}
    hop, _ = followed(postings, files)
    view = corpus_of(postings, files).open().view
    # The user's own words fit, too, so it leads back.
    strengths = {span: found for spans in hop.spans.values() for span, found in spans.items()}
    assert {view.span_at(span).symbol for span in strengths} == {
        "ferment_mass",
        "work",
        "leaven_rye",
    }
    assert all(view.blob_of(span) == blob for blob, spans in hop.spans.items() for span in spans)
    assert min(strengths.values()) > 0
    assert max(strengths.values()) == 1


@pytest.mark.parametrize("order", [("feed_rye", "store_mass"), ("store_mass", "feed_rye")])
def test_the_name_that_leads_furthest_is_the_reason(
    postings: Postings, order: tuple[str, str]
) -> None:
    calls = "".join(f"    {name}(dough)\n" for name in order)
    defines = "def feed_rye(x):\n    pass\n\n\ndef store_mass(x):\n    pass\n"
    hop, _ = followed(postings, {"a.py": DESCRIBED + calls, "b.py": defines})
    assert hop.why[1] == (0, "feed_rye")


def test_better_files_lead_further(postings: Postings) -> None:
    files = {
        "a.py": "def rye_a(x):\n    return target_a(x)\n",
        "b.py": "def rye_b(x):\n    return target_b(x)\n",
        "ta.py": "def target_a(x):\n    return x\n",
        "tb.py": "def target_b(x):\n    return x\n",
    }
    asked, corpus = parse_question("rye"), corpus_of(postings, files).open()
    hop = follow(asked, {0: 1.0, 1: 0.25}, match_words(asked, corpus), corpus)
    assert hop.leads_here == pytest.approx({2: 1.0, 3: 0.25})


def test_only_the_best_spans_of_a_file_are_followed(postings: Postings) -> None:
    spans = [
        f"def part_{n}(x):\n"
        + f"    # {'rye ' * (9 - n)}\n    y = x\n    return target_{n}(x)\n\n\n"
        for n in range(BEST_SPANS + 1)
    ]
    files = {"a.py": "".join(spans)}
    files |= {f"t{n}.py": f"def target_{n}(x):\n    return x\n" for n in range(BEST_SPANS + 1)}
    hop, paths = followed(postings, files, "rye")
    assert {paths[place] for place in hop.leads_here} == {f"t{n}.py" for n in range(BEST_SPANS)}


def test_copies_of_a_file_are_led_to_alike(postings: Postings) -> None:
    hop, paths = followed(postings, {"a.py": DESCRIBED, "x/b.py": DEFINES, "y/b.py": DEFINES})
    assert {paths[p]: s for p, s in hop.leads_here.items()} == {"x/b.py": 1.0, "y/b.py": 1.0}


def test_of_both_ways_to_a_file_the_one_forth_is_the_reason(postings: Postings) -> None:
    both = DEFINES + "\n\ndef work(mass):\n    return leaven_rye(mass)\n"
    hop, _ = followed(postings, {"a.py": DESCRIBED, "b.py": both})
    assert 1 in hop.leads_here.keys() & hop.comes_from_here.keys()
    assert hop.why[1] == (0, "ferment_mass")


def test_only_the_best_files_are_followed(postings: Postings) -> None:
    files = {
        f"a{n}.py": f"def rye_{n}(x):\n    return target_{n}(x)\n" for n in range(BEST_FILES + 1)
    }
    files |= {f"b{n}.py": f"def target_{n}(x):\n    return x\n" for n in range(BEST_FILES + 1)}
    asked, corpus = parse_question("rye"), corpus_of(postings, files).open()
    words = match_words(asked, corpus)
    scores = {place: 1.0 - place / 100 for place in range(BEST_FILES + 1)}
    found = {leader for leader, _ in follow(asked, scores, words, corpus).why.values()}
    assert found == set(range(BEST_FILES))


def test_where_nothing_fits_nothing_is_followed(postings: Postings) -> None:
    asked, corpus = parse_question(QUESTION), corpus_of(postings, CHAIN).open()
    words = match_words(asked, corpus)
    nothing = Hop({}, {}, {}, {})
    assert follow(asked, {}, words, corpus) == nothing
    assert follow(asked, {0: 0.0, 1: 0.0}, words, corpus) == nothing


FIGURE = st.floats(0, 3, allow_subnormal=False) | st.sampled_from([0.0, 1e-9, 0.001, 0.98, 1.0])
FIGURES = st.lists(st.tuples(FIGURE, FIGURE), max_size=12)


def lifted_of(pairs: list[tuple[float, float]]) -> tuple[list[float], list[float], list[float]]:
    scores, gains = [score for score, _ in pairs], [gain for _, gain in pairs]
    return scores, gains, lift(scores, gains)


@given(FIGURES)
def test_a_lift_never_lowers_and_adds_no_more_than_was_found(
    pairs: list[tuple[float, float]],
) -> None:
    scores, gains, lifted = lifted_of(pairs)
    assert len(lifted) == len(scores)
    for score, gain, now in zip(scores, gains, lifted, strict=True):
        assert score <= now <= score + gain


@given(FIGURES)
def test_a_lift_leaves_the_leaders_in_front(pairs: list[tuple[float, float]]) -> None:
    scores, _, lifted = lifted_of(pairs)
    leading = sorted(scores, reverse=True)[:LEADERS]
    if len(leading) < LEADERS or leading[-1] == 0:
        return
    last = leading[-1]
    for score, now in zip(scores, lifted, strict=True):
        assert now == score if score >= last else now < last


@given(FIGURES)
def test_a_lift_keeps_the_order_of_what_is_lifted(pairs: list[tuple[float, float]]) -> None:
    scores, gains, lifted = lifted_of(pairs)
    last = max(scores, default=0.0)
    below = sorted(
        (score + gain, now)
        for score, gain, now in zip(scores, gains, lifted, strict=True)
        if score < BELOW_LEADERS * last
    )
    assert [now for _, now in below] == sorted(now for _, now in below)


@given(st.lists(st.floats(0, 3), max_size=12))
def test_without_leaders_a_lift_is_an_addition(gains: list[float]) -> None:
    assert lift([0.0] * len(gains), gains) == gains
