"""What is drawn fits, shows all of the text, and nothing that drives a terminal."""

import cProfile
import pstats
import re
import unicodedata
from itertools import count

import pytest
from bathy.agent.loop.citations import CheckedCitation, Cited, Status
from bathy.agent.modes.tui.transcript.blocks import (
    Block,
    Citation,
    Code,
    Evidence,
    FileChange,
    Found,
    Notice,
    Patch,
    Prompt,
    Prose,
    Reasoning,
    Tool,
    toggle,
)
from bathy.agent.modes.tui.transcript.cells import NO_BREAK, clean, clean_lines, wrap
from bathy.agent.modes.tui.transcript.citing import mark_citations, unmarked
from bathy.agent.modes.tui.transcript.content import Content
from bathy.agent.modes.tui.transcript.naming import Names
from bathy.agent.modes.tui.transcript.palette import ASCII, PLAIN, UNICODE, Glyphs
from bathy.agent.modes.tui.transcript.render import Renderer
from bathy.agent.modes.tui.transcript.rows import Rendered
from bathy.agent.modes.tui.transcript.split import Fence
from bathy.agent.modes.tui.transcript.table import fit_columns
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

ODD = st.text(
    alphabet=st.one_of(
        st.sampled_from("ab `*_-#>|[]()!\n\t.1:~\\中文、（ｆ"),
        st.sampled_from(
            [
                "\x1b",
                "\x07",
                "\x9b",
                "\u202e",
                "\u200d",
                "\ufe0f",
                "👩",
                "👧",
                "❤",
                "\u0301",
                "한",
                "\u200b",
            ]
        ),
        st.characters(),
    ),
    max_size=120,
)
MARKDOWN = st.lists(
    st.one_of(
        ODD,
        st.sampled_from(
            [
                "# Head 中文", "- item\n  - nested\n    1. deep", "> quote\n> > more", "| a | 中文 |\n|:-:|--:|\n| 👩‍👩‍👧 | `x` |\n",
                "```python\ndef f():\n\treturn '中'\n```", "a `b` **c** *d* ~~e~~ [f](http://g.h) ![i](j)", "---", "x" * 50,
            ]
        ),
    ),
    max_size=6,
).map("\n\n".join)  # fmt: skip
WIDTHS = st.integers(1, 90)
GLYPHS = st.sampled_from([UNICODE, ASCII])


def render(block: Block, width: int, glyphs: Glyphs = UNICODE) -> Rendered:
    return Renderer(PLAIN, glyphs).render(block, width)


def prose(text: str, citations: tuple[Citation, ...] = ()) -> Prose:
    return Prose(1, text, gap=False, citations=citations)


def shown(block: Block, width: int = 60, glyphs: Glyphs = UNICODE) -> list[str]:
    return [
        row.strip.text.rstrip().replace(NO_BREAK, " ") for row in render(block, width, glyphs).rows
    ]


def check(rendered: Rendered, width: int) -> None:
    for row in rendered.rows:
        assert row.strip.cell_length == sum(cell_len(part.text) for part in row.strip) <= width
        assert row.text == rendered.text[row.start : row.end]
        for character in row.strip.text:
            category = unicodedata.category(character)
            is_joiner = character == "\u200d"
            assert is_joiner or category not in ("Cc", "Cf", "Cs", "Zl", "Zp"), hex(ord(character))


@settings(deadline=None)
@given(MARKDOWN, WIDTHS, GLYPHS)
def test_no_markdown_is_wider_than_the_width_or_drives_the_terminal(
    text: str, width: int, glyphs: Glyphs
) -> None:
    check(render(prose(text), width, glyphs), width)


@settings(deadline=None)
@given(ODD, ODD, WIDTHS, GLYPHS, st.sampled_from(["line", "some", "all"]))
def test_nor_is_any_other_block(one: str, two: str, width: int, glyphs: Glyphs, much: str) -> None:
    citation = Citation(one, 9, 11, "unverified", 1, one, one)
    blocks: list[Block] = [
        Prompt(1, one),
        Code(2, f"```{two}\n{one}\n```", gap=True, fence=Fence(1, 0, "```", two)),
        Reasoning(3, one, gap=False, seconds=12, tokens=1500, shown=much),  # type: ignore[arg-type]
        Tool(4, "id", two, one, gap=False, status="failed", summary=two, text=one, shown=much),  # type: ignore[arg-type]
        Notice(5, one, gap=True, is_error=True),
        Patch(6, (FileChange(one, 1, 2),), gap=True, entry=two),
        Evidence(7, (Found(citation, two, tuple(one.split("\n"))),), is_answer=True, shown=much),  # type: ignore[arg-type]
    ]
    for block in blocks:
        check(render(block, width, glyphs), width)


