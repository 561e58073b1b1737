from bathy.agent.modes.tui.input.complete import Finder, close, match
from hypothesis import given
from hypothesis import strategies as st

LETTERS = "abcAB_-. 数据é"
NAMES = st.text(LETTERS, min_size=1, max_size=8)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
QUERIES = st.text("abcAB_-./数据é", max_size=6)


def is_subsequence(query: str, path: str) -> bool:
    letters = iter(path.lower())
    return all(letter in letters for letter in query.lower())


@given(QUERIES, PATHS)
def test_a_match_is_a_subsequence_and_every_subsequence_matches(query: str, path: str) -> None:
    found = match(query, path)
    assert (found is not None) == is_subsequence(query, path)
    if found:
        assert list(found.positions) == sorted(set(found.positions))
        assert [path[at].lower() for at in found.positions] == list(query.lower())


@given(st.lists(PATHS, max_size=30, unique=True), PATHS)
def test_an_exact_name_wins(paths: list[str], path: str) -> None:
    name = "".join(path.rpartition("/")[2].split())
    if name != path.rpartition("/")[2]:
        return
    best = Finder([*paths, path]).find(name)[0]
    assert f"/{best.path.lower()}".endswith(f"/{name.lower()}")


@given(st.lists(PATHS, max_size=40, unique=True), QUERIES)
def test_the_finder_finds_what_matching_every_path_finds(paths: list[str], query: str) -> None:
    every = [found for path in paths if (found := match(query, path))]
    every.sort(key=lambda found: (-found.score, len(found.path), found.path))
    assert Finder(paths).find(query, 5) == tuple(every[:5])


def order(query: str, *paths: str) -> list[str]:
    return [found.path for found in Finder(paths).find(query)]


def test_letters_that_stand_together_or_begin_a_word_come_first() -> None:
    assert order("map", "m/a/xp.py", "url_map.py", "mxaxp.py")[0] == "url_map.py"
    assert order("uc", "a/duct.py", "a/url_cache.py") == ["a/url_cache.py", "a/duct.py"]
    assert order("gc", "src/ignoreCase.go", "src/gladCase.go")[0] == "src/gladCase.go"
    for separator in "/._-":
        begins, inside = f"x{separator}query.c", "x1query.c"
        assert order("q", inside, begins) == [begins, inside]


def test_the_name_of_a_file_counts_more_than_its_folders() -> None:
    assert order("app", "app/views.py", "src/app.py") == ["src/app.py", "app/views.py"]
    assert order("app.py", "app.py.orig", "tests/test_app.py", "deep/down/here/app.py")[0] == (
        "deep/down/here/app.py"
    )
    assert order("modes/tui", "agent/modes/tui", "agent/modes/tuition.py")[0] == "agent/modes/tui"


def test_names_in_any_script_are_found() -> None:
    assert order("模块", "docs/数据/说明.md", "docs/数据/模块说明.md") == ["docs/数据/模块说明.md"]
    assert order("数说", "docs/数据/说明.md") == ["docs/数据/说明.md"]
    assert order("ÉT", "src/été.py") == ["src/été.py"]
    found = match("İx", "aİx")
    assert found
    assert found.positions == (1, 2)


def test_scattered_letters_are_offered_only_where_nothing_is_closer() -> None:
    finder = Finder(["tui/sessions.py", "sur/ever_hats.py", "sub/explain/sum.py", "use/parse.js"])
    assert [found.path for found in close(finder.find("ses"))] == [
        "tui/sessions.py",
        "sub/explain/sum.py",
    ]
    assert [found.path for found in close(finder.find("vhs"))] == ["sur/ever_hats.py"]
    assert [found.path for found in close(finder.find("pe.j"))] == ["use/parse.js"]
    assert len(close(finder.find(""))) == 4


def test_nothing_typed_offers_the_shortest_paths() -> None:
    assert order("", "b/c.py", "z.py", "a.py") == ["a.py", "z.py", "b/c.py"]
    assert Finder(()).find("x") == ()


def test_the_best_is_found_among_very_many_that_match_somehow() -> None:
    crowd = [f"src/part{n}/some_app_file_{n}.py" for n in range(3000)]
    wanted = ["very/deep/folders/of/something/else/entirely/app.py", "q/apples_pie_pan.py"]
    finder = Finder([*crowd, *wanted])
    assert finder.find("app.py")[0].path == wanted[0]
    assert finder.find("app")[0].path == wanted[0]
    assert wanted[1] in [found.path for found in finder.find("applespiepan")]
