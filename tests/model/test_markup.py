import json
from itertools import pairwise

import pytest
from bathy.agent.model.markup import MarkupFilter, split_leaked_calls
from hypothesis import given, settings
from hypothesis import strategies as st

NAMES = ("grep", "read_file")
MARKS = ["｜DSML｜", "｜DSML｜ ", "｜｜DSML｜｜ ", "|DSML|", "||DSML||", "‖DSML‖", "｜DSML|"]
BLOCKS = ["tool_calls", "function_calls", "calls"]
V4 = """<｜DSML｜tool_calls>
<｜DSML｜invoke name="grep">
<｜DSML｜parameter name="pattern" string="true">a <b> & "q" \\d
</｜DSML｜parameter>
<｜DSML｜parameter name="context" string="false">3</｜DSML｜parameter>
<｜DSML｜parameter name="globs" string="false">[1, "a"]</｜DSML｜parameter>
</｜DSML｜invoke>
<｜DSML｜invoke name="read_file">
</｜DSML｜invoke>
</｜DSML｜tool_calls>"""
GREP = '<tool_call name="grep">{"pattern": "x"}</tool_call>'


def render(mark: str, block: str, calls: list[tuple[str, dict[str, object]]]) -> str:
    lines = []
    for name, arguments in calls:
        lines.append(f'<{mark}invoke name="{name}">')
        for key, value in arguments.items():
            is_text = isinstance(value, str)
            shown = value if isinstance(value, str) else json.dumps(value)
            lines.append(
                f'<{mark}parameter name="{key}" string="{json.dumps(is_text)}">{shown}</{mark}parameter>'
            )
        lines.append(f"</{mark}invoke>")
    return "\n".join([f"<{mark}{block}>", *lines, f"</{mark}{block}>"])


def calls_in(content: str) -> list[tuple[str, object]]:
    leaked = split_leaked_calls(content, NAMES)
    return [(call.name, json.loads(call.arguments)) for call in leaked.calls]


def stream(pieces: list[str]) -> str:
    markup = MarkupFilter()
    return "".join([*map(markup.push, pieces), markup.finish()])


def cut(text: str, places: list[int]) -> list[str]:
    marks = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[a:b] for a, b in pairwise(marks)]


def test_calls_are_taken_out_of_the_text() -> None:
    leaked = split_leaked_calls(f"Let me look.\n\n{V4}", NAMES)
    assert leaked.text == "Let me look."
    assert [call.id for call in leaked.calls] == ["leaked_00", "leaked_01"]
    assert [call.name for call in leaked.calls] == ["grep", "read_file"]
    assert json.loads(leaked.calls[0].arguments) == {
        "pattern": 'a <b> & "q" \\d\n',
        "context": 3,
        "globs": [1, "a"],
    }
    assert leaked.calls[1].arguments == "{}"
    assert not leaked.truncated


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("block", BLOCKS)
def test_every_spelling_is_read(mark: str, block: str) -> None:
    content = render(mark, block, [("grep", {"pattern": "x", "word": True})])
    assert calls_in(content) == [("grep", {"pattern": "x", "word": True})]
    assert calls_in(content.replace("\n", "")) == [("grep", {"pattern": "x", "word": True})]
    assert stream(list(content)) == ""


@pytest.mark.parametrize(
    "content",
    [
        GREP,
        '<tool_call id="c1" name="grep">\n{"pattern": "x"}\n</tool_call>',
        '<tool_call>{"name": "grep", "arguments": {"pattern": "x"}}</tool_call>',
        '<tool_call>\n{"name": "grep", "arguments": "{\\"pattern\\": \\"x\\"}"}\n</tool_call>',
        '<｜DSML｜invoke name="grep">{"pattern": "x"}</｜DSML｜invoke>',
        '<｜DSML｜calls><｜DSML｜invoke name="grep">{"pattern": "x"}</｜DSML｜invoke></｜DSML｜calls>',
    ],
)
def test_calls_in_json_are_read(content: str) -> None:
    assert calls_in(content) == [("grep", {"pattern": "x"})]
    assert stream(list(f"a {content}")) == "a "


def test_calls_in_json_may_hold_the_tag_that_ends_them() -> None:
    content = '<tool_call name="grep">{"pattern": "</tool_call>"}</tool_call>'
    assert calls_in(content) == [("grep", {"pattern": "</tool_call>"})]


def test_broken_json_is_handed_on_to_be_mended() -> None:
    leaked = split_leaked_calls('<tool_call name="grep">{"a": 1,}</tool_call>', NAMES)
    assert [call.arguments for call in leaked.calls] == ['{"a": 1,}']


def test_a_value_may_hold_the_tag_that_ends_it() -> None:
    pattern = "</｜DSML｜parameter> </｜DSML｜ parameter> x"
    for mark in MARKS:
        assert calls_in(render(mark, "calls", [("grep", {"pattern": pattern})])) == [
            ("grep", {"pattern": pattern})
        ]