def test_of_evidence_only_the_best_is_quoted_while_an_answer_is_to_come() -> None:
    found = tuple(
        Found(Citation("a.py", n, n, "verified", n, f"a.py:{n}", ""), f"f{n}", (f"line {n}",))
        for n in range(1, 5)
    )
    heads = ["▸ Evidence from the index: 4 places", "▾ Evidence from the index: 4 places"]
    places = [f"[{n} a.py:{n}] f{n}" for n in range(1, 5)]
    lines = [f"{n} │ line {n}" for n in range(1, 5)]
    pairs = [part for pair in zip(places, lines, strict=True) for part in pair]

    def told(block: Evidence) -> list[str]:
        return [row for row in shown(block) if row]

    before = Evidence(1, found, is_answer=False)
    assert told(before) == [heads[0], *pairs[:4], *places[2:]]
    assert told(toggle(before)) == [heads[1], *pairs]  # type: ignore[arg-type]
    assert told(Evidence(1, found, is_answer=True)) == [heads[0], *pairs]


@settings(deadline=None)
@given(ODD, st.integers(1, 40))
def test_wrapping_loses_nothing(text: str, width: int) -> None:
    text = "\n".join(clean_lines(text))
    lines = wrap([(text, Style())], width)
    whole = "".join(
        (line.joint if number else "") + "".join(part for part, _ in line.spans)
        for number, line in enumerate(lines)
    )
    kept = [line.rstrip(" ") for line in text.split("\n")]
    assert [line.rstrip(" ") for line in whole.split("\n")] == kept


@settings(deadline=None)
@given(
    MARKDOWN.filter(lambda text: "|" not in text and "---" not in text),
    st.integers(30, 90),
    st.integers(30, 90),
)
def test_the_text_of_a_block_does_not_depend_on_the_width(text: str, one: int, other: int) -> None:
    assert squeezed(render(prose(text), one)) == squeezed(render(prose(text), other))


def squeezed(rendered: Rendered) -> list[str]:
    return rendered.text.split()


