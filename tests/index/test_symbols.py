import pytest
from bathy.agent.index.grammars import PARSED
from bathy.agent.index.symbols import MAX_OUTLINE_LINES, Symbols, extract_symbols
from hypothesis import given, settings
from hypothesis import strategies as st

SAMPLES = {
    "python": (
        'LIMIT = 3\n\n@register\nclass Cart(Base):\n    """Holds items."""\n    def add(self, item):\n'
        "        return store(item)\n\nasync def main():\n    def inner(): pass\n",
        ["constant LIMIT 1-1", "class Cart 3-7", "method Cart.add 6-7", "function main 9-10",
         "function main.inner 10-10"],
    ),
    "javascript": (
        "export class Cart {\n  add(item) { return store(item); }\n}\nconst total = (xs) => {\n  return xs;\n};\n"
        "exports.pay = function () {};\nCart.prototype.empty = function () {};\n",
        ["class Cart 1-3", "method Cart.add 2-2", "function total 4-6", "function pay 7-7",
         "function Cart.empty 8-8"],
    ),
    "typescript": (
        "export interface Item { id: number }\nexport type Id = string;\nenum Kind { A, B }\n"
        "export abstract class Cart {\n  add(item: Item): void {}\n}\n",
        ["interface Item 1-1", "type Id 2-2", "enum Kind 3-3", "class Cart 4-6", "method Cart.add 5-5"],
    ),
    "tsx": (
        "export function App(props: Props) {\n  return <Cart items={props.items} />;\n}\n",
        ["function App 1-3"],
    ),
    "go": (
        "package a\n\ntype Cart struct {\n\tItems []Item\n}\n\nfunc (c *Cart) Add(i Item) { store(i) }\n\n"
        "func New() *Cart { return &Cart{} }\n",
        ["type Cart 3-5", "method Cart.Add 7-7", "function New 9-9"],
    ),
    "rust": (
        "pub struct Cart { items: u8 }\n\nimpl Cart {\n    pub fn add(&self) {}\n}\n\ntrait Shop { fn open(&self); }\n"
        "macro_rules! m { () => {} }\n",
        ["struct Cart 1-1", "class Cart 3-5", "method Cart.add 4-4", "interface Shop 7-7",
         "method Shop.open 7-7", "macro m 8-8"],
    ),
    "java": (
        "package a;\n\npublic class Cart {\n  private int n = 0;\n  Cart() {}\n  void add(Item i) { store(i); }\n"
        "  interface Shop { void open(); }\n}\n",
        ["class Cart 3-8", "field Cart.n 4-4", "method Cart.Cart 5-5", "method Cart.add 6-6",
         "interface Cart.Shop 7-7", "method Cart.Shop.open 7-7"],
    ),
    "c": (
        "#define LIMIT 3\nstruct cart { int n; };\nint add(struct cart *c);\nint *make(void)\n{\n  return 0;\n}\n",
        ["macro LIMIT 1-1", "struct cart 2-2", "function add 3-3", "function make 4-7"],
    ),
    "cpp": (
        "namespace shop {\nclass Cart {\n public:\n  void add(int i);\n};\n}\nvoid shop::Cart::add(int i) {\n}\n",
        ["module shop 1-6", "class shop.Cart 2-5", "method shop.Cart.add 4-4",
         "function shop.Cart.add 7-8"],
    ),
    "csharp": (
        "namespace Shop {\n  public class Cart {\n    public int N { get; }\n    public void Add(Item i) { }\n  }\n}\n",
        ["module Shop 1-6", "class Shop.Cart 2-5", "property Shop.Cart.N 3-3", "method Shop.Cart.Add 4-4"],
    ),
    "ruby": (
        "module Shop\n  class Cart < Base\n    LIMIT = 3\n    def add(item)\n    end\n    def self.make; end\n  end\nend\n",
        ["module Shop 1-8", "class Shop.Cart 2-7", "constant Shop.Cart.LIMIT 3-3",
         "method Shop.Cart.add 4-5", "method Shop.Cart.make 6-6"],
    ),
    "php": (
        "<?php\nnamespace Shop;\nclass Cart extends Base {\n  public function add($i) { store($i); }\n}\nfunction main() {}\n",
        ["class Cart 3-5", "method Cart.add 4-4", "function main 6-6"],
    ),
    "bash": ("#!/bin/bash\nLIMIT=3\nadd() {\n  store \"$1\"\n}\n", ["variable LIMIT 2-2", "function add 3-5"]),
    "markdown": (
        "# Shop\n\ntext\n\n## Cart\n\n```\n# no heading\n```\n\n# Other\n",
        ["heading Shop 1-10", "heading Shop.Cart 5-10", "heading Other 11-11"],
    ),
    "rst": ("Shop\n====\n\ntext\n\nCart\n----\n\nend\n", ["heading Shop 1-9", "heading Shop.Cart 6-9"]),
    "html": ("<h1>Shop</h1>\n<p>x</p>\n<h2 id=a>The <b>cart</b></h2>\n",
             ["heading Shop 1-3", "heading Shop.The cart 3-3"]),
    "css": (".cart { color: red }\n.cart > a { }\n", ["selector .cart 1-1", "selector .cart > a 2-2"]),
    "json": ('{\n  "name": "x",\n  "deps": {\n    "a": 1\n  }\n}\n', ["key name 2-2", "key deps 3-5"]),
    "yaml": ("name: x\njobs:\n  test:\n    runs: y\n", ["key name 1-1", "key jobs 2-4"]),
    "toml": ("a = 1\n[tool.x]\nb = 2\n", ["key a 1-1", "table tool.x 2-3"]),
    "sql": ("CREATE TABLE cart (id int);\n", ["table cart 1-1"]),
    "kotlin": ("class Cart {\n  fun add(i: Int) {}\n}\nfun main() {}\n",
               ["class Cart 1-3", "function add 2-3", "function main 4-4"]),
}  # fmt: skip


