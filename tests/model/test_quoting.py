from itertools import pairwise

from bathy.agent.model.quoting import WHOLE_LINES, choose_lines, words_in

DOC = [
    "def make_response(",
    "    self,",
    "    rv,",
    "):",
    '    """Convert a view to a response.',
    *["    A view returns a tuple."] * 30,
    '    """',
    "    status = None",
    *["    pad()"] * 20,
    "    if isinstance(rv, tuple):",
    "        rv, status = rv",
    *["    pad()"] * 20,
]
WORDS = {"tuple": 3.0, "view": 1.0}


def chosen(words: dict[str, float], symbol: str = "App.make_response") -> list[str]:
    numbers = choose_lines(DOC, 1, len(DOC), symbol, words)
    assert numbers == sorted(set(numbers))
    return [DOC[n - 1] for n in numbers]


def test_of_a_long_span_the_signature_and_the_code_with_the_words_are_chosen() -> None:
    lines = chosen(WORDS)
    assert lines[:4] == DOC[:4]
    assert "    if isinstance(rv, tuple):" in lines
    assert len(lines) <= WHOLE_LINES


def test_prose_is_chosen_where_no_code_has_the_words() -> None:
    assert "    A view returns a tuple." in chosen({"view": 1.0})


def test_the_signature_is_found_behind_a_comment() -> None:
    lines = ["/**", *[" * brew"] * 40, " */", "void brew() {", *["  pad();"] * 40, "}"]
    assert 43 in choose_lines(lines, 1, len(lines), "Tea.brew", {"brew": 1.0})


def test_a_short_span_is_chosen_whole_and_a_window_without_code_too() -> None:
    assert choose_lines(DOC, 3, 20, "", WORDS) == list(range(3, 21))
    assert choose_lines(["# a"] * 50, 1, 50, "a.b", {"b": 1.0})[0] == 1


def test_no_single_line_is_left_out() -> None:
    lines = ["x"] * 60
    for at in range(10, 50):
        lines[at] = f"word{at % 12}"
    numbers = choose_lines(lines, 1, 60, "", {f"word{n}": float(n + 1) for n in range(12)})
    left = sorted({0, 61, *numbers})
    assert all(after - before != 2 for before, after in pairwise(left))


def test_words_are_found_as_the_index_finds_them() -> None:
    words = {"tuples": 2.0, "make": 1.0, "absent": 1.0, "a": 1.0}
    assert words_in(["rv: tuple = makeResponse()"], words) == ["tuples", "make"]
