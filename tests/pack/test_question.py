import pytest
from bathy.agent.pack.question import MAX_CHARS, Frame, is_code_like, parse_question
from hypothesis import given
from hypothesis import strategies as st

ISSUE = """\
[BUG] `Session.send` ignores verify in utils.py
<!-- Read the contributing guide before submitting SecretTemplateWord -->
- [x] I have searched existing issues
### Describe the bug
The CA bundle is dropped, see [the source](https://example.org/x/y) and
https://example.org/a/b/blob/deadbeef/src/lib/adapters.py#L10-L20 for `merge_setting()`.
It says "cannot find bundle".

```python
from lib import fenced_word
```

Traceback (most recent call last):
  File "/home/me/app.py", line 3, in <module>
    run()
  File "/usr/lib/python3/site-packages/lib/sessions.py", line 590, in send_now
    raise BundleError("x")
lib.errors.BundleError: x

Thanks for OutsideWord!
"""


def test_the_title_counts_most_then_prose_then_tracebacks_then_code() -> None:
    terms = parse_question("alpha\nbeta\n```\ngamma\n```\n").terms
    assert terms["alpha"] > terms["beta"] > terms["gamma"] > 0
    trace = parse_question("t\nTraceback (most recent call last):\n  gamma\n").terms
    assert terms["beta"] > trace["gamma"] > terms["gamma"]


def test_comments_check_boxes_template_headings_and_links_are_left_out() -> None:
    terms = parse_question(ISSUE).terms
    assert not {"secrettemplateword", "exist", "describ", "exampl", "deadbeef"} & set(terms)
    assert {"sourc", "bundl", "outsid", "fencword"} <= set(terms)


def test_paths_are_found_in_text_and_in_links_to_a_forge() -> None:
    assert parse_question(ISSUE).paths == ("src/lib/adapters.py", "utils.py")
    assert parse_question("see ./src/a/b.rs, c.tsx and e.g. 1.2.3").paths == ("src/a/b.rs", "c.tsx")


def test_frames_come_in_order_innermost_last() -> None:
    question = parse_question(ISSUE)
    assert question.frames == (
        Frame("/home/me/app.py", 3, "<module>"),
        Frame("/usr/lib/python3/site-packages/lib/sessions.py", 590, "send_now"),
    )
    assert question.trace_names == ("send_now", "<module>", "BundleError")


def test_javascript_and_java_print_the_innermost_call_first_and_are_turned_round() -> None:
    script = "t\n```\nError: x\n    at inner (/w/src/a.js:1:2)\n    at outer (/w/src/b.js:3:4)\n```"
    java = (
        't\n```\nException in thread "main" x.Y\n\tat com.x.Gson.from(Gson.java:8)\n'
        "\tat com.x.Main.main(Main.java:9)\n```"
    )
    assert [f.path for f in parse_question(script).frames] == ["/w/src/b.js", "/w/src/a.js"]
    assert parse_question(java).frames[-1] == Frame("com/x/Gson.java", 8, "from")


def test_names_of_the_title_and_code_like_names_of_the_rest_are_collected() -> None:
    question = parse_question(ISSUE)
    assert question.title_names[:3] == ("Session.send", "send", "Session")
    assert "merge_setting" in question.code_names
    assert "bundle" not in question.code_names
    assert question.quoted == ("cannot find bundle",)


def test_neighbouring_words_are_asked_for_as_one_identifier() -> None:
    assert "urlrul" in parse_question("where is the url rule added").terms
    assert "rulwher" not in parse_question("the rule where").terms


def test_a_question_of_one_line_has_no_title_of_its_own() -> None:
    assert parse_question("How are files ordered?").title_terms == {}
    assert parse_question("How are files ordered?\nmore").title_terms


def test_filler_counts_less_and_does_not_join() -> None:
    terms = parse_question("purpose blueprint").terms
    assert terms["purpos"] < terms["blueprint"]
    assert "purposblueprint" not in terms


@pytest.mark.parametrize(
    ("word", "expected"),
    [("snake_case", True), ("_x", False), ("_got", True), ("camelCase", True), ("L003", True)]
    + [(word, False) for word in ("word", "Word", "HTTP", "1998", "__")],
)
def test_code_like_words_have_an_underscore_a_hump_or_a_digit(word: str, expected: bool) -> None:
    assert is_code_like(word) is expected


@pytest.mark.parametrize(
    "unit", ["`", "(", "[", "a/", "a.", '"', "<a ", "at (", "    at a.", "<!--", "- ["]
)
def test_repeated_marks_do_not_make_it_slow(unit: str) -> None:
    parse_question(unit * (MAX_CHARS // len(unit)))
    parse_question("t\n" + unit * (MAX_CHARS // len(unit)))


@given(st.text())
def test_any_text_is_a_question_and_the_same_each_time(text: str) -> None:
    question = parse_question(text)
    assert question == parse_question(text)
    assert all(weight > 0 for weight in question.terms.values())


@given(
    st.lists(
        st.sampled_from(
            ["x", "    y", "# Z", "", "~~~", "```js", "Traceback (most recent call last):"]
        )
    )
)
def test_what_follows_a_closed_fence_is_read_whatever_came_before(lines: list[str]) -> None:
    text = "\n".join(["t0", *lines, "```", "~~~", "last_word", "```", "~~~", ""])
    assert "lastword" in parse_question(text).terms
