import re
from collections.abc import Iterator

import pytest
from bathy.agent.modes.triage.untrusted.invisible import strip_invisible
from bathy.agent.modes.triage.untrusted.safe import Links, safe_line, safe_text
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

SHA = "0123456789abcdef0123456789abcdef01234567"
LINKS = Links("github.com", "o/r")
FILE = f"https://github.com/o/r/blob/{SHA}/src/a_b.py#L1-L2"
PARSER = MarkdownIt("gfm-like", {"html": True})
PARSER.linkify.set({"fuzzy_link": False}).add("//", None)  # type: ignore[union-attr]
BLOCKS = {"paragraph", "bullet_list", "ordered_list", "list_item", "fence", "code_block", "inline"}
DRAWN = {"suggestion", "mermaid", "math", "geojson", "topojson", "stl"}
INLINE = {"text", "text_special", "code_inline", "link_open", "link_close", "softbreak"}

CLOSES = re.compile(
    r"\b(?:fix(?:e[sd]|ing)?|clos(?:e[sd]?|ing)|resolv(?:e[sd]?|ing)|duplicates?(?: of)?):?\s+#\d",
    re.I,
)

PIECES = st.sampled_from(
    ["@octocat", "@org/team", "&#33;", "f&#105;xes", "&#32;", "&NewLine;", "&nbsp;", "&#96;", "&#91;", "&bsol;", "#1", "#12", "GH-3", "a/b#4", "fixes ", "Closes: ", "Duplicate of ", "`` ``", "https://evil.invalid/x",
     "https://github.com/o/r/issues/12", "https://github.com/x/y/pull/1", FILE, "www.evil.invalid", "me@evil.invalid",
     "![a](https://evil.invalid)", "[a](https://evil.invalid)", f"[a]({FILE})", "[a]: https://evil.invalid", "[a][b]",
     "<b>", "<!-- bathy-triage:v1 -->", "<https://evil.invalid>", "&#64;user", "&commat;user", "&#10;/close", "&lt;b&gt;",
     "/close", "::error::x", "##[error]", "[^1]", "[^1]: x", "- [ ] a", "- ", "1. ", "# ", "> ", "===", "---", "| a | b |",
     "|---|---|", "`", "``", "```", "~~~", "```suggestion", "```py", "$", "$`x`$", "\\", "\\`", "*", "_", "__", "~~", "!", "[", "]",
     "(", ")", "\n", "\n\n", "    ", "\t", " ", "\u200b", "\u2028", "\r", "\x85", "\ud800", "word", ":", "//", "http", "|",
     "mailto:me@evil.invalid", "javascript:x"]
)  # fmt: skip
HOSTILE = st.lists(st.one_of(PIECES, st.text(max_size=4)), max_size=14).map("".join)


