from bathy.agent.index.tokens import count_tokens
from bathy.agent.pack.render import (
    FOOTER,
    HEADER,
    parse_blocks,
    render_file,
    render_outline,
    render_tree,
)
from hypothesis import given, settings
from hypothesis import strategies as st

LINE = st.text(
    alphabet=st.characters(blacklist_characters="\n", blacklist_categories=["Cs"]), max_size=20
)
HOSTILE = st.sampled_from(
    ["</file>", '<file path="x">', "</outline>", "<tree>", "1\tx", "", "  ", "\r", "\u2028"]
)
TEXT = st.lists(LINE | HOSTILE, max_size=12).map("\n".join)
PATH = st.text(alphabet='ab/ .\n"\\\x1bé\udce9', min_size=1, max_size=10)


def test_lines_are_numbered_and_empty_ones_left_empty() -> None:
    assert render_file("a.py", "x\n\ny\n") == '<file path="a.py">\n1\tx\n\n3\ty\n</file>\n'


def test_an_outline_shows_its_lines_under_their_own_numbers() -> None:
    shown = render_outline("a.py", "a\nb\n\nc\nd", [(2, 3), (5, 9)])
    assert shown == '<outline path="a.py">\n2\tb\n5\td\n</outline>\n'


def test_the_tree_has_one_line_a_folder() -> None:
    tree = render_tree(
        [("b/x y.py", "full"), ("a.py", "outline"), ("b/c.png", "path"), ("b/d/e.py", "full")]
    )
    assert tree.split("\n")[1:-2] == ["./ ~a.py", 'b/ -c.png "x y.py"', "b/d/ e.py"]


@given(path=PATH, text=TEXT)
def test_a_rendered_file_reads_back_whatever_it_holds(path: str, text: str) -> None:
    block = render_file(path, text)
    found = list(parse_blocks(block))
    assert len(found) == 1
    kind, _, lines = found[0]
    expected = text.split("\n")
    if expected[-1] == "":
        expected.pop()
    assert kind == "file"
    assert lines == dict(enumerate(expected, 1))


@given(paths=st.lists(PATH, max_size=8))
def test_a_tree_has_no_line_that_a_path_made(paths: list[str]) -> None:
    tree = render_tree((path, "full") for path in paths)
    folders = {path.rpartition("/")[0] for path in paths}
    assert tree.count("\n") == len(folders) + 2


@settings(max_examples=60, deadline=None)
@given(files=st.lists(st.tuples(PATH, TEXT), max_size=4))
def test_tokens_add_up_block_by_block(files: list[tuple[str, str]]) -> None:
    blocks = [HEADER, *(render_file(path, text) for path, text in files)]
    blocks += [render_tree((path, "full") for path, _ in files), FOOTER]
    assert count_tokens("".join(blocks)) == sum(count_tokens(block) for block in blocks)