def test_a_value_that_claims_to_be_json_adds_no_parameters() -> None:
    content = V4.replace("[1, ", '1, "pattern": "y", "z": [')
    assert calls_in(content)[0][1] == {
        "pattern": 'a <b> & "q" \\d\n',
        "context": 3,
        "globs": '1, "pattern": "y", "z": ["a"]',
    }


def test_a_call_without_its_closing_tag_is_read() -> None:
    assert [name for name, _ in calls_in(V4.replace("</｜DSML｜invoke>\n", ""))] == list(NAMES)


def test_blocks_that_follow_each_other_are_all_read_and_what_follows_is_dropped() -> None:
    leaked = split_leaked_calls(f"a {GREP}\n{GREP}{V4}\nIt says so. {GREP}", NAMES)
    assert leaked.text == "a"
    assert [call.id for call in leaked.calls] == [f"leaked_{n:02}" for n in range(4)]
    assert not leaked.truncated


def test_whole_calls_of_a_block_that_was_cut_are_returned() -> None:
    whole = V4.index("</｜DSML｜invoke>") + len("</｜DSML｜invoke>")
    for end in range(len(V4)):
        leaked = split_leaked_calls(f"a {V4[:end]}", NAMES)
        if end >= len("<｜DSML"):
            assert leaked.truncated
            assert leaked.text == "a"
        else:
            assert leaked.text == f"a {V4[:end]}"
            assert not leaked.truncated
        second = V4.rindex("</｜DSML｜invoke>") + len("</｜DSML｜invoke>")
        assert len(leaked.calls) == (end >= whole) + (end >= second)


def test_a_json_call_that_was_cut_is_not_returned() -> None:
    for end in range(len('<tool_call name="grep">'), len(GREP)):
        leaked = split_leaked_calls(GREP[:end], NAMES)
        assert (leaked.text, leaked.calls, leaked.truncated) == ("", (), True)


def test_a_second_block_that_was_cut_is_noticed() -> None:
    leaked = split_leaked_calls(f"{GREP}\n<tool_call name=", NAMES)
    assert len(leaked.calls) == 1
    assert leaked.truncated


def test_a_block_that_calls_no_known_tool_is_text() -> None:
    for content in (V4, V4[:-20], GREP, f"a {V4} b `x` {GREP} c"):
        assert split_leaked_calls(content, ["other"]).text == content
        assert split_leaked_calls(content, []).text == content
    leaked = split_leaked_calls(f"{V4} then {GREP}", ["other"])
    assert leaked.calls == ()
    assert not leaked.truncated


def test_a_known_tool_is_found_behind_a_block_of_unknown_ones() -> None:
    unknown = GREP.replace("grep", "rm")
    leaked = split_leaked_calls(f"a {unknown} b {GREP}", NAMES)
    assert leaked.text == f"a {unknown} b"
    assert [call.name for call in leaked.calls] == ["grep"]
    mixed = split_leaked_calls(V4.replace("read_file", "rm"), NAMES)
    assert [call.id for call in mixed.calls] == ["leaked_00"]


@pytest.mark.parametrize(
    "quoted",
    [
        f"It writes:\n```xml\n{V4}\n```\nand so on.",
        f"It writes:\n\n  1. ```\n{V4}\n{GREP}\n  ```\n",
        f"~~~~\n```\n~~~\n{V4}\n~~~~\ndone",
        f"```\n``\n```` x\n{V4}",
        f"```\nx ```\n{V4}\n```\n",
        "Cut in inline code: `<｜DSML｜tool_calls>",
        f"Inline `{GREP}` and ``a ` {GREP}``.",
        "A block begins with `<｜DSML｜tool_calls>`, or with `<tool_call>`",
        "A block begins with <｜DSML｜tool_calls> and ends with </｜DSML｜tool_calls>.",
        "Text in <tool_call> tags, <｜DSML｜ invoke> tags, a < b, <b>, <t, <｜x, ｜",
    ],
)
def test_markup_that_is_talked_about_is_text(quoted: str) -> None:
    leaked = split_leaked_calls(quoted, NAMES)
    assert (leaked.text, leaked.calls, leaked.truncated) == (quoted, (), False)
    assert stream(list(quoted)) == quoted
    assert stream([quoted]) == quoted


@pytest.mark.parametrize(
    "before",
    [
        "```\ncode\n```\n",
        "~~~\n```\n~~~\n",
        "`a` and ``b ` c`` ",
        "```a``` ",
        "a stray ` in a line\n",
        "a stray ` in the line ",
        "x ``` y\n",
        "    > ```py\n    > x\n    > ```\n",
        " " * 50 + "```\n",
        "<" * 50,
        "<｜DSML｜",
    ],
)
def test_a_block_after_code_is_found(before: str) -> None:
    assert len(split_leaked_calls(before + V4, NAMES).calls) == 2
    assert stream(list(before + V4)) == before
    assert stream([before + V4]) == before


