import itertools
import xml.etree.ElementTree as ET

import pytest
from bathy.agent.modes.page.drawing import COLOURS, WIDTH, Words, series
from bathy.agent.modes.page.markup import shorten, width_of
from bathy.agent.modes.page.plot import Bar, BarPlot, Line, LinePlot, bar_plot, line_plot
from bathy.agent.modes.page.ticks import number, ticks
from hypothesis import given
from hypothesis import strategies as st

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</svg><script>alert(1)</script>&\"'\x00\x1b[31m\u202e\ud800\ufffe"

finite = st.floats(-1e9, 1e9)
labels = st.text(max_size=200)


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def texts(root: ET.Element) -> list[str]:
    """What each text shows, its tooltip aside."""
    return [
        "".join(e.itertext()).removeprefix(e.findtext(f"{SVG}title") or "")
        for e in root.iter(f"{SVG}text")
    ]


def lines(*named: tuple[str, list[tuple[float, float]]]) -> LinePlot:
    return LinePlot(Words("T", "D", "k"), "x", "y", [Line(name, points) for name, points in named])


@given(
    st.lists(
        st.tuples(labels, st.lists(st.tuples(finite, finite), min_size=1, max_size=9)),
        min_size=1,
        max_size=9,
    ),
    labels,
)
def test_lines_are_well_formed_and_inside_whatever_they_are_given(
    found: list[tuple[str, list[tuple[float, float]]]], said: str
) -> None:
    plot = LinePlot(
        Words(said, said, "k"),
        said,
        said,
        [Line(n, sorted(p), [(x, y, y) for x, y in sorted(p)]) for n, p in found],
    )
    root = parsed(line_plot(plot))
    height = float(root.attrib["height"])
    for shape in [*root.iter(f"{SVG}polyline"), *root.iter(f"{SVG}polygon")]:
        for pair in shape.attrib["points"].split():
            x, y = map(float, pair.split(","))
            assert 0 <= x <= WIDTH
            assert 0 <= y <= height
    assert len([*root.iter(f"{SVG}polyline")]) == len(found)


@given(st.lists(st.tuples(labels, st.floats(0, 1e9), st.floats(0, 1e9)), max_size=9))
def test_bars_are_well_formed_and_inside_whatever_they_are_given(
    found: list[tuple[str, float, float]],
) -> None:
    bars = [Bar(name, value, (min(value, end), max(value, end))) for name, value, end in found]
    root = parsed(bar_plot(BarPlot(Words("T", "D", "k"), "x", bars)))
    rects = [*root.iter(f"{SVG}rect")][1:]
    assert len(rects) == len(found)
    for rect in rects:
        assert 0 <= float(rect.attrib["width"]) <= WIDTH - float(rect.attrib["x"])


def test_hostile_text_is_text() -> None:
    plot = LinePlot(Words(HOSTILE, HOSTILE, HOSTILE), HOSTILE, HOSTILE, [Line(HOSTILE, [(0, 1)])])
    for svg in (line_plot(plot), bar_plot(BarPlot(plot.words, HOSTILE, [Bar(HOSTILE, 1)]))):
        root = parsed(svg)
        assert not [*root.iter("script"), *root.iter(f"{SVG}script")]
        assert "<script" not in svg
        assert svg.isprintable()


def test_a_plot_is_named_and_described_for_those_who_do_not_see_it() -> None:
    root = parsed(line_plot(lines(("a", [(1, 1)]))))
    named = root.attrib["aria-labelledby"].split()
    assert root.attrib["role"] == "img"
    assert [root[0].attrib["id"], root[1].attrib["id"]] == named
    assert [root[0].text, root[1].text] == ["T", "D"]


def test_nothing_is_fetched_and_dark_screens_have_colours_of_their_own() -> None:
    svg = line_plot(lines(("a", [(1, 1)])))
    assert "prefers-color-scheme:dark" in svg
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")
    assert "url(" not in svg
    assert "@import" not in svg


