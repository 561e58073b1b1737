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
    assert [(s.start_line, s.end_line, s.symbol) for s in spans] == [(1, 3, "one"), (4, 9, "two")]


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


def test_an_empty_text_has_one_span() -> None:
    assert cut_spans("", []) == (Span(1, 1, ""),)


def test_only_lf_ends_a_line() -> None:
    assert cut_spans("a\rb\fc\u2028d\n", []) == (Span(1, 1, ""),)


def test_names_are_qualified_by_what_is_around_them() -> None:
    assert qualified(Definition("c", "method", 1, 2, "A.B")) == "A.B.c"
    assert qualified(Definition("c", "function", 1, 2, "")) == "c"


def test_one_very_long_line_is_one_span() -> None:
    assert cut_spans("x" * 2_000_000, []) == (Span(1, 1, ""),)