def test_little_is_held_back() -> None:
    for text in (
        "<tool_call " + "x" * 1000,
        "<｜DSML｜calls>" + " " * 1000,
        "`" * 1000,
        "<" * 1000,
    ):
        markup, shown = MarkupFilter(), ""
        for at, char in enumerate(text, 1):
            shown += markup.push(char)
            assert at - len(shown) <= 300
        assert shown + markup.finish() == text


PLAIN = st.lists(
    st.sampled_from(
        ["a", " ", "\n", "<", "<｜", "<｜DSML｜", "DSML", "<tool", "<tool_call>", "{", ">"]
    )
    | st.sampled_from(
        ["</｜DSML｜calls>", "<｜DSML｜ calls>", "``", "`", "~~~", "- ", "｜", "é", "12. "]
    ),
    max_size=12,
).map("".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(), lambda inner: st.lists(inner, max_size=2)
)
CALLS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.dictionaries(st.text("abc_", min_size=1), st.text(max_size=9) | VALUES, max_size=3),
    ),
    min_size=1,
    max_size=3,
)
BLOCK = st.builds(render, st.sampled_from(MARKS), st.sampled_from(BLOCKS), CALLS)
PLACES = st.lists(st.integers(0, 10_000), max_size=30)


@settings(deadline=None)
@given(mark=st.sampled_from(MARKS), block=st.sampled_from(BLOCKS), calls=CALLS)
def test_calls_read_back_as_they_were_written(
    mark: str, block: str, calls: list[tuple[str, dict[str, object]]]
) -> None:
    assert calls_in("Text.\n\n" + render(mark, block, calls)) == calls


NO_MARKUP = st.lists(
    st.sampled_from(
        ["a", " ", "\n", "<", "</", "<｜", "<t", "｜DSML｜", "</｜DSML｜calls>", "{", ">"]
    ),
    max_size=12,
).map("".join)


@settings(deadline=None)
@given(before=NO_MARKUP, block=BLOCK, after=PLAIN, places=PLACES)
def test_a_stream_shows_what_stands_before_the_first_block(
    before: str, block: str, after: str, places: list[int]
) -> None:
    content = before + block + after
    assert stream(cut(content, places)) == before
    leaked = split_leaked_calls(content, NAMES)
    assert leaked.text == before.rstrip()
    assert leaked.calls


@settings(deadline=None)
@given(before=PLAIN, block=BLOCK, after=PLAIN, places=PLACES)
def test_a_stream_does_not_depend_on_where_it_is_cut(
    before: str, block: str, after: str, places: list[int]
) -> None:
    content = before + block + after
    shown = stream(cut(content, places))
    assert shown == stream([content]) == stream(list(content))
    leaked = split_leaked_calls(content, NAMES)
    is_block = leaked.calls or leaked.truncated
    assert leaked.text == (shown.rstrip() if is_block else content)


@settings(deadline=None)
@given(text=PLAIN, places=PLACES)
def test_a_stream_without_a_block_is_shown_whole(text: str, places: list[int]) -> None:
    leaked = split_leaked_calls(text, NAMES)
    shown = stream(cut(text, places))
    assert leaked.calls == ()
    assert shown == text if not leaked.truncated else shown.rstrip() == leaked.text


@given(content=st.text(st.sampled_from('<>/｜|DSML invoke="calls{}\n`_t')), places=PLACES)
def test_any_text_is_taken(content: str, places: list[int]) -> None:
    assert split_leaked_calls(content, NAMES).text.startswith(stream(cut(content, places)).rstrip())


@pytest.mark.parametrize(
    "content",
    [
        "<" * 200_000,
        "`" * 200_000,
        "<tool_call>{" * 20_000,
        '<tool_call>{"</tool_call>"' * 8_000,
        '<tool_call name="x">' + "[" * 200_000,
        "<tool_call>{" + '"a":{' * 40_000 + "</tool_call>",
        '<｜DSML｜invoke name="x"></｜DSML｜invoke> a ' * 5_000,
        '<｜DSML｜calls><｜DSML｜invoke name="grep">' + '<｜DSML｜parameter name="a">' * 8_000,
        '<｜DSML｜calls><｜DSML｜invoke name="grep"><｜DSML｜parameter name="a">'
        + "</｜DSML｜parameter>    " * 8_000,
    ],
    ids=range(9),
)
def test_hostile_text_ends_in_time(content: str) -> None:
    leaked = split_leaked_calls(content, NAMES)
    assert leaked.calls == ()
    assert content.startswith(stream([content]))