def test_the_legend_names_each_series_in_rows_that_do_not_overlap() -> None:
    names = [
        f"src/main/java/com/example/a/long/package/name/of/many/parts/Class{n}.java"
        for n in range(5)
    ]
    root = parsed(line_plot(lines(*((name, [(0.0, 1.0), (9.0, 2.0)]) for name in names))))
    shown = [e for e in root.iter(f"{SVG}text") if (e.text or "").startswith("src/main")]
    assert [e.text for e in shown] == names
    assert len({e.attrib["y"] for e in shown}) == len(names)
    short = parsed(line_plot(lines(("a", [(0, 1)]), ("b", [(0, 1)]))))
    places = [
        (e.attrib["x"], e.attrib["y"]) for e in short.iter(f"{SVG}text") if e.text in ("a", "b")
    ]
    assert places[0][1] == places[1][1]
    assert places[0][0] != places[1][0]


def test_a_label_too_long_for_its_place_keeps_its_ends_and_can_be_read_whole() -> None:
    name = "src/" + "deeply/" * 60 + "nested.py"
    root = parsed(bar_plot(BarPlot(Words("T", "D", "k"), "x", [Bar(name, 1)])))
    (label,) = [e for e in root.iter(f"{SVG}text") if e.findtext(f"{SVG}title") == name]
    shown = texts(root)[1:]
    (cut,) = [text for text in shown if "…" in text]
    assert cut.startswith("src/")
    assert cut.endswith(".py")
    assert label.attrib["text-anchor"] == "end"


@pytest.mark.parametrize("most", [1e3, 1e6, 1e9, 0.001, 7])
def test_numbers_below_an_axis_do_not_run_into_each_other(most: float) -> None:
    root = parsed(line_plot(lines(("a", [(0, 1), (most, 2)]))))
    marks = [e for e in root.iter(f"{SVG}text") if e.attrib.get("text-anchor") == "middle"][:-1]
    spots = [(float(e.attrib["x"]), 13 * width_of(e.text or "")) for e in marks]
    assert len(spots) >= 2
    for (x, width), (after, width_after) in itertools.pairwise(spots):
        assert x + width / 2 < after - width_after / 2


def test_what_is_said_of_a_series_is_drawn_alike_in_the_legend() -> None:
    looks = [series(at) for at in range(COLOURS * COLOURS)]
    assert len(set(looks)) == len(looks)
    svg = line_plot(lines(*((str(at), [(0.0, 1.0)]) for at in range(8))))
    for look in looks[:8]:
        assert svg.count(f'class="{look}"') == 2


@given(st.floats(-1e12, 1e12), st.floats(1e-6, 1e12), st.integers(2, 12))
def test_ticks_are_few_even_and_within(low: float, width: float, most: int) -> None:
    high = low + width
    if not low < high or width < abs(low) * 1e-6:
        return
    found = ticks(low, high, most)
    assert len(found) <= most
    assert found == sorted(set(found))
    slack = 1e-6 * width
    assert all(low - slack <= tick <= high + slack for tick in found)
    gaps = [after - before for before, after in itertools.pairwise(found)]
    assert all(gap == pytest.approx(gaps[0], rel=1e-3) for gap in gaps)


def test_ticks_are_the_round_ones() -> None:
    assert ticks(0, 100) == [0, 20, 40, 60, 80, 100]
    assert ticks(1, 50, 11) == [5, 10, 15, 20, 25, 30, 35, 40, 45, 50]
    assert ticks(0, 0.3) == [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]
    assert [number(v) for v in (0.0, -0.0, 0.05, 1_250_000.0, 2.5)] == [
        "0",
        "0",
        "0.05",
        "1,250,000",
        "2.5",
    ]


@given(st.text(max_size=80), st.floats(2, 40))
def test_a_shortened_text_is_no_wider_than_allowed(said: str, width: float) -> None:
    found = shorten(said, width)
    assert found == said or width_of(found) <= width
