from bathy.agent.index.repo import chooser
from bathy.agent.modes.tui.panels.choice import Choice, Rule, glob_of
from hypothesis import given, settings
from hypothesis import strategies as st

NAMES = st.text(st.sampled_from("ab*?[]!#\\ -.两"), min_size=1, max_size=4).filter(
    lambda name: name not in (".", "..")
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


@st.composite
def repositories(draw: st.DrawFn) -> tuple[list[str], list[tuple[str, bool]]]:
    """Paths of which none is a folder of another, and choices among them and their folders."""
    paths = draw(st.lists(PATHS, min_size=1, max_size=8, unique=True))
    folders = {
        "/".join(path.split("/")[:depth]) + "/"
        for path in paths
        for depth in range(1, path.count("/") + 1)
    }
    paths = [path for path in paths if path + "/" not in folders]
    steps = st.tuples(st.sampled_from(sorted({*paths, *folders})), st.booleans())
    return paths, draw(st.lists(steps, max_size=8))


@settings(deadline=None)
@given(repositories())
def test_globs_choose_what_was_chosen(found: tuple[list[str], list[tuple[str, bool]]]) -> None:
    paths, steps = found
    choice, out = Choice(), set[str]()
    for key, is_in in steps:
        choice = choice.put_back(key) if is_in else choice.leave_out(key)
        touched = {p for p in paths if p == key or (key.endswith("/") and p.startswith(key))}
        out = out - touched if is_in else out | touched
    is_chosen = chooser(choice.include, choice.globs)
    assert {path for path in paths if not is_chosen(path)} == out
    assert {path for path in paths if choice.is_left_out(path)} == out


def test_the_settings_own_globs_stay_and_come_first() -> None:
    choice = Choice(("src/",), ("*.md", "!/docs/a.md")).leave_out("docs/")
    assert choice.include == ("src/",)
    assert choice.globs == ("*.md", "!/docs/a.md", "/docs/**")
    assert not chooser((), choice.globs)("docs/a.md")


def test_a_choice_that_changes_nothing_is_the_same() -> None:
    choice = Choice().leave_out("docs/")
    assert choice.leave_out("docs/") is choice
    assert choice.leave_out("docs/a.md") is choice
    assert choice.put_back("src/") is choice
    assert choice.put_back("docs/") == Choice()
    assert choice.put_back("docs/a.md").rules == (Rule("docs/", False), Rule("docs/a.md", True))


def test_a_glob_is_printable_and_finds_its_file() -> None:
    for path in ("a\nb", "a\x1b[31mb", "a\udcffb", "tab\t", " x ", "c\u202ed"):
        assert glob_of(path).isprintable()
        assert not chooser((), (glob_of(path),))(path)
