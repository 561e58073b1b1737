import pickle
from pathlib import Path

import pytest
from bathy.agent.index.postings import Postings
from bathy.agent.index.span_terms import (
    LEAST_NAME_CHARS,
    MOST_USES,
    index_text,
    is_telling,
)
from bathy.agent.index.symbols import Definition, Use, extract_symbols, extract_uses
from bathy.agent.index.view import Names
from corpora import indexed
from hypothesis import given, settings
from hypothesis import strategies as st

PYTHON = """\
from storage import open_shelf

@register
class Basket(Container):
    def put(self, item: Ware):
        return self.weigh(item)


def main():
    try:
        return load_all()
    except ShelfError:
        pass
"""
SCRIPT = """\
import { openShelf } from "./storage";
import Ware from "./ware";

export class Basket extends Container {
  put(item) {
    return this.weigh(new Parcel(item));
  }
}

@register()
class Other {}
"""
JAVA = """\
package shop;

import shop.storage.Shelf;

@Registered
public class Basket extends Container implements Holder {
  @Override
  void put(Ware item) {
    weigh(new Parcel(item));
  }
}
"""
GO = """\
package shop

type Basket struct {
\tContainer
}

func (b *Basket) Put(item Ware) {
\tb.weigh(item)
}

func New() *Basket {
\treturn &Basket{Container: open()}
}
"""
PLACES = {
    "python": (
        PYTHON,
        {"open_shelf": 1, "register": 3, "Container": 4, "Ware": 5, "weigh": 6, "load_all": 11,
         "ShelfError": 12},
    ),
    "javascript": (
        SCRIPT,
        {"openShelf": 1, "Ware": 2, "Container": 4, "weigh": 6, "Parcel": 6, "register": 10},
    ),
    "java": (
        JAVA,
        {"Shelf": 3, "Registered": 5, "Container": 6, "Holder": 6, "Override": 7, "Ware": 8,
         "weigh": 9, "Parcel": 9},
    ),
    "go": (GO, {"Container": 4, "Ware": 7, "weigh": 8, "Basket": 12, "open": 12}),
}  # fmt: skip


@pytest.mark.parametrize("language", PLACES)
def test_calls_bases_annotations_and_imports_are_found_at_their_lines(language: str) -> None:
    text, places = PLACES[language]
    _, uses = extract_uses(text, language)
    assert list(uses) == sorted(uses, key=lambda use: (use.line, use.name))
    lines = text.split("\n")
    for use in uses:
        assert use.name in lines[use.line - 1]
    assert places.items() <= {use.name: use.line for use in uses}.items()


@pytest.mark.parametrize("language", PLACES)
def test_each_use_is_in_the_span_that_holds_its_line_and_in_no_other(language: str) -> None:
    text, _ = PLACES[language]
    _, uses = extract_uses(text, language)
    for found in indexed(text, language):
        lines = range(found.span.start_line, found.span.end_line + 1)
        wanted = dict.fromkeys(u.name for u in uses if u.line in lines and is_telling(u.name))
        assert found.uses == tuple(wanted)


@pytest.mark.parametrize("language", PLACES)
def test_the_symbols_are_the_same_with_and_without_the_places(language: str) -> None:
    text, _ = PLACES[language]
    symbols, uses = extract_uses(text, language)
    assert extract_symbols(text, language) == symbols
    assert sum(count for _, count in symbols.references) == len(uses)


def test_a_text_without_a_grammar_uses_nothing() -> None:
    assert extract_uses("call(me)\n", "")[1] == ()
    assert extract_uses("", "python")[1] == ()


def test_names_that_are_short_or_hold_blanks_tell_nothing() -> None:
    assert is_telling("x" * LEAST_NAME_CHARS)
    assert not is_telling("x" * (LEAST_NAME_CHARS - 1))
    for blank in " \t\n\r\x0b\x1c\x85\xa0\u2028":
        assert not is_telling(f"one{blank}two")


def test_of_many_uses_the_first_are_kept_each_once() -> None:
    uses = [Use(1, f"name{number // 2}") for number in range(10_000)]
    (found,) = index_text("x", (), uses)
    assert found.uses == tuple(f"name{number}" for number in range(MOST_USES))


def test_uses_after_the_last_line_are_of_no_span() -> None:
    assert [found.uses for found in index_text("x\n", (), [Use(1, "one"), Use(9, "two")])] == [
        ("one",)
    ]


NAMES = st.text(st.characters(), max_size=12) | st.sampled_from(
    [
        "caf\udce9",
        "caf\udcea",
        "a b c",
        "tab\there",
        "line\nbreak",
        "nul\0byte",
        "=own",
        ">use",
        "a.b",
    ]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(NAMES, max_size=8), st.lists(NAMES, max_size=4))
def test_any_names_survive_the_way_through_processes_and_the_index(
    used: list[str], defined: list[str]
) -> None:
    text = "word\n" * 12
    definitions = [
        Definition(n, "function", 3 * i + 1, 3 * i + 3, "") for i, n in enumerate(defined)
    ]
    spans = index_text(text, definitions, [Use(1 + i, name) for i, name in enumerate(used)])
    assert pickle.loads(pickle.dumps(spans)) == spans
    with Postings(Path("/dev/null/none")) as postings:
        postings.add([("f", spans)])
        names = postings.names_of("f")
        view = postings.view(["f"])
        assert len(names) == len(postings.spans_of("f"))
        for number, (found, kept) in enumerate(zip(spans, names, strict=True)):
            assert kept.uses == found.uses
            assert view.names_at(number) == kept
            assert all(number in view.users(name) for name in kept.uses)
            assert all(number in view.definers(name) for name in kept.defines)
            assert {f"={name}" for name in kept.defines} <= set(found.defines)


def test_ten_thousand_hostile_names_are_kept_in_bounds(tmp_path: Path) -> None:
    uses = [Use(1, f"n\udce9 {n}" if n % 2 else f"n\udce9{n}") for n in range(10_000)]
    with Postings(tmp_path / "p.sqlite") as postings:
        postings.add([("f", index_text("x", (), uses))])
        (names,) = postings.names_of("f")
        assert names == Names(tuple(f"n?{n}" for n in range(0, 2 * MOST_USES, 2)), ())
        assert postings.view(["f"]).users("n\udce94") == [0]


def test_a_span_without_words_is_not_found_by_its_name() -> None:
    (only,) = index_text("}\n", (Definition("Kettle", "class", 1, 1, ""),))
    assert only.span.symbol == "Kettle"
    assert not only.counts
