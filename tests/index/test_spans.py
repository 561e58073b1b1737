from bathy.agent.index.spans import MAX_LINES, Span, cut_spans, qualified
from bathy.agent.index.symbols import Definition, extract_symbols
from hypothesis import given
from hypothesis import strategies as st

KINDS = ("function", "method", "class", "constant", "heading", "module", "key")


def definitions() -> st.SearchStrategy[list[Definition]]:
    one = st.builds(
        Definition,
        st.sampled_from("abc"),
        st.sampled_from(KINDS),
        st.integers(-2, 400),
        st.integers(-2, 400),
        st.sampled_from(["", "A", "A.b"]),
    )
    return st.lists(one, max_size=12)


@given(st.integers(0, 400), st.booleans(), definitions())
def test_every_line_is_in_exactly_one_span_whatever_the_definitions(
    lines: int, ends: bool, found: list[Definition]
) -> None:
    text = "\n".join("x" for _ in range(lines)) + ("\n" if ends and lines else "")
    spans = cut_spans(text, found)
    covered = [line for span in spans for line in range(span.start_line, span.end_line + 1)]
    assert covered == list(range(1, max(1, lines) + 1))


@given(st.integers(1, 3000), definitions())
def test_no_span_is_longer_than_the_limit(lines: int, found: list[Definition]) -> None:
    spans = cut_spans("x\n" * lines, found)
    assert max(span.end_line - span.start_line + 1 for span in spans) <= MAX_LINES


def test_functions_are_spans_with_what_stands_just_above_them() -> None:
    text = "# why\ndef one():\n    return 1\n\n\n@wrapped\ndef two():\n    return 2\n    # end\n"
    spans = cut_spans(text, extract_symbols(text, "python").definitions)
    assert [(s.start_line, s.end_line, s.symbol) for s in spans] == [(1, 3, "one"), (6, 9, "two")]


def test_a_small_class_is_one_span_and_a_long_one_is_cut_into_members() -> None:
    method = "    def m{}(self):\n" + "        x = 1\n" * 15
    small = "class Small:\n" + method.format(0)
    long = "class Long:\n    x = 1\n    y = 2\n    z = 3\n" + method.format(1) + method.format(2)
    text = small + long
    spans = cut_spans(text, extract_symbols(text, "python").definitions)
    assert [s.symbol for s in spans] == ["Small", "Long", "Long.m1", "Long.m2"]


def test_definitions_nested_without_end_do_not_exhaust_the_stack() -> None:
    found = [Definition(f"c{n}", "class", n, 5000, "") for n in range(1, 5000)]
    spans = cut_spans("x\n" * 5000, found)
    assert sum(span.end_line - span.start_line + 1 for span in spans) == 5000


def test_text_without_definitions_is_cut_into_windows() -> None:
    spans = cut_spans("word\n" * 300, [])
    assert len(spans) == 5
    assert all(not span.symbol for span in spans)


JAVA = """\
package shop;

/** What is sold. */
public class Writer {
    private final int depth = 1;
    private final int width = 2;
    private final int limit = 3;
    private final int most = 4;
    private final int least = 5;

    /**
     * Sets how strict this is.
     *
     * <p>Long, as such texts are.
     */
    @Override
    public void setStrictness(int strictness) {
        this.strictness = strictness;
        check(strictness);
        changed();
    }

    /*
    Bodies of such comments need no stars.

    */
    // Nor need a comment be one.
    public void close() {
        flush();
        out.close();
        closed = true;
    }


}
"""


def cut(text: str, language: str) -> list[tuple[int, int, str]]:
    spans = cut_spans(text, extract_symbols(text, language).definitions)
    return [(span.start_line, span.end_line, span.symbol) for span in spans]


def test_a_comment_belongs_to_the_definition_behind_it() -> None:
    spans = cut(JAVA, "java")
    assert (11, 21, "Writer.setStrictness") in spans
    assert spans[-1][0] == JAVA[: JAVA.index("/*\n    Bodies")].count("\n") + 1
    assert spans[-1][2] == "Writer.close"


def test_a_comment_that_a_blank_line_or_code_divides_from_a_definition_is_not_its_own() -> None:
    body = "".join(f"    x = {n}\n" for n in range(4))
    apart = "# one\n# two\n# three\n# four\n\ndef f():\n" + body
    assert cut(apart, "python") == [(1, 4, ""), (6, 10, "f")]
    behind = "int x; /* a\nb\nc\nd */\nint f() {\n  a();\n  b();\n  return 1;\n}\n"
    assert (5, 9, "f") in cut(behind, "c")


def test_a_comment_that_makes_a_function_too_long_stands_by_itself() -> None:
    comment, body = "# x\n" * 20, "    x = 1\n" * (MAX_LINES - 5)
    assert (21, MAX_LINES + 16, "f") in cut(comment + "def f():\n" + body, "python")


def test_a_heading_is_no_comment_on_the_one_behind() -> None:
    text = "# Shop\n# Carts\n" + "Word.\n" * 40 + "# Mail\n" + "Word.\n" * 40
    assert [span[0] for span in cut(text, "markdown")] == [1, 2, 43]


def test_the_last_bracket_of_a_class_and_blank_lines_are_no_spans() -> None:
    assert cut(JAVA, "java")[-1][1] == JAVA.count("\n")
    assert cut("class A:\n" + "    x = 1\n" * 40 + "\n" * 9, "python") == [(1, 41, "A")]


def test_brackets_in_a_row_without_end_make_no_endless_span() -> None:
    text = "def f():\n" + "    x = 1\n" * 4 + "}\n" * 1000
    assert max(end - first + 1 for first, end, _ in cut(text, "python")) <= MAX_LINES


def test_an_empty_text_has_one_span() -> None:
    assert cut_spans("", []) == (Span(1, 1, ""),)
    assert cut_spans("\n  \n\n", []) == (Span(1, 1, ""),)


def test_only_lf_ends_a_line() -> None:
    assert cut_spans("a\rb\fc\u2028d\n", []) == (Span(1, 1, ""),)


def test_names_are_qualified_by_what_is_around_them() -> None:
    assert qualified(Definition("c", "method", 1, 2, "A.B")) == "A.B.c"
    assert qualified(Definition("c", "function", 1, 2, "")) == "c"


def test_one_very_long_line_is_one_span() -> None:
    assert cut_spans("x" * 2_000_000, []) == (Span(1, 1, ""),)
