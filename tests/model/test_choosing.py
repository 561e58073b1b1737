from collections.abc import Mapping, Sequence

import pytest
from bathy.agent.model.choosing import (
    MOST_SPANS,
    MOST_SPANS_A_FILE,
    Candidate,
    Evidence,
    choose_evidence,
    is_preamble,
)


def candidate(
    path: str, first: int, last: int, score: float = 1.0, share: float = 1.0, symbol: str = ""
) -> Candidate:
    return Candidate(Evidence(path, first, last, symbol, ()), score, share)


def chosen(
    candidates: list[Candidate], files: Mapping[str, Sequence[str]] | None = None
) -> list[tuple[str, int]]:
    found = choose_evidence(candidates, lambda path: (files or {}).get(path, ()))
    return [(one.path, one.start_line) for one in found]


def test_few_spans_of_a_file_are_chosen_and_none_overlap() -> None:
    spans = [candidate("a.py", first, first + 4) for first in (1, 3, 10, 20)]
    others = [candidate(f"b{n}.py", 1, 2, 0.9) for n in range(9)]
    found = chosen([*spans, *others, candidate("weak.py", 1, 2, 0.1)])
    assert found[:2] == [("a.py", 1), ("a.py", 10)]
    assert len([path for path, _ in found if path == "a.py"]) == MOST_SPANS_A_FILE
    assert len(found) == MOST_SPANS
    assert chosen([candidate("a", 1, 2), candidate("weak", 1, 2, 0.1)]) == [("a", 1)]


def test_the_second_span_of_a_file_has_to_earn_its_place() -> None:
    best = [candidate("a", 1, 2), candidate("a", 5, 6, share=0.6)]
    others = [candidate("b", 1, 2, 0.7), candidate("c", 1, 2, 0.5)]
    assert chosen([*best, *others]) == [("a", 1), ("b", 1), ("a", 5), ("c", 1)]


def test_code_goes_before_comments_and_declarations_that_fit_as_well() -> None:
    files = {
        "a.py": [*["# tea"] * 3, *["tea()"] * 3],
        "a.d.ts": ["tea(): void;"],
        "b.py": ["tea()"],
    }
    spans = [candidate("a.py", 1, 3), candidate("a.py", 4, 6), candidate("a.d.ts", 1, 1)]
    assert chosen(spans, files) == [("a.py", 4), ("a.py", 1), ("a.d.ts", 1)]
    assert chosen([candidate("a.py", 1, 3), candidate("b.py", 1, 1, 0.3)], files)[0] == ("a.py", 1)


LICENCE = ["/*", " * Copyright", " */", "", "package shop;", "import java.util.Map;"]


def test_a_licence_is_no_evidence_where_a_file_says_more() -> None:
    head, body = candidate("A.java", 1, 6), candidate("A.java", 7, 9, symbol="A.add")
    files = {"A.java": [*LICENCE, *"abc"]}
    assert chosen([head, body], files) == [("A.java", 7)]
    assert chosen([head], files) == [("A.java", 1)]
    files["A.java"][3] = "RETRIES = 3"
    assert chosen([head, body], files) == [("A.java", 7), ("A.java", 1)]


@pytest.mark.parametrize(
    ("lines", "is_one"),
    [
        (["from shop import (", "    cart,", "    mail,", ")"], True),
        (["", "import {", "  cart,", "} from './shop.js';", "// carts"], True),
        (["from shop import (", "    cart,", ")", "cart.fill()"], False),
        (["import { cart } from './shop.js';", "fill(cart);"], False),
        (["", ""], False),
    ],
)
def test_imports_may_go_over_several_lines(lines: list[str], is_one: bool) -> None:
    assert is_preamble(lines) is is_one
