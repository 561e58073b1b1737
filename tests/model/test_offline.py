import re

from bathy.agent.model.choosing import Evidence
from bathy.agent.model.offline import answer_offline

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
