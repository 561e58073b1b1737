from bathy.agent.modes.tui.commands import COMMANDS
from bathy.agent.modes.tui.input.complete import Finder
from bathy.agent.modes.tui.input.popup import command_choices, file_choices, row
from bathy.agent.modes.tui.input.waiting import one_line, queue_lines
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

WIDE = st.text("ab 数据é👩\t\n", max_size=40)


def test_files_are_offered_as_they_are_written_and_shown_without_what_drives_a_terminal() -> None:
    (spaced,) = file_choices(Finder(["docs/my file.md"]).find("my"))
    assert (spaced.text, spaced.label) == ('@"docs/my file.md" ', "docs/my file.md")
    (evil,) = file_choices(Finder(["od\x1b[2Jd.py"]).find("od"))
    assert evil.label == r'"od\033[2Jd.py"'
    assert evil.marked == ()
    (bidi,) = file_choices(Finder(["a\u202eb.py"]).find("ab"))
    assert bidi.label.isascii()


def test_commands_that_need_nothing_more_run() -> None:
    runs = {choice.text: choice.runs for choice in command_choices(COMMANDS)}
    assert runs["/cost"]
    assert runs["/export "]
    assert not runs["/exclude "]


def test_a_row_is_as_wide_as_it_may_be_and_keeps_the_end_of_a_path() -> None:
    (choice,) = file_choices(Finder(["数据/模块/说明/main.py"]).find("main"))
    for width in (5, 12, 13, 80):
        drawn = row(choice, width, 0, is_chosen=False)
        assert drawn.cell_length == width
        assert drawn.plain.rstrip().endswith("n.py")
    assert row(choice, 12, 0, is_chosen=False).plain.startswith("…")
    marked = [span.start for span in row(choice, 12, 0, is_chosen=False).spans]
    assert [row(choice, 12, 0, is_chosen=False).plain[at] for at in marked] == list("main")


def test_help_stands_below_each_other() -> None:
    rows = [row(each, 80, 16, is_chosen=False).plain for each in command_choices(COMMANDS)]
    assert {text.index(each.help) for text, each in zip(rows, COMMANDS, strict=True)} == {18}


@given(WIDE, st.integers(4, 30))
def test_a_line_of_the_queue_is_never_too_wide(text: str, width: int) -> None:
    line = one_line(text, width)
    assert cell_len(line) <= width
    assert "\n" not in line
    assert "\t" not in line


def test_the_queue_says_how_many_wait_and_what_can_be_done() -> None:
    assert queue_lines([], 40, "up takes the last back") == []
    assert queue_lines(["why?", "数据\nmore"], 40, "hint") == [
        "waiting 1: why?",
        "waiting 2: 数据 …                   hint",
    ]
    assert queue_lines(list("abcde"), 40, "") == ["waiting 1: a", "waiting 2: b", "and 3 more"]
    assert cell_len(queue_lines(["数" * 50], 40, "hint")[0]) <= 40