@settings(deadline=None)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=8), st.integers(0, 120))
def test_columns_share_the_room(wanted: list[int], more: int) -> None:
    room = len(wanted) + more
    widths = fit_columns(wanted, room)
    assert sum(widths) <= room
    assert all(1 <= width <= max(1, want) for width, want in zip(widths, wanted, strict=True))
    if sum(max(1, want) for want in wanted) <= room:
        assert widths == [max(1, want) for want in wanted]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x1b[31mb", "a\N{REPLACEMENT CHARACTER}[31mb"),
        ("a\u202eb", "a\\u202eb"),
        ("a\tb", "a b"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("a\u200db", "a\N{REPLACEMENT CHARACTER}b"),
        ("می\u200cخواهم", "میخواهم"),
        ("a\u00a0b\u3000", "a\u00a0b\u3000"),
        ("\ufe0fa", "a"),
        ("\ud800", "\N{REPLACEMENT CHARACTER}"),
        ("x\U000f0000", "x\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_odd_characters_are_shown_so(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_tabs_go_to_the_next_stop_by_cells() -> None:
    assert clean_lines("a\tb\n中\tb\n\tx") == ["a   b", "中  b", "    x"]


def test_wide_characters_wrap_between_each_other_but_not_before_punctuation() -> None:
    lines = wrap([("两个线程（竞争）。", Style())], 8)
    assert ["".join(part for part, _ in line.spans) for line in lines] == [
        "两个线程",
        "（竞",
        "争）。",
    ]


def test_lists_nest_and_their_lines_stand_below_each_other() -> None:
    text = "3. one two three four five\n   - six\n     - seven\n4. eight\n"
    assert shown(prose(text), 22) == [
        "3. one two three four",
        "   five",
        "   ◦ six",
        "     ▪ seven",
        "4. eight",
    ]


def test_a_table_fits_and_is_a_list_where_there_is_no_room() -> None:
    table = "| name | what |\n|---|---|\n| one | 中文字符 text |\n"
    assert shown(prose(table), 60) == [
        "name │ what",
        "─────┼──────────────",
        "one  │ 中文字符 text",
    ]
    assert shown(prose(table), 16) == [
        "name │ what",
        "─────┼──────────",
        "one  │ 中文字符",
        "     │ text",
    ]
    assert shown(prose(table), 8) == ["name:", "one", "what: 中", "文字符", "text"]


def test_nothing_is_made_a_link_that_is_not_one_and_no_link_hides_where_it_leads() -> None:
    assert shown(prose("see app.py:412 and [x](http://a.b/c) and <http://d.e>")) == [
        "see app.py:412 and x (http://a.b/c) and http://d.e"
    ]
    assert shown(prose("[http://good.com](http://bad.com)")) == ["http://good.com (http://bad.com)"]
    assert shown(prose("[a]: http://b.c")) == ["[a]: http://b.c"]


def test_html_is_text() -> None:
    assert shown(prose("<b>x</b> &amp; <script>")) == ["<b>x</b> & <script>"]


def test_code_keeps_its_blanks_and_says_where_a_line_goes_on() -> None:
    block = Code(
        1, "```py\n  a = 1\n" + "b" * 20 + "\n```\n", gap=False, fence=Fence(1, 0, "```", "py")
    )
    rendered = render(block, 14)
    assert [row.strip.text for row in rendered.rows] == [
        "  py",
        "    a = 1",
        "  " + "b" * 12,
        "↪ " + "b" * 8,
    ]
    assert rendered.text == "\n  a = 1\n" + "b" * 20


def test_a_part_of_a_fence_goes_on_where_the_one_above_ended() -> None:
    fence = Fence(1, 0, "```", "python")
    one = Code(1, '```python\n"""Doc\n', gap=False, fence=fence)
    two = Code(2, 'if x"""\nif x\n```', gap=False, fence=fence, before=one)
    palette = PLAIN
    rendered = Renderer(palette, UNICODE).render(two, 40)
    first, second = [[(part.text, part.style) for part in row.strip] for row in rendered.rows]
    assert first[1:] == [("if x", palette.string), ('"""', palette.string)]
    assert second[1] == ("if", palette.keyword)


def test_a_folded_block_is_one_line_and_a_failure_shows() -> None:
    thought = Reasoning(
        1, "deep\nthought", gap=False, seconds=42, tokens=3100, is_live=False, is_counted=True
    )
    assert shown(thought) == ["▸ Thought 42 s · 3.1k tok"]
    assert shown(thought, glyphs=ASCII) == ["+ Thought 42 s - 3.1k tok"]
    failed = Tool(
        2,
        "c",
        "tests",
        "-k x",
        gap=False,
        status="failed",
        summary="exit 1",
        text="a\nb\n",
        shown="some",
    )
    assert shown(failed) == ["✖ tests -k x  failed: exit 1", "│ a", "│ b"]


def test_a_long_call_is_cut_to_one_line() -> None:
    call = Tool(1, "c", "grep", "x" * 200, gap=False, status="done", summary="14 hits")
    (line,) = shown(call, 40)
    assert cell_len(line) <= 40
    assert line.startswith("✔ grep xxx")
    assert line.endswith("…  14 hits")


def test_a_live_part_that_grows_long_shows_its_end() -> None:
    text = "\n".join(f"line {n}  " for n in range(300))
    rows = shown(Prose(1, text, gap=False, is_live=True), 40)
    assert rows[0] == "… the lines above come when this part en"
    assert rows[-1] == "line 299"
    table = "| a |\n|---|\n" + "\n".join(f"| {n} |" for n in range(300))
    assert shown(Prose(1, table, gap=False, is_live=True), 40)[1:3] == ["a", "───"]


def checked(path: str, first: int, last: int, status: Status = "verified") -> CheckedCitation:
    return CheckedCitation(path, first, last, status, f"{path}:{first}-{last}")


def cite(text: str, **places: CheckedCitation) -> list[Cited]:
    found = [
        Cited(text.index(mark), text.index(mark) + len(mark), place)
        for mark, place in ((name.replace("_", ":"), place) for name, place in places.items())
    ]
    return sorted(found, key=lambda each: each.start)


def test_citations_are_numbered_and_say_how_they_stand() -> None:
    text = "One [a.py:1], `b.py:2`, **(c.py:3)**, again [a.py:1-1] and d.py:4."
    cited = [
        Cited(5, 11, checked("x/a.py", 1, 1)),
        Cited(text.index("b.py"), text.index("b.py") + 6, checked("b.py", 2, 5, "repaired")),
        Cited(text.index("c.py"), text.index("c.py") + 6, checked("c.py", 3, 3, "unverified")),
        Cited(text.index("a.py:1-1"), text.index("a.py:1-1") + 8, checked("x/a.py", 1, 1)),
        Cited(text.index("d.py"), text.index("d.py") + 6, checked("d.py", 4, 4, "invalid")),
    ]
    marked, citations = mark_citations(text, cited)
    assert shown(prose(marked, citations), 200) == [
        "One [1 a.py:1], [2~ b.py:2-5], [3? c.py:3 unverified], again [1 a.py:1] and [4✖ d.py:4 invalid]."
    ]
    row = render(prose(marked, citations), 200).rows[0]
    metas = [
        part.style.meta["citation"]
        for part in row.strip
        if part.style and "citation" in part.style.meta
    ]
    assert metas[0] == ("x/a.py", 1, 1, 1)
    assert unmarked(marked, citations).startswith("One [x/a.py:1], `[b.py:2-5]`")


def test_places_that_share_brackets_and_links_are_taken_whole() -> None:
    text = "See [a.py:1, 5-6] and [the code](b.py#L3-L4), [b.py:3](b.py#L3)."
    cited = [
        Cited(5, 11, checked("a.py", 1, 1)),
        Cited(13, 16, checked("a.py", 5, 6)),
        Cited(text.index("b.py#L3-L4"), text.index("b.py#L3-L4") + 10, checked("b.py", 3, 4)),
        Cited(text.index("b.py#L3)"), text.index("b.py#L3)") + 7, checked("b.py", 3, 3)),
    ]
    marked, citations = mark_citations(text, cited)
    assert shown(prose(marked, citations), 200) == [
        "See [1 a.py:1] [2 a.py:5-6] and the code [3 b.py:3-4], [4 b.py:3]."
    ]


def test_files_of_one_name_are_told_apart() -> None:
    text = "a b"
    cited = [Cited(0, 1, checked("x/app.py", 1, 1)), Cited(2, 3, checked("y/app.py", 1, 1))]
    _, citations = mark_citations(text, cited)
    assert [each.label for each in citations] == ["x/app.py:1", "y/app.py:1"]


def test_cited_files_are_told_apart_from_those_that_are_not_cited() -> None:
    names = Names(["index.js", "src/index.js", "compat/src/index.js", "src/diff.js", "a/b/diff.js"])
    short = names.short(
        {"index.js", "src/index.js", "compat/src/index.js", "src/diff.js", "new.js"}
    )
    assert short == {
        "index.js": "./index.js",
        "src/index.js": "./src/index.js",
        "compat/src/index.js": "compat/src/index.js",
        "src/diff.js": "src/diff.js",
        "new.js": "new.js",
    }
    deep = "/".join(["packages", *["folder"] * 9, "index.js"])
    text = "a"
    marked, citations = mark_citations(
        text, [Cited(0, 1, checked(deep, 1, 2))], Names([f"x{deep}"])
    )
    assert shown(prose(marked, citations), 76) == ["[1 packages/…/index.js:1-2]"]
    assert shown(prose(marked, citations), 76, ASCII) == ["[1 packages/.../index.js:1-2]"]


@settings(deadline=None)
@given(ODD, st.lists(st.tuples(st.integers(0, 120), st.integers(1, 20)), max_size=5))
def test_citations_anywhere_do_no_harm(text: str, places: list[tuple[int, int]]) -> None:
    cited, at = list[Cited](), 0
    for gap, size in places:
        start = at + gap
        if start + size <= len(text):
            cited.append(Cited(start, start + size, checked("a.py", gap + 1, gap + size)))
            at = start + size
    content = Content(clock=count().__next__)
    content.finish_answer(cited, text)
    for block in content.blocks:
        check(render(block, 40), 40)


def test_rendered_rows_are_kept_until_there_are_too_many() -> None:
    renderer = Renderer(PLAIN, UNICODE, kept_rows=50)
    blocks = [Prose(n, "word " * 40, gap=False) for n in range(40)]
    first = renderer.render(blocks[0], 20)
    assert renderer.render(blocks[0], 20) is first
    for block in blocks:
        renderer.render(block, 20)
    assert renderer.kept_rows <= 50
    assert renderer.render(blocks[0], 20) is not first


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["- ", "* ", "1. ", "> "]), max_size=100),
    st.sampled_from([14, 30, 80, 120]),
)
@example(["- "] * 40, 80)
@example(["> "] * 90, 80)
def test_however_deep_it_is_nested_every_word_is_shown(marks: list[str], width: int) -> None:
    lines, begun = list[str](), ""
    for level, mark in enumerate(marks):
        lines.append(f"{begun}{mark}w{level}")
        begun += mark if mark == "> " else " " * len(mark)
    rendered = render(prose("\n".join(lines)), width)
    shown = re.findall(r"w\d+", rendered.text)
    assert shown == [f"w{level}" for level in range(len(marks))]
    assert all(row.strip.cell_length <= width for row in rendered.rows)


@pytest.mark.parametrize("mark", ["> ", "- ", "[", "**", "> - "])
def test_nesting_costs_time_in_proportion(mark: str) -> None:
    def calls(times: int) -> int:
        profile = cProfile.Profile()
        profile.runcall(render, prose(mark * times + "word\n" * times), 80)
        return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]

    assert calls(4_000) < 6 * calls(1_000)