def told(symbols: Symbols) -> list[str]:
    return [
        f"{d.kind} {d.container + '.' if d.container else ''}{d.name} {d.start_line}-{d.end_line}"
        for d in symbols.definitions
    ]


@pytest.mark.parametrize("language", SAMPLES)
def test_definitions_are_found_with_their_containers_and_lines(language: str) -> None:
    text, expected = SAMPLES[language]
    assert told(extract_symbols(text, language)) == expected


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("python", {"register", "Base", "store"}),
        ("javascript", {"store"}),
        ("go", {"store", "Item", "Cart"}),
        ("java", {"store", "Item"}),
        ("tsx", {"Cart", "Props"}),
        ("php", {"Base", "store"}),
        ("ruby", {"Base"}),
        ("bash", {"store"}),
    ],
)
def test_names_that_are_used_are_found(language: str, names: set[str]) -> None:
    found = {name for name, _ in extract_symbols(SAMPLES[language][0], language).references}
    assert names <= found


def test_the_outline_of_python_is_headers_and_first_lines_of_docstrings() -> None:
    symbols = extract_symbols(SAMPLES["python"][0], "python")
    assert symbols.outline == ((1, 1), (3, 6), (9, 9))


def test_the_outline_of_braces_ends_at_the_brace() -> None:
    symbols = extract_symbols(SAMPLES["java"][0], "java")
    assert symbols.outline == ((3, 7),)


BRANCHES = """\
if A:
    FIRST = 1
elif B:
    SECOND = 2
else:
    THIRD = 3
    def fallback():
        local = 1
try:
    import x
    FOURTH = 4
except ImportError:
    FIFTH = 5
else:
    SIXTH = 6
finally:
    SEVENTH = 7
with suppress():
    EIGHTH = 8
def f():
    try:
        inner = 1
    except E:
        inner = 2
"""


def test_constants_in_all_branches_of_a_module_are_found_and_locals_are_not() -> None:
    symbols = extract_symbols(BRANCHES, "python")
    constants = [d.name for d in symbols.definitions if d.kind == "constant"]
    numbers = ["FIRST", "SECOND", "THIRD", "FOURTH", "FIFTH", "SIXTH", "SEVENTH", "EIGHTH"]
    assert constants == numbers
    assert "function fallback 7-8" in told(symbols)
    assert symbols.outline == ((2, 2), (7, 7), (20, 20))


def test_errors_are_told_and_the_rest_is_found() -> None:
    symbols = extract_symbols("def ok():\n    pass\n\ndef broken(:\n", "python")
    assert symbols.has_errors
    assert "function ok 1-2" in told(symbols)


@pytest.mark.parametrize(
    "text",
    ["(" * 100_000, "{" * 50_000, "a" * 2_000_000, "x = 1\u2028y = 2\x0cz\r\n" * 50, "\0" * 999],
)
@pytest.mark.parametrize("language", ["python", "javascript", "json", "yaml", ""])
def test_hostile_texts_do_not_break_it(text: str, language: str) -> None:
    assert extract_symbols(text, language).outline is not None


def test_outlines_are_cut() -> None:
    text = "".join(f"def f{n}():\n    pass\n" for n in range(MAX_OUTLINE_LINES * 2))
    ranges = extract_symbols(text, "python").outline
    assert sum(last - first + 1 for first, last in ranges) == MAX_OUTLINE_LINES


WORDS = st.sampled_from(
    ["def f(", "class A:", "{", "}", "(", ")", "\n", "    ", "function x", "=>", "# T", "===", ":", "'", '"',
     "<h1>", "struct s", "impl", "é", "\r\n", "\f", "module M", "end", "- a: b", "[t]", "x = 1"]
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(text=st.lists(WORDS, max_size=40).map(" ".join))
@pytest.mark.parametrize("language", [*sorted(PARSED), "markdown", "rst", "html", "kotlin", ""])
def test_ranges_stay_inside_the_text(language: str, text: str) -> None:
    symbols = extract_symbols(text, language)
    lines = len(text.split("\n"))
    end = 0
    for first, last in symbols.outline:
        assert end < first <= last <= lines
        end = last
    assert all(1 <= d.start_line <= d.end_line <= lines for d in symbols.definitions)
