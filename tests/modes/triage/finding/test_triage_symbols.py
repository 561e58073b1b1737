"""A name points at a file if it is written as code, and if few files define it."""

import pytest
from bathy.agent.modes.triage.finding.symbols import (
    RARE_FILES,
    count_definers,
    points_by_symbol,
    telling_first,
    written_names,
)
from bathy.agent.pack.question import parse_question
from bathy.agent.pack.ranking import RankedFile
from hypothesis import given
from hypothesis import strategies as st


def file(path: str, *names: str) -> RankedFile:
    why = (*(f"defines `{name}`" for name in names), "defines `helper`, which a.py uses")
    return RankedFile(path, 1.0, (), why, {"title symbol": 1.0}, 1.0)


@pytest.mark.parametrize(
    ("text", "written", "not_written"),
    [
        ("The mode of `cart` is lost", "cart", "mode"),
        ("The mode of total() is lost", "total", "mode"),
        ("cart_total is lost in collect", "cart_total", "collect"),
        ("cartTotal of a type", "cartTotal", "type"),
        ("Cart.total of an app", "Cart.total", "app"),
        ("Lost\nThe app has a `mode`.", "mode", "app"),
        ("Lost\nThe memo of read_cart is lost.", "read_cart", "memo"),
        ("Lost\n```\nTraceback (most recent call last):\n  File \"a.py\", line 1, in pay\n```", "pay", "last"),
    ],
)  # fmt: skip
def test_what_is_written_as_code(text: str, written: str, not_written: str) -> None:
    names = written_names(parse_question(text))
    assert written in names
    assert not_written not in names


@pytest.mark.parametrize(
    ("count", "is_rare"), [(1, True), (RARE_FILES, True), (RARE_FILES + 1, False)]
)
def test_what_many_files_define_points_at_none(count: int, is_rare: bool) -> None:
    ranked = [file(f"{n}.py", "cart_total") for n in range(count)]
    written = frozenset(("cart_total",))
    definers = count_definers(ranked)
    assert {points_by_symbol(one, written, definers) for one in ranked} == {is_rare}


def test_common_names_are_the_last_reason() -> None:
    one = file("a.py", "mode", "cart_total", "type")
    found = telling_first(one, frozenset(("cart_total", "type")), {"cart_total": 1, "type": 9})
    assert found[0] == "defines `cart_total`"
    assert found[-2:] == ["defines `mode`", "defines `type`"]
    assert sorted(found) == sorted(one.why)


def test_what_others_use_of_a_file_is_not_asked_for() -> None:
    ranked = [file("a.py", "mode"), file("b.py")]
    written = frozenset(("helper",))
    assert not any(points_by_symbol(one, written, count_definers(ranked)) for one in ranked)


@given(st.text(max_size=200), st.sampled_from(["`", "``", "(", "a.b(", "\n"]))
def test_any_question_has_names(text: str, more: str) -> None:
    assert all(written_names(parse_question(f"{text}{more}{text}")))
