from bathy.tools.patch.anchors import under_anchors
from bathy.tools.patch.hunks import Hunk, Item
from bathy.tools.patch.index import LineIndex
from bathy.tools.patch.match import locate
from bathy.tools.patch.nearest import nearest_lines
from bathy.tools.patch.text import Edit


def hunk(*lines: str, start: int | None = None, anchors: tuple[str, ...] = ()) -> Hunk:
    kinds = {" ": "context", "-": "removed", "+": "added"}
    items = tuple(Item(kinds[line[0]], line[1:]) for line in lines)  # type: ignore[arg-type]
    return Hunk(items, anchors, start)


def edits_of(lines: list[str], *hunks: Hunk) -> list[Edit]:
    placed, problems = locate(lines, hunks)
    assert problems == []
    return [edit for one in placed for edit in one.edits]


def test_an_exact_place_goes_before_one_that_differs_in_blanks() -> None:
    assert edits_of(["a ", "a"], hunk("-a", "+b")) == [Edit(1, 1, ("b",))]


def test_hunks_out_of_order_are_placed_if_each_has_one_place() -> None:
    assert edits_of(["a", "b"], hunk("-b", "+B"), hunk("-a", "+A")) == [
        Edit(0, 1, ("A",)),
        Edit(1, 1, ("B",)),
    ]


def test_one_choice_makes_the_next_one_possible() -> None:
    lines = ["x", "x", "x"]
    found = edits_of(lines, hunk("-x", "+1", start=1), hunk("-x", "+2"), hunk("-x", "+3", start=3))
    assert [edit.at for edit in found] == [0, 1, 2]


def test_a_stated_number_never_makes_up_for_wrong_lines() -> None:
    _, problems = locate(["a", "b", "c"], [hunk("-z", "+Z", start=2)])
    assert "nowhere" in problems[0].text


def test_a_scope_ends_where_the_next_name_of_its_depth_begins() -> None:
    lines = ["def f(", "    a", ") -> int:", "    x", "def g():", "    x"]
    assert under_anchors(lines, ["def f("], [3, 5]) == [3]
    assert under_anchors(lines, ["def h("], [3, 5]) == [3, 5]


def test_mistakes_beside_a_change_leave_the_files_own_lines() -> None:
    lines = ["alpha()", "beta()", "gamma()", "delta()"]
    found = edits_of(lines, hunk(" alpha()", " betta()", "-gamma()", "+new()", " delta()"))
    assert found == [Edit(2, 1, ("new()",))]


def test_nearest_lines_say_what_differs_and_stay_short() -> None:
    index = LineIndex([f"value_{number} = {number}" for number in range(100)])
    wanted = [
        Item("removed", f"value_{number} = {number + (number == 50)}") for number in range(45, 60)
    ]
    message = nearest_lines(index, wanted)
    assert "'value_50 = 51'" in message
    assert "51: value_50 = 50" in message
    assert len(message.splitlines()) <= 15
