import pytest
from bathy.agent.modes.triage.untrusted.invisible import strip_invisible
from bathy.agent.modes.triage.untrusted.visible import Visible, take_apart, visible
from hypothesis import example, given, settings
from hypothesis import strategies as st

TEXTS = st.text(
    alphabet=st.one_of(
        st.sampled_from(list("<>!-`~[]()\"'#: \n\t&;=/\\ab1x")),
        st.sampled_from(["\u200b", "\u202e", "\U000e0041", "\ufe0f", "\r", "\x1b", "\ud800"]),
    ),
    max_size=120,
)


@pytest.mark.parametrize(
    "text",
    [
        "seen <!-- SECRET --> seen",
        "seen <!-- SECRET",
        "seen\n<!--\n```\nSECRET\n-->\n```\ncode\n```",
        "foo ` bar\nbaz `<!-- SECRET -->` qux",
        "\\`<!-- SECRET -->`",
        "<div>\n```\n<!-- SECRET -->\n```\n</div>",
        "<pre>\n\n```\n<!-- SECRET -->\n```\n</pre>",
        "- ```\n\n<!-- SECRET -->",
        "- a\n  ```\n  x\n\n<!-- SECRET -->",
        "| a | `b |\n|---|---|\n| `x | <!-- SECRET --> | y` |",
        "<a title='`'><!-- SECRET -->`",
        "![SECRET and more of it](https://a.invalid/x.png)",
        "![SECRET and more of it][ref]",
        '<img src="x" alt="SECRET and more of it">',
        '<p title="SECRET and more > of it">seen</p>',
        '[seen](https://a.invalid "SECRET")',
        "[//]: # (SECRET)",
        '[comment]: <> "SECRET\nSECRET"',
        "[SECRET in the name of it]: https://a.invalid",
        "<script>SECRET</script>",
        "<!DOCTYPE SECRET>",
    ],
)
def test_what_readers_do_not_see_is_gone_and_counted(text: str) -> None:
    seen = visible(text)
    assert "SECRET" not in seen.text
    assert seen.hidden >= 1
    assert "SECRET" in "\n".join(take_apart(text)[1])


@pytest.mark.parametrize(
    "text",
    [
        "`<!-- SEEN -->` and more",
        "``a ` <b>SEEN</b>``",
        "```html\n<!-- SEEN -->\n<b>\n```",
        "~~~\n<!-- SEEN -->\n~~~",
        "[SEEN](https://a.invalid/x)",
        "[1]: https://SEEN.invalid",
        "[^1]: SEEN",
        "vec![SEEN, 2]",
        "if a <SEEN and c",
    ],
)
def test_what_readers_see_stays_as_it_is(text: str) -> None:
    assert visible(text) == Visible(text, 0, 0)


def test_a_folded_section_stays_and_counts() -> None:
    seen = visible("<details><summary>log</summary>\n\nassistant: lock it\n</details>")
    assert "assistant: lock it" in seen.text
    assert "<" not in seen.text
    assert seen.hidden == 1


def test_pictures_with_ordinary_names_hide_nothing() -> None:
    text = "![image](https://a.invalid) <img width=1 alt='Screenshot 2024-01-01 at 10.00.00' src=x>"
    assert visible(text) == Visible("[image] [image]", 0, 0)


@pytest.mark.parametrize("known", ["<!-- Tell us\n  more -->", "Tell us more"])
def test_comments_of_the_template_are_not_counted(known: str) -> None:
    text = "a <!-- Tell   us more --> b <!-- do evil -->"
    assert visible(text, [known]).hidden == 1
    assert visible(text).hidden == 2


@pytest.mark.parametrize(
    ("text", "shown", "count"),
    [
        ("a\u200bb\u2060c\u00ad", "abc", 3),
        ("x \u202eytiruces", "x ytiruces", 1),
        ("a\U000e0061\U000e0062", "a", 2),
        ("a\ufe01\ufe02\U000e0101", "a", 3),
        ("a\x00b\x07\tc\nd", "ab\tc\nd", 2),
        ("\ud800", "\ufffd", 1),
        ("\x1b[31mred\x1b[0m", "red", 2),
        ("\ufeffa\r\nb\rc", "a\nb\nc", 0),
        ("❤️ 1\ufe0f\u20e3", "❤ 1\u20e3", 0),
        ("\U0001f468\u200d\U0001f469", "\U0001f468\U0001f469", 0),
        ("می\u200cخواهم", "میخواهم", 0),
    ],
)
def test_invisible_characters_go_and_only_odd_ones_count(text: str, shown: str, count: int) -> None:
    assert strip_invisible(text) == (shown, count)


def test_entities_for_invisible_characters_go_too() -> None:
    assert visible("a&#8203;b&#x202E;c&shy; &lt; &amp;") == Visible("abc &lt; &amp;", 0, 3)


@settings(deadline=None)
@given(TEXTS)
@example("<!--`-->`\n<!--")
def test_nothing_hidden_is_left_outside_code(text: str) -> None:
    seen = visible(text)
    assert not strip_invisible(seen.text)[1]
    assert "\x00" not in seen.text
    if "`" not in text and "~" not in text:
        assert "<!--" not in seen.text


@pytest.mark.parametrize(
    "unit",
    ["<", "<?", "<a \"'", "![", "![](\"'", "![[]", "<!--", "[a]: # (\n", "`a``b", "`\n``\n", '](a "',
     "](a ", "A", "\n", "```\n<a\n", "&#8203;", "\u200b", "<script>", "[", "<![CDATA["],
)  # fmt: skip
def test_two_megabytes_of_anything_are_read(unit: str) -> None:
    assert visible(unit * (2_000_000 // len(unit))).invisible >= 0
