"""What is said of a change: enough to make the text after it from the text before, and no more."""

import pytest
from bathy.agent.index.edits import Replaced, compare_texts, replace_all
from bathy.agent.index.tokens import count_tokens
from bathy.agent.pack.overlay import (
    MOST_CHARS,
    MOST_IDLE,
    MOST_LINES,
    Block,
    Overlay,
    TextChange,
    Told,
    join_told,
    render_change,
    render_commit,
    render_uncommitted,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from overlay_reader import Entry, apply_hunks, follow, read_block

MARKUP = [
    "</changed>",
    "</commit>",
    '<file path="x">',
    "<uncommitted>",
    "…",
    "-\tx",
    "1\tx",
    "1+\tx",
]
LINES = ["\r", "x\r", "\u2028", "\x0b", "\ud800", ""]
ANY = st.characters(blacklist_characters="\n", blacklist_categories=[])
LINE = st.text(alphabet=ANY, max_size=8) | st.sampled_from([*MARKUP, *LINES])
TEXT = st.builds(
    lambda lines, end: "\n".join(lines) + end,
    st.lists(LINE, max_size=14),
    st.sampled_from(["", "\n"]),
)
PATH = st.text(alphabet='ab/ .\n\r\t"\\<>=\x1bé\udce9\u202e', min_size=1, max_size=10)


def lines_of(text: str) -> list[str]:
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def entry_of(told: Told) -> Entry:
    (entry,) = read_block(render_uncommitted(told.text))
    return entry


def changed(before: str, after: str, path: str = "a.py", old_path: str = "") -> TextChange:
    (replaced,) = compare_texts([(before, after)])
    return TextChange(path, "changed", before, after, replaced, old_path)


@given(before=TEXT, after=TEXT, path=PATH, old_path=PATH | st.just(""))
@settings(max_examples=80, deadline=None)
def test_the_hunks_make_the_text_after_from_the_text_before(
    before: str, after: str, path: str, old_path: str
) -> None:
    told = render_change(changed(before, after, path, old_path))
    if lines_of(before) == lines_of(after):
        assert told.text.startswith("<renamed ") == bool(old_path)
        return
    assert told.has_text
    assert not told.is_idle
    entry = entry_of(told)
    assert entry.kind == ("renamed" if old_path else "changed")
    assert apply_hunks(lines_of(before), entry) == lines_of(after)


@given(before=TEXT, after=TEXT)
def test_all_lines_in_the_place_of_all_make_it_too(before: str, after: str) -> None:
    change = TextChange("a.py", "changed", before, after, replace_all(before, after))
    told = render_change(change)
    if told.text:
        assert apply_hunks(lines_of(before), entry_of(told)) == lines_of(after)


@given(text=TEXT, path=PATH)
def test_a_new_file_reads_back_whatever_it_holds(text: str, path: str) -> None:
    told = render_change(TextChange(path, "new", None, text, stands=False))
    (known,) = follow({}, render_uncommitted(told.text)).values()
    assert known == lines_of(text)


@given(
    texts=st.lists(st.tuples(PATH, TEXT, TEXT), min_size=1, max_size=4),
    kind=st.sampled_from(["new", "deleted", "changed"]),
    stands=st.booleans(),
    is_worth=st.booleans(),
)
@settings(max_examples=50, deadline=None)
def test_no_line_of_a_file_and_no_path_can_open_or_close_a_block(
    texts: list[tuple[str, str, str]], kind: str, stands: bool, is_worth: bool
) -> None:
    told = [
        render_change(
            TextChange(
                path,
                kind,  # type: ignore[arg-type]
                before,
                after,
                replace_all(before, after),
                stands=stands,
                is_worth=is_worth,
            )
        )
        for path, before, after in texts
    ]
    block = render_commit("c" * 40, "what", join_told(told))
    assert len(list(read_block(block))) == sum(bool(one.text) for one in told) if block else True
    for line in block.split("\n"):
        tags = ("<commit ", "</commit>", "<new ", "</new>", "<deleted ", "<changed ", "</changed>")
        assert not line.startswith("<") or line.startswith(tags)


def test_what_a_change_looks_like() -> None:
    before = "".join(f"line {n}\n" for n in range(1, 21))
    after = before.replace("line 3\n", "three\nand a half\n").replace("line 18\n", "")
    assert render_change(changed(before, after)).text == (
        '<changed path="a.py" supersedes="lines 3, 18">\n'
        "1\tline 1\n2\tline 2\n-\tline 3\n3+\tthree\n4+\tand a half\n5\tline 4\n6\tline 5\n"
        "7\tline 6\n…\n16\tline 15\n17\tline 16\n18\tline 17\n-\tline 18\n19\tline 19\n"
        "20\tline 20\n</changed>\n"
    )


def test_what_is_only_put_in_supersedes_nothing() -> None:
    assert render_change(changed("a\n", "a\nb\n")).text == (
        '<changed path="a.py">\n1\ta\n2+\tb\n</changed>\n'
    )


def test_a_change_of_line_ends_alone_says_nothing() -> None:
    assert render_change(changed("a\nb", "a\nb\n")) == Told("")


GONE = "it is gone; all that stands above of it is void"
VOID = "what stands above of it may be void; read it"
SAME = (Replaced(0, 1, 0, 1),)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (TextChange("a", "deleted", None, None), Told(f'<deleted path="a">{GONE}</deleted>\n')),
        (
            TextChange("a", "deleted", None, None, stands=False),
            Told('<deleted path="a">it is gone</deleted>\n', is_idle=True),
        ),
        (
            TextChange("a", "new", None, None, stands=False),
            Told('<new path="a">not shown</new>\n', is_idle=True),
        ),
        (
            TextChange("uv.lock", "new", None, "x", stands=False, is_worth=False),
            Told('<new path="uv.lock">not shown</new>\n', is_idle=True),
        ),
        (
            TextChange("a", "changed", "x", None),
            Told(f'<changed path="a">{VOID}</changed>\n'),
        ),
        (
            TextChange("a", "changed", None, "x"),
            Told(f'<changed path="a">{VOID}</changed>\n'),
        ),
        (
            TextChange("uv.lock", "changed", "x", "y", SAME, is_worth=False),
            Told(f'<changed path="uv.lock">{VOID}</changed>\n'),
        ),
        (
            TextChange("a", "changed", "x", "y", SAME, stands=False),
            Told('<changed path="a">not shown</changed>\n', is_idle=True),
        ),
        (
            TextChange("b", "changed", "x", "x", (), "a"),
            Told('<renamed path="b" from="a">its text is as above</renamed>\n', has_text=True),
        ),
        (
            TextChange("b", "changed", "x", "x", (), "a", stands=False),
            Told('<renamed path="b" from="a">not shown</renamed>\n', is_idle=True),
        ),
        (
            TextChange("b", "changed", "x", None, (), "a"),
            Told(f'<renamed path="b" from="a">{VOID}</renamed>\n'),
        ),
    ],
)
def test_of_what_has_no_text_to_tell_only_the_name_is_given(change: TextChange, told: Told) -> None:
    assert render_change(change) == told


