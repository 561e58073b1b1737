import pytest
from bathy.agent.index.comments import comment_start, prose_lines

MARKED = """\
0 text = '''
0 a text, no docstring
0 '''
0 def f():
1     r\"""Doc.
1
1     more
1     \"""
0     quotes = '\"""'
1     # why
0     return f
1 /** one
1  two */
0 int x; /* three */
1 /* four */
0 #include <x.h>
1 // five
1 -- six
1 \"""seven\"""
0 end
"""


def test_comments_and_docstrings_are_told_by_their_form() -> None:
    marks = [line[:1] for line in MARKED.splitlines()]
    lines = [line[2:] for line in MARKED.splitlines()]
    found = prose_lines(lines)
    assert ["1" if prose else "0" for prose in found] == marks


@pytest.mark.parametrize(
    ("above", "begins"),
    [
        (["x = 1", "# a", "# b"], 2),
        (["// a", "", "// b"], 3),
        (["/* a", "   b", "*/"], 1),
        (["int x; /* a", "   b", "*/"], 4),
        (["b", "*/"], 3),
        (["/* a */", "/* b */"], 1),
        (["#endif"], 2),
        (["#[derive(Debug)]"], 1),
        (["x = 1"], 2),
    ],
)
def test_the_comment_above_a_line_is_followed_to_its_begin(above: list[str], begins: int) -> None:
    lines = [*above, "definition"]
    assert comment_start(lines, len(lines), 0) == begins
    assert comment_start(lines, len(lines), len(above)) == len(lines)
