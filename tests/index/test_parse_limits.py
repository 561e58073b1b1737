from typing import Any

import pytest
from bathy.agent.index import parse_limits
from bathy.agent.index.grammars import PARSED, load_grammar
from bathy.agent.index.parse_limits import Budget, capture_within, is_unfit, parse, parse_within
from bathy.agent.index.symbols import extract_symbols
from hypothesis import given, settings
from hypothesis import strategies as st

CODE = (
    b"def add(a, b):\n    return a + b\n\n\nclass Cart:\n    def total(self):\n        return 1\n"
)


@settings(max_examples=30, deadline=None)
@given(text=st.text("abc(){}[]<>:;='\"\n #-", max_size=2_000))
@pytest.mark.parametrize("language", sorted(PARSED))
def test_a_budget_that_is_not_spent_changes_nothing(language: str, text: str) -> None:
    from tree_sitter import Parser

    grammar, data = load_grammar(language), text.encode()
    tree = parse_within(Budget(data, parse_limits.MAX_STEPS), grammar)
    assert tree is not None
    assert str(tree.root_node) == str(Parser(grammar.language).parse(data).root_node)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("yaml", "- " * 300),
        ("yaml", "".join(" " * n + "k:\n" for n in range(400))),
        ("csharp", "class A { void f() { x = a" + "<b" * 5_000 + "; } }"),
    ],
)
def test_nesting_that_its_grammar_cannot_survive_is_never_parsed(language: str, text: str) -> None:
    assert is_unfit(text, language)
    assert extract_symbols(text, language).references == ()


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("yaml", "- a: b\n  c: [d, {e: f}]\n" * 500),
        (
            "csharp",
            "class A<T> { Dictionary<string, List<int>> x = new(); bool b = c < d; }\n" * 300,
        ),
    ],
)
def test_ordinary_text_is_not_too_deep(language: str, text: str) -> None:
    assert not is_unfit(text, language)
    assert extract_symbols(text, language).references or language == "yaml"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("rust", "fn f() { " + "|" * 200_000),
        ("typescript", "a<" * 30_000),
        ("cpp", "template<" * 60_000),
        ("python", "(" * 400_000),
        ("python", "if " * 60_000),
        ("javascript", "x = [" + "," * 400_000 + "]"),
    ],
)
def test_a_text_that_takes_too_long_is_outlined_without_its_grammar(
    language: str, text: str
) -> None:
    text = "\n".join(text[at : at + 80] for at in range(0, len(text), 80))
    assert extract_symbols(text, language).references == ()


def test_a_spent_budget_gives_no_tree() -> None:
    assert parse_within(Budget(CODE * 5_000, 3), load_grammar("python")) is None
    assert parse(CODE, "python", load_grammar("python")) is not None


def test_too_many_open_matches_give_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    grammar = load_grammar("python")
    tree = parse_within(Budget(CODE, 1_000), grammar)
    assert tree is not None
    found: Any = capture_within(tree, grammar)
    assert found
    assert {kind: len(nodes) for kind, nodes in found.items()}["class"] == 1


def test_an_interrupt_while_parsing_comes_out() -> None:
    class Interrupted(Budget):
        def step(self, _offset: int, _has_error: bool) -> bool:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        parse_within(Interrupted(CODE * 5_000, 1_000), load_grammar("python"))