@pytest.mark.parametrize("kind", ["new", "changed"])
def test_a_text_that_is_too_long_is_only_named(kind: str) -> None:
    many, long = "x\n" * (MOST_LINES + 1), "x" * (MOST_CHARS + 1)
    for text in (many, long):
        change = (
            changed("a\n", text) if kind == "changed" else TextChange("a.py", "new", None, text)
        )
        told = render_change(change)
        assert not told.has_text
        assert len(told.text) < 100
    fits = "x\n" * (MOST_LINES - 8)
    assert render_change(changed("a\n", fits)).has_text
    # One line of a long file is a short change, but not if the line itself is long.
    old = [f"line {n}" for n in range(10_000)]
    new = [*old[:5_000], "another", *old[5_001:]]
    assert len(render_change(changed("\n".join(old), "\n".join(new))).text) < 300
    beside = [*old[:5_000], "x" * 200_000, *old[5_001:]]
    assert not render_change(changed("\n".join(beside), "\n".join(new))).has_text


def test_files_of_which_nothing_stands_are_counted_from_some_number_on() -> None:
    told = [Told(f'<new path="{n}">not shown</new>\n', is_idle=True) for n in range(5_000)]
    told.insert(4_000, Told('<new path="a">\n1\tx\n</new>\n', has_text=True))
    told.insert(4_500, Told(f'<deleted path="b">{GONE}</deleted>\n'))
    lines = join_told(told).split("\n")
    assert len(lines) == MOST_IDLE + 3 + 1 + 1 + 1
    assert lines[-2] == f"<more files={5_000 - MOST_IDLE}>nothing of them is shown</more>"
    assert '<new path="a">' in lines
    assert f'<deleted path="b">{GONE}</deleted>' in lines


def test_what_is_only_named_can_be_cut_too() -> None:
    told = [Told(f'<changed path="{n}">{VOID}</changed>\n') for n in range(9)]
    assert join_told(told) == "".join(one.text for one in told)
    text = join_told(told, most_named=4)
    assert text.count("<changed") == 4
    assert text.endswith("<more files=5>what stands above of them may be void, too</more>\n")
    assert join_told(told, most_named=9) == join_told(told)


@given(subject=st.text(max_size=300))
def test_a_subject_is_one_attribute_on_one_line(subject: str) -> None:
    block = render_commit("a" * 40, subject, '<deleted path="x">gone</deleted>\n')
    assert [entry.path for entry in read_block(block)] == ['"x"']
    first = block.split("\n", 1)[0]
    assert first.isprintable()
    assert first.count('"') == 4
    assert len(first) < 900


def test_a_subject_keeps_its_words() -> None:
    text = render_commit("a" * 40, 'Fix "x" <b>\x00\n in\u200b it & co', "x\n").split("\n")[0]
    assert text.endswith('subject="Fix &quot;x&quot; &lt;b> in it &amp; co">')
    assert render_commit("a" * 40, "x" * 500, "x\n").split("\n")[0].endswith('x…">')


def test_nothing_to_tell_is_no_block() -> None:
    assert render_commit("a" * 40, "empty", "") == ""
    assert render_uncommitted("") == ""


@given(before=TEXT, after=TEXT)
@settings(max_examples=40, deadline=None)
def test_the_tokens_of_blocks_add_up(before: str, after: str) -> None:
    change = TextChange("a.py", "changed", before, after, replace_all(before, after))
    one = render_commit("a" * 40, "one", render_change(change).text)
    two = render_uncommitted(render_change(change).text)
    text = (one + two).encode("utf-8", "replace").decode()
    parts = (part.encode("utf-8", "replace").decode() for part in (one, two))
    assert count_tokens(text) == sum(map(count_tokens, parts))


def test_an_overlay_knows_which_files_it_speaks_of_and_what_was_taken_out() -> None:
    block = Block("<x>\n1+\t[redacted: github token]\n", ("1",), ("a", "b"))
    assert block.redacted == 1
    assert Overlay((block, Block("<y>\n", (), ("b", "c")))).paths == {"a", "b", "c"}