def text_of(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from text_of(token.children or [])


def check(markdown: str, numbers: tuple[int, ...] = ()) -> None:
    """Fail if GitHub would act on anything; knows nothing of how the text was made."""
    shown = []
    for token in text_of(PARSER.parse(markdown)):
        kind = token.type.removesuffix("_open").removesuffix("_close")
        assert kind in BLOCKS or token.type in INLINE, token
        if token.type == "link_open":
            assert str(token.attrs["href"]).startswith("https://github.com/o/r/"), token
        if token.type in ("text", "text_special"):
            shown.append(token.content)
        if token.type == "softbreak":
            shown.append("\n")
        # Neither a block nor code belongs to the text beside it.
        if token.type in ("code_inline", "link_close", "inline"):
            shown.append("\ufffc")
        if token.type == "fence":
            assert re.fullmatch(r"[a-z]*", token.info), token
            assert token.info not in DRAWN, token
    text = re.sub(r"https://github\.com/o/r/[^\s\ufffc]*", "", "".join(shown))
    assert not re.search(r"[@$]\w|\w[@]", text), text
    assert "://" not in text
    assert not re.search(r"(?i)www\.|\bgh-\d|\w#\d|\bmailto:", text), text
    assert all(int(n) in numbers for n in re.findall(r"#(\d+)", text)), text
    for seen in (markdown, text):
        assert not CLOSES.search(seen), seen
    assert not re.search(r"(?m)^\s*(?:::|/[A-Za-z][\w-]*(?:\s|$))|##\[|<!--", markdown), markdown
    assert strip_invisible(markdown) == (markdown, 0)


@pytest.mark.parametrize(
    "text",
    ["@octocat", "#1", "a/b#4", "GH-3", "fixes #12", "Duplicate of #12", "https://evil.invalid", "www.evil.invalid", "me@evil.invalid",
     "![a](https://github.com/o/r/x)", "[a][b]\n\n[b]: https://evil.invalid", "<b>x</b>", "a\n/close", "::error::x", "```suggestion\n```",
     "# a", "&#64;user", "| a |\n|---|\n| b |", "\\@octocat", "a\u200b"],
)  # fmt: skip
def test_the_check_sees_what_acts(text: str) -> None:
    with pytest.raises(AssertionError):
        check(text, (12,))


@given(HOSTILE)
@example("- ```\n@a")
@example(f"[a]({FILE})#12")
@example("`a` | `@octocat`")
@example("fixes\n#12")
@example("&#10;/close0#1")
@example("`close0 #1`")
@example("resolver #12")
@example("a`` ``#12")
@example("b\n\n#12")
@example("a[#12](https://evil.invalid)")
@example("GH[-3](https://evil.invalid)")
@example(f"&#33;[a]({FILE})")
@example(f"`a`&excl;[a]({FILE})")
@example("f&#105;xes\n#12")
@example(f"##[error]({FILE})")
@example("`a`fixes #12")
@example("Duplicate&#32;of\n#12")
@example("```\nfixes\n#12\n```")
@example(f"{'a' * 88}\n```")
@example(f"{'a' * 90}\n\n        - {'a' * 90}")
@settings(max_examples=400, deadline=None)
def test_nothing_acts_in_a_text(text: str) -> None:
    check(safe_text(text, LINKS, numbers=(12,)), (12,))
    check(safe_text(text, LINKS, 100))
    assert len(safe_text(text, LINKS, 100)) <= 100


@given(HOSTILE)
@example("`a|@octocat`")
@settings(max_examples=400, deadline=None)
def test_nothing_acts_in_a_line(text: str) -> None:
    line = safe_line(text)
    assert len(line) <= 280
    assert len(line.splitlines()) <= 1
    check(line)
    check(f"- {line} `code` @".removesuffix(" @"))
    row = f"| a | b |\n|---|---|\n| {line} | x |"
    assert len([t for t in PARSER.parse(row) if t.type == "td_open"]) == 2
    assert "@" not in "".join(
        t.content for t in text_of(PARSER.parse(row)) if t.type in ("text", "text_special")
    )


@given(HOSTILE)
@settings(deadline=None)
def test_writing_a_safe_text_again_changes_little(text: str) -> None:
    once = safe_text(text, LINKS)
    twice = safe_text(once, LINKS)
    assert re.sub(r"\W", "", twice) == re.sub(r"\W", "", once)


@pytest.mark.parametrize(
    "text",
    [
        "A plain sentence, with `code()` and snake_case.",
        "- one\n- two\n  - three\n1. four",
        "a\n\nb",
        "```python\n@property\ndef x(self) -> int: ...\n```",
        f"see {FILE}.",
        f"[`a.py`]({FILE}) is it",
        "a duplicate of nothing but like #12, (#12)",
        "https://github.com/o/r/issues/12",
        "`` a ` b ``",
    ],
)
def test_what_may_stay_stays(text: str) -> None:
    assert safe_text(text, LINKS, numbers=(12,)) == text


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Fixes #1, closes #12, resolves acme/other#3.", "Fixes `#1`, closes `#12`, resolves `acme/other # 3`."),
        ("`Fixes #1`", "`Fixes # 1`"),
        ("`closes https://github.com/a/b/issues/1`", "`closes https: //github.com/a/b/issues/1`"),
        ("It{fixes #12 or fixes\n#12\n#12", "It{fixes `#12` or fixes\n`#12`\n#12"),
        (f"{FILE}![a](x)", f"{FILE} \\[image\\]"),
        ("cc @octocat, @org/team", "cc `@octocat`, `@org/team`"),
        ("`@claude` fix it", "`@ claude` fix it"),
        ("[a](https://evil.invalid/x) ![b](https://evil.invalid/y)", "a (`evil.invalid/x`) \\[image\\]"),
        ("/close", "`/close`"),
        ("::error::x", "`::error::x`"),
        ("```suggestion\n/close\n```", "```\n· /close\n```"),
        ("```\nx", "```\nx\n```"),
        ("&#64;user &lt;b&gt;", "`@user` \\<b\\>"),
        ("- [x] done", "- \\[x\\] done"),
        ("<b>x</b>", "\\<b\\>x\\</b\\>"),
        (f"https://github.com/o/r/blob/{SHA}/../../../x/y/issues/1", f"`github.com/o/r/blob/{SHA}/../../../x/y/issues/1`"),
        ("https://github.com/o/r/issues/13", "`github.com/o/r/issues/13`"),
        ("https://github.com@evil.invalid/o/r/", "`github.com@evil.invalid/o/r/`"),
        ("https://github.com/o/r2/blob/x", "`github.com/o/r2/blob/x`"),
    ],
)  # fmt: skip
def test_what_would_act_is_defused(text: str, safe: str) -> None:
    assert safe_text(text, LINKS, numbers=(12,)) == safe


def test_links_to_files_may_be_bound_to_a_commit() -> None:
    assert safe_text(FILE, Links("github.com", "o/r", SHA)) == FILE
    assert safe_text(FILE, Links("github.com", "o/r", "f" * 40)).startswith("`")


def test_a_cut_is_at_a_word_and_closes_the_fence() -> None:
    assert safe_line("word " * 100, 22) == "word word word word …"
    cut = safe_text("```py\n" + "line = 1\n" * 100, LINKS, 100)
    assert cut.endswith("line = 1\n```\n…")
    assert len(cut) <= 100
    assert safe_text("a " * 5_000, LINKS, 100).endswith(" …")


def test_two_megabytes_are_written_shortly() -> None:
    assert len(safe_text("a `b` @c " * 220_000, LINKS)) <= 4_000
