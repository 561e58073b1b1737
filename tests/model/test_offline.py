from bathy.agent.model.offline import (
    MOST_SPANS,
    MOST_SPANS_A_FILE,
    WHOLE_SPAN_LINES,
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
        "q?", [Evidence("a.py", 3, 5, "f", ("why",))], lines_of=lines_of, words=[]
    )
    assert "[a.py:3-5] f\nwhy: why\n  3 │ line 3\n  4 │ line 4\n  5 │ line 5\n" in answer.text
    assert [(c.path, c.start_line, c.end_line) for c in answer.citations] == [("a.py", 3, 5)]


def test_empty_lines_around_a_span_are_not_cited() -> None:
    answer = answer_offline("q", [Evidence("a.py", 10, 13, "", ())], lines_of=lines_of, words=[])
    assert [(c.start_line, c.end_line) for c in answer.citations] == [(12, 13)]


def test_of_a_long_span_the_head_and_the_part_with_the_words_are_quoted() -> None:
    long = Evidence("a.py", 1, 100, "f", ())
    answer = answer_offline("q", [long], lines_of=lines_of, words=["line 77"])
    assert "line 77" in answer.text
    assert "…" in answer.text
    assert answer.text.count("│") < WHOLE_SPAN_LINES
    assert "[a.py:1-100]" in answer.text


def test_evidence_that_does_not_resolve_is_left_out() -> None:
    wrong = [Evidence("gone.py", 1, 2, "", ()), Evidence("a.py", 90, 101, "", ())]
    answer = answer_offline("q", wrong, lines_of=lines_of, words=[])
    assert answer.citations == ()
    assert answer.text.startswith("Nothing in this repository fits")


def test_control_characters_of_a_file_do_not_reach_the_terminal() -> None:
    answer = answer_offline(
        "q", [Evidence("a", 1, 1, "", ())], lines_of=lambda _: ["\x1b[2Jx\u202ey"], words=[]
    )
    assert "\x1b" not in answer.text
    assert "\u202e" not in answer.text
    assert "[a:1]" in answer.text


def test_few_spans_of_a_file_are_chosen_and_none_overlap() -> None:
    spans = [("a.py", 1.0, (), first, first + 4, "") for first in (1, 3, 10, 20)]
    others = [(f"b{n}.py", 0.9, (), 1, 2, "") for n in range(9)]
    chosen = choose_evidence([*spans, *others, ("weak.py", 0.1, (), 1, 2, "")])
    assert [(e.path, e.start_line) for e in chosen[:2]] == [("a.py", 1), ("a.py", 10)]
    assert len([e for e in chosen if e.path == "a.py"]) == MOST_SPANS_A_FILE
    assert len(chosen) == MOST_SPANS
    assert choose_evidence([("a", 1.0, (), 1, 2, ""), ("weak", 0.1, (), 1, 2, "")])[-1].path == "a"


LICENCE = ["/*", " * Copyright", " */", "", "package shop;", "import java.util.Map;"]


def test_a_licence_is_no_evidence_where_a_file_says_more() -> None:
    head, body = ("A.java", 1.0, (), 1, 6, ""), ("A.java", 1.0, (), 7, 9, "A.add")
    files = {"A.java": [*LICENCE, *"abc"]}
    assert [e.start_line for e in choose_evidence([head, body], files.__getitem__)] == [7]
    assert [e.start_line for e in choose_evidence([head], files.__getitem__)] == [1]
    files["A.java"][3] = "RETRIES = 3"
    assert [e.start_line for e in choose_evidence([head, body], files.__getitem__)] == [1, 7]
