import pytest
from bathy.agent.modes.tui.commands import COMMANDS, find_commands, is_doubtful, read_command


def test_the_table_is_in_order_and_says_what_everything_does() -> None:
    names = [command.name for command in COMMANDS]
    assert names == sorted(set(names))
    assert all(command.help for command in COMMANDS)
    assert "key" not in names


@pytest.mark.parametrize(
    ("text", "name", "argument"),
    [
        ("/cost", "cost", ""),
        ("/cost \n", "cost", ""),
        ("/exclude docs/**  ", "exclude", "docs/**"),
        ("/find two\nlines", "find", "two\nlines"),
        ("/nothing", "nothing", ""),
    ],
)
def test_a_line_is_read_as_a_command(text: str, name: str, argument: str) -> None:
    given = read_command(text)
    assert given
    assert (given.name, given.argument) == (name, argument)


@pytest.mark.parametrize("text", ["", "/", "/etc/hosts is read?", " /cost", "a /cost", "/2", "//x"])
def test_anything_else_is_a_question(text: str) -> None:
    assert read_command(text) is None


@pytest.mark.parametrize(
    ("text", "is_so"),
    [
        ("/secret/secret", True),
        ("/usr/bin/x ", True),
        ("/Cost", True),
        ("/cost", False),
        ("/etc/hosts?", False),
        ("/etc/hosts is read?", False),
        (" /usr/bin/x", False),
        ("/", False),
    ],
)
def test_one_word_behind_a_slash_is_doubtful(text: str, is_so: bool) -> None:
    assert is_doubtful(text) == is_so


def test_what_cannot_be_done_is_told() -> None:
    for text, problem in (
        ("/nothing", "there is no /nothing"),
        ("/exclude", "/exclude needs GLOB"),
        ("/cost today", "/cost takes nothing"),
        ("/export", ""),
        ("/export a.md", ""),
    ):
        given = read_command(text)
        assert given
        assert given.problem.startswith(problem)
        assert bool(given.problem) == bool(problem)


def test_commands_that_begin_so_come_first() -> None:
    assert find_commands("") == COMMANDS
    assert [each.name for each in find_commands("ex")] == ["exclude", "export"]
    assert [each.name for each in find_commands("el")] == ["help", "model"]
    assert find_commands("zz") == ()
