import re

import pytest
from bathy.agent.modes.triage.untrusted.logs import log_line, output_block
from hypothesis import example, given
from hypothesis import strategies as st

COMMANDS = st.lists(
    st.one_of(
        st.sampled_from(["::", "set-output", " name=a", "##[", "error]", "\n", "\r", "\x85", "\u2028", " ", "\x1b[1m"]),
        st.text(max_size=3),
    ),
    max_size=12,
).map("".join)  # fmt: skip


@given(COMMANDS)
@example(":::error::x")
@example("a ::::error file=a::x")
def test_a_line_is_one_line_and_no_command(text: str) -> None:
    line = log_line(text)
    assert len(line.splitlines()) <= 1
    assert not line.strip().startswith("::")
    assert "##[" not in line
    assert not re.search(r"::[\w-]{1,60}(?: [\w-]+=[^:]{0,400})?::", line)
    assert all(c.isprintable() or c == "\t" or ord(c) > 127 for c in line)


def test_ordinary_colons_stay() -> None:
    assert log_line("tests/a.py::test_b\nstd::vector") == "tests/a.py::test_b std::vector"
    assert log_line("x ::error file=a::pwned") == "x : :error file=a::pwned"


@given(st.text(alphabet="ab<=\nEOF", max_size=60))
def test_an_output_is_read_back_as_it_was(value: str) -> None:
    draws = iter(["EOFEOFEO", "a" * 8, "delimiter-1"])
    head, _, rest = output_block("report", value, lambda: next(draws)).partition("\n")
    name, _, mark = head.partition("<<")
    assert name == "report"
    assert rest == f"{value}\n{mark}\n"
    assert mark not in value


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "a=b", "a<<b", "1a", "ä", "a" * 101])
def test_an_output_has_a_plain_name(name: str) -> None:
    with pytest.raises(ValueError, match="output"):
        output_block(name, "x")


def test_a_delimiter_that_the_value_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="delimiter"):
        output_block("a", "x12345678", lambda: "12345678")
    assert output_block("a", "x") != output_block("a", "x")
