import re
from collections.abc import Mapping, Sequence

from bathy.agent.model.offline import (
    MOST_SPANS,
    MOST_SPANS_A_FILE,
    Candidate,
    Evidence,
    answer_offline,
    choose_evidence,
)

FILE = [f"line {n}" for n in range(1, 101)]
FILE[9] = FILE[10] = ""


def lines_of(path: str) -> list[str]:
    return FILE if path == "a.py" else []


def test_what_is_quoted_stands_at_the_number_that_is_shown() -> None:
    answer = answer_offline(
        "q?", [Evidence("a.py", 3, 5, "f", ("why",))], lines_of=lines_of, words={}
    )
    assert (
        "[a.py:3-5] f\nwhy: holds none of the words\nits file: why\n  3 │ line 3\n  4 │ line 4\n  5 │ line 5\n"
        in answer.text
    )
    assert [(c.path, c.start_line, c.end_line) for c in answer.citations] == [("a.py", 3, 5)]


def test_reasons_are_told_apart_by_what_they_are_true_of() -> None:
    files = {"a.py": ["def brew(tea):", "    return tea.steep()", "", "KETTLE = 1"]}
    of_file = ("matches: kettle, steeps, tea", "defines `brew`")
    answer = answer_offline(
        "q",
        [Evidence("a.py", 1, 2, "brew", of_file), Evidence("a.py", 4, 4, "", of_file[:1])],
        lines_of=files.__getitem__,
        words={"kettle": 3.0, "steeps": 2.0, "tea": 1.0},
    )
    assert (
        "brew\nwhy: matches: steeps, tea\nits file: matches: kettle, steeps, tea; " in answer.text
    )
    assert "[a.py:4]\nwhy: matches: kettle\nits file: matches: kettle, steeps, tea\n" in answer.text


def test_what_is_said_of_the_span_is_not_said_of_its_file_again() -> None:
    item = Evidence("a.py", 3, 3, "", ("matches: line",))
    answer = answer_offline("q", [item], lines_of=lines_of, words={"line": 1.0})
    assert "why: matches: line\n  3 │ line 3\n" in answer.text


def test_what_is_left_out_of_a_long_span_is_counted() -> None:
    long = Evidence("a.py", 1, 100, "f", ())
    answer = answer_offline("q", [long], lines_of=lines_of, words={})
    shown = answer.text.count(" │")
    left = [int(n) for n in re.findall(r"^ +… (\d+) more lines$", answer.text, re.M)]
    assert shown + sum(left) == 100
    assert re.search(r"more lines\n\nSources", answer.text)
    assert "[a.py:1-100]" in answer.text


def test_evidence_that_does_not_resolve_is_left_out() -> None:
    wrong = [Evidence("gone.py", 1, 2, "", ()), Evidence("a.py", 90, 101, "", ())]
    answer = answer_offline("q", wrong, lines_of=lines_of, words={})
    assert answer.citations == ()
    assert answer.text.startswith("Nothing in this repository fits")


def test_control_characters_of_a_file_do_not_reach_the_terminal() -> None:
    answer = answer_offline(
        "q", [Evidence("a", 1, 1, "", ())], lines_of=lambda _: ["\x1b[2Jx\u202ey"], words={}
    )
    assert "\x1b" not in answer.text
    assert "\u202e" not in answer.text
    assert "[a:1]" in answer.text


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
    assert chosen(spans, files) == [("a.py", 4), ("a.d.ts", 1), ("a.py", 1)]
    assert chosen([candidate("a.py", 1, 3), candidate("b.py", 1, 1, 0.3)], files)[0] == ("a.py", 1)


LICENCE = ["/*", " * Copyright", " */", "", "package shop;", "import java.util.Map;"]


def test_a_licence_is_no_evidence_where_a_file_says_more() -> None:
    head, body = candidate("A.java", 1, 6), candidate("A.java", 7, 9, symbol="A.add")
    files = {"A.java": [*LICENCE, *"abc"]}
    assert chosen([head, body], files) == [("A.java", 7)]
    assert chosen([head], files) == [("A.java", 1)]
    files["A.java"][3] = "RETRIES = 3"
    assert chosen([head, body], files) == [("A.java", 7), ("A.java", 1)]
