import pytest
from bathy.agent.index.terms import (
    MAX_WORD_CHARS,
    add_terms,
    count_terms,
    join,
    parts_of,
    stem,
    terms_of,
    words_of,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("add_url_rule", ["add", "url", "rule"]),
        ("HTTPServer2_name", ["http", "server", "2", "name"]),
        ("camelCase", ["camel", "case"]),
        ("__init__", ["init"]),
        ("naïveÄnderung", ["na", "ï", "ve", "ä", "nderung"]),
        ("数据", ["数据"]),
        ("___", []),
    ],
)
def test_a_word_is_cut_at_underscores_humps_and_digits(word: str, parts: list[str]) -> None:
    assert parts_of(word) == parts


@pytest.mark.parametrize(
    "words",
    [
        ("register", "registers", "registered", "registering"),
        ("entry", "entries"),
        ("class", "classes"),
        ("stop", "stopped", "stopping", "stops"),
        ("cache", "caches", "cached", "caching"),
        ("patch", "patches", "patched"),
    ],
)
def test_forms_of_one_word_have_one_stem(words: tuple[str, ...]) -> None:
    assert len({stem(word) for word in words}) == 1


@pytest.mark.parametrize("word", ["ring", "status", "this", "bed", "css", "https", "string", "red"])
def test_what_only_looks_like_an_ending_stays(word: str) -> None:
    assert stem(word) in (word, word.removesuffix("s"))
    assert len(stem(word)) >= 3


def test_neighbouring_words_of_a_question_make_the_term_of_the_identifier() -> None:
    for spelling in ("url_rule", "urlRule", "UrlRule", "URL_RULE", "add_url_rules"):
        assert join(["url", "rule"]) in terms_of(spelling)


def test_a_whole_identifier_is_a_term_beside_its_parts_and_pairs() -> None:
    assert terms_of("add_url_rule") == ("add", "url", "rul", "addurl", "urlrul", "addurlrul")


def test_very_common_words_single_letters_and_numbers_are_not_indexed() -> None:
    assert count_terms("the x of self 7 1234567890 a") == {}


def test_occurrences_are_counted_over_all_spellings() -> None:
    assert count_terms("max_size maxSize sizes") == {"max": 2, "siz": 3, "maxsiz": 2}


def test_terms_can_be_added_several_times() -> None:
    counts = count_terms("alpha")
    add_terms(counts, "alpha beta", 3)
    assert counts == {"alpha": 4, "beta": 3}


def test_encoded_data_gives_no_terms() -> None:
    assert count_terms("a" * (MAX_WORD_CHARS + 1) + " " * 1_000_000 + "\0" * 1000) == {}


@given(st.text(max_size=200))
def test_any_text_counts_the_same_twice_and_never_fails(text: str) -> None:
    counts = count_terms(text)
    assert counts == count_terms(text)
    assert all(term and times > 0 for term, times in counts.items())
    assert all(terms_of(word) == tuple(dict.fromkeys(terms_of(word))) for word in words_of(text))


@given(st.from_regex(r"[a-z]{1,20}", fullmatch=True))
def test_a_stem_is_never_empty(word: str) -> None:
    assert stem(word)
