from html.parser import HTMLParser

from bathy.agent.modes.page.drawing import Words
from bathy.agent.modes.page.markup import escape
from bathy.agent.modes.page.page import Code, Figure, Heading, Page, Section, Table, render_page
from bathy.agent.modes.page.plot import Line, LinePlot, line_plot
from hypothesis import given
from hypothesis import strategies as st

HOSTILE = "</td><script>alert(1)</script><img src=x onerror=alert(1)>\x1b]0;x\x07"
VOID = {"meta", "wbr", "rect", "line", "polyline", "polygon"}


class Elements(HTMLParser):
    """Counts elements, and checks that each that is opened is closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names, self.open, self.texts = list[str](), list[str](), list[str]()
        self.attributes = list[tuple[str, str | None]]()
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page(said: str) -> Page:
    svg = line_plot(LinePlot(Words(said, said, "k"), said, said, [Line(said, [(0, 1)])]))
    table = Table(said, [said, said], [Heading(said), [said, Code(said)], [Code(said), said]])
    return Page(said, said, [Section(said, [said, table, Figure(svg, said)])])


@given(st.text(max_size=60))
def test_a_page_is_whole_whatever_is_said_on_it(said: str) -> None:
    plain, odd = Elements(render_page(page("x"))), Elements(render_page(page(said)))
    extra = {"wbr", "title", "figcaption"}
    assert [n for n in odd.names if n not in extra] == [n for n in plain.names if n not in extra]


def test_hostile_text_is_text() -> None:
    text = render_page(page(HOSTILE))
    found = Elements(text)
    assert not {"script", "img", "iframe", "link"} & set(found.names)
    assert not [name for name, _ in found.attributes if name.startswith("on")]
    assert all(char.isprintable() or char == "\n" for char in text)


def test_a_page_needs_nothing_else() -> None:
    text = render_page(page("x"))
    assert "default-src 'none'" in text
    assert "src=" not in text
    assert "url(" not in text
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    assert "prefers-color-scheme:dark" in text


def test_a_table_tells_heads_from_cells_and_figures_from_words() -> None:
    text = render_page(
        Page("t", "l", [Section("s", [Table("n", ["a", "b"], [Heading("g"), ["x", "1"]])])])
    )
    assert '<th scope="col">a</th><th scope="col" class="n">b</th>' in text
    assert '<th class="group" scope="rowgroup" colspan="2">g</th>' in text
    assert '<th scope="row">x</th><td class="n">1</td>' in text
    assert 'role="region" tabindex="0" aria-label="n"' in text


def test_a_path_may_be_broken_between_its_parts() -> None:
    text = render_page(Page("t", "l", [Section("s", [Table("n", ["a"], [[Code("a/<b>")]])])]))
    assert "<code>a/<wbr>&lt;b&gt;</code>" in text


def test_what_is_not_shown_comes_as_what_can_be() -> None:
    assert escape("a\tb\x1b\u202e\ud800c\u00a0&") == "a b\ufffd\ufffd\ufffdc &amp;"
