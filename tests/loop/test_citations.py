from collections.abc import Sequence
from itertools import pairwise

import pytest
from bathy.agent.loop.citations import CheckedCitation, check_citations
from bathy.agent.loop.marks import find_marks, render_place
from hypothesis import example, given
from hypothesis import strategies as st

CART = '''import logging

LIMIT = 40


class Cart:
    """Holds items until they are paid."""

    def __init__(self, owner):
        self.owner = owner
        self.items = []

    def add(self, item):
        if len(self.items) >= LIMIT:
            raise CartFull(self.owner)
        self.items.append(item)
        return item

    def total(self):
        return sum(item.price for item in self.items)


class CartFull(Exception):
    pass


def pay(cart, gateway):
    amount = cart.total()
    gateway.charge(cart.owner, amount)
    logging.info("paid %s", amount)
    return amount
'''


class Shop:
    """Files for citations to be checked against."""

    def __init__(self, **more: str) -> None:
        self.texts = {
            "src/cart.py": CART,
            "src/util/io.py": "def read():\n    pass\n",
            "tests/util/io.py": "def test():\n    pass\n",
            "docs/a guide.md": "# Guide\n\nPay with a gateway.\n",
            **{path.replace("__", "/"): text for path, text in more.items()},
        }

    @property
    def paths(self) -> Sequence[str]:
        return sorted(self.texts)

    def lines(self, path: str) -> Sequence[str] | None:
        text = self.texts.get(path)
        return None if text is None else text.removesuffix("\n").split("\n")


def check(answer: str) -> tuple[str, list[CheckedCitation]]:
    checked = check_citations(answer, Shop())
    return checked.text, list(checked.citations)


def only(answer: str) -> tuple[str, int, int, str]:
    (found,) = check(answer)[1]
    return found.path, found.start_line, found.end_line, found.status


@pytest.mark.parametrize(
    "answer",
    [
        "`add` refuses when the cart is full [src/cart.py:13-17].",
        "Items go through `Cart.add` [src/cart.py:13].",
        "It raises `CartFull(self.owner)` [src/cart.py:15].",
        "The limit is `LIMIT` [src/cart.py:3].",
        "Nothing in particular is named here [src/cart.py:5-9].",
        "Inside `pay()` the gateway is charged with the amount [src/cart.py:29].",
        "| `total` | sums the prices | [src/cart.py:19-20] |",
        "As it says [src/cart.py:15-16]:\n\n```python\n            raise CartFull(self.owner)\n```\n",
    ],
)
def test_a_true_citation_is_verified(answer: str) -> None:
    text, (found,) = check(answer)
    assert found.status == "verified"
    assert text == answer


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("`add` checks first [src/cart.py:21-25].", "`add` checks first [src/cart.py:13-17]."),
        (
            "It calls `gateway.charge` [src/cart.py:3].",
            "It calls `gateway.charge` [src/cart.py:29].",
        ),
        (
            "`CartFull` is raised [src/cart.py:900-901].",
            "`CartFull` is raised [src/cart.py:23-24].",
        ),
        ("`LIMIT` is fixed [cart.py:3].", "`LIMIT` is fixed [src/cart.py:3]."),
        (
            "So [src/cart.py:1-2]:\n\n```python\n    gateway.charge(cart.owner, amount)\n"
            '    logging.info("paid %s", amount)\n```\n',
            "So [src/cart.py:29-30]:\n\n```python\n    gateway.charge(cart.owner, amount)\n"
            '    logging.info("paid %s", amount)\n```\n',
        ),
        ("See `add` [L](src/cart.py#L21-L25).", "See `add` [L](src/cart.py#L13-L17)."),
        ("`read` opens it [io.py:1-2].", "`read` opens it [src/util/io.py:1-2]."),
        ("It needs the `items` [src/cart.py:12].", "It needs the `items` [src/cart.py:11]."),
    ],
)
def test_a_drifted_citation_is_moved_to_its_place(answer: str, text: str) -> None:
    found_text, (found,) = check(answer)
    assert (found_text, found.status) == (text, "repaired")
    again, (second,) = check(found_text)
    assert (again, second.status) == (found_text, "verified")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("`frobnicate_all` does it [src/cart.py:13-17].", "unverified"),
        ("`add` is here [src/none.py:1].", "invalid"),
        ("`nowhere_at_all` [src/cart.py:900-910].", "invalid"),
        ("Nothing named [src/cart.py:900].", "invalid"),
        ("Backwards [src/cart.py:17-13].", "invalid"),
        ("Line zero [src/cart.py:0].", "invalid"),
        ("Which of them? [util/io.py:1]", "invalid"),
        ("Which of them? [io.py:1]", "invalid"),
        ("None of them has `pay` [io.py:1].", "invalid"),
        ("Outside [../src/cart.py:1].", "invalid"),
    ],
)
def test_what_cannot_be_found_is_said_so_and_left_as_it_is(answer: str, status: str) -> None:
    text, (found,) = check(answer)
    assert (text, found.status) == (answer, status)


@pytest.mark.parametrize(
    ("written", "places"),
    [
        ("[src/cart.py:1-3]", [(1, 3)]),
        ("[src/cart.py:7]", [(7, 7)]),
        ("[src/cart.py:L7-L9]", [(7, 9)]),
        ("[src/cart.py:7\N{EN DASH}9]", [(7, 9)]),
        ("(src/cart.py:7)", [(7, 7)]),
        ("`src/cart.py:7-9`", [(7, 9)]),
        ("[./src/cart.py:7]", [(7, 7)]),
        ("[a/src/cart.py:7]", [(7, 7)]),
        ("[src/cart.py:1-3, 7, 9-10]", [(1, 3), (7, 7), (9, 10)]),
        ("[src/cart.py:1; src/cart.py:5]", [(1, 1), (5, 5)]),
        ("[x](src/cart.py#L1-L3)", [(1, 3)]),
        ("[x](src/cart.py#L4)", [(4, 4)]),
        ("see src/cart.py:7.", [(7, 7)]),
    ],
)
def test_the_forms_that_models_write_are_understood(
    written: str, places: list[tuple[int, int]]
) -> None:
    found = check(f"Here {written} it is")[1]
    assert [(c.start_line, c.end_line) for c in found] == places
    assert {c.path for c in found} == {"src/cart.py"}


@pytest.mark.parametrize(
    "text",
    [
        "at 12:30 or 1:2", "http://localhost:8080/x", "https://a.example/b.py:80", "ratio a:1",
        "```python\nvalues[src/cart.py:1]\n```", "~~~\n[src/cart.py:1]\n~~~", "127.0.0.1:80",
        "[1:2]", "{src/cart.py}", "src/cart.py", "version 1.2:3x", "",
    ],
)  # fmt: skip
def test_what_is_no_citation_is_left_alone(text: str) -> None:
    assert check(text) == (text, [])


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("```\n[src/cart.py:1]\n```\n[src/cart.py:2]", [2]),
        ("   ```py\n[src/cart.py:1]\n   ````\n[src/cart.py:2]", [2]),
        ("```\n[src/cart.py:1]\n``` py\n[src/cart.py:2]\n```\n[src/cart.py:3]", [3]),
        ("````\n```\n[src/cart.py:1]\n````\n[src/cart.py:2]", [2]),
        ("~~~ `x`\n[src/cart.py:1]\n```\n~~~\n[src/cart.py:2]", [2]),
        ("```\r\n[src/cart.py:1]\r\n```\r\n[src/cart.py:2]", [2]),
        ("so ```\n[src/cart.py:1]```\n[src/cart.py:2]", [1, 2]),
        ("```x``` is code\n[src/cart.py:1]", [1]),
    ],
)
def test_fences_open_and_close_as_in_commonmark(text: str, lines: list[int]) -> None:
    assert [mark.first for mark in find_marks(text)] == lines


@pytest.mark.parametrize("text", ["[a.py:1, 7-9.py:3]", "[src/cart.py:1, 7@b.py:3]"])
def test_lines_that_begin_another_path_are_read_once(text: str) -> None:
    assert check(text)[0] == text


def test_lines_alone_are_of_the_file_that_was_found_for_the_place_before_them() -> None:
    text, found = check("`read` opens it [io.py:1-2, 9].")
    assert text == "`read` opens it [src/util/io.py:1-2, 1]."
    assert {c.path for c in found} == {"src/util/io.py"}


def test_how_a_place_is_written_is_no_part_of_what_is_claimed() -> None:
    assert only("``` `add` [src/cart.py:13] = x ``` [src/cart.py:13]")[3] == "verified"


def test_a_path_with_blanks_is_cited_in_brackets() -> None:
    assert only("See [docs/a guide.md:3].") == ("docs/a guide.md", 3, 3, "verified")


def test_each_place_is_listed_once() -> None:
    found = check("[src/cart.py:3] and again [src/cart.py:3], then [src/cart.py:1]")[1]
    assert [c.start_line for c in found] == [3, 1]


def test_one_place_with_two_claims_keeps_both_verdicts() -> None:
    found = check("`LIMIT` [src/cart.py:3]. But `frobnicate_all` [src/cart.py:3].")[1]
    assert [c.status for c in found] == ["verified", "unverified"]


def test_each_citation_of_a_sentence_answers_for_its_own_part() -> None:
    answer = "`total` sums [src/cart.py:19-20], `pay` charges [src/cart.py:27-31]."
    assert [c.status for c in check(answer)[1]] == ["verified", "verified"]


def test_a_name_that_stands_in_two_places_is_not_guessed_at() -> None:
    shop = Shop(src__two="x = helper_one()\n\n\n\ny = helper_one()\n\n\n\n")
    (found,) = check_citations("`helper_one` [src/two:3].", shop).citations
    assert found.status == "unverified"


@given(st.text(max_size=300))
def test_any_text_is_checked_without_complaint(text: str) -> None:
    assert check_citations(text, Shop()).text is not None


PIECES = st.sampled_from(
    [
        "`add` ",
        "[src/cart.py:13-17]",
        "[cart.py:3]",
        " sums ",
        "`pay`. ",
        "\n\n- ",
        "[x.py:1]",
        "```\n",
    ]
)


ODD_PIECES = st.sampled_from(
    ["~~~\n", "`", "\n", "[io.py:1-2, 9]", "`read` ", ", 3", ", 7-", "cart.py:5", "[L](cart.py#L3)"]
)


@given(st.lists(PIECES | ODD_PIECES, max_size=12))
@example(["`add` ", "```\n", "[cart.py:3]", "```\n", "[cart.py:3]"])
@example(["`read` ", "[io.py:1-2, 9]"])
def test_checking_again_changes_nothing(pieces: list[str]) -> None:
    once = check_citations("".join(pieces), Shop())
    assert check_citations(once.text, Shop()).text == once.text


@given(st.lists(PIECES | ODD_PIECES, max_size=12))
def test_citations_never_overlap_and_the_rest_stays(pieces: list[str]) -> None:
    text = "".join(pieces)
    marks = list(find_marks(text))
    assert all(a.end <= b.start for a, b in pairwise(marks))
    assert all(text[m.start : m.end] == m.written for m in marks)
    checked = check_citations(text, Shop())
    ends = [0, *(m.end for m in marks)]
    rest = [text[a:b] for a, b in zip(ends, [*(m.start for m in marks), len(text)], strict=True)]
    ends = [0, *(c.end for c in checked.cited)]
    starts = [*(c.start for c in checked.cited), len(checked.text)]
    assert [checked.text[a:b] for a, b in zip(ends, starts, strict=True)] == rest


@given(st.lists(PIECES, max_size=12))
def test_where_an_answer_cites_is_told_to_the_character(pieces: list[str]) -> None:
    checked = check_citations("".join(pieces), Shop())
    for each in checked.cited:
        (mark,) = find_marks(f"[{checked.text[each.start : each.end]}]")
        found = each.citation
        assert (mark.first, mark.last) == (found.start_line, found.end_line)
    assert {each.citation for each in checked.cited} >= set(checked.citations)


@given(st.lists(PIECES, max_size=12))
def test_all_but_repaired_places_stays_byte_for_byte(pieces: list[str]) -> None:
    text = "".join(pieces)
    checked = check_citations(text, Shop())
    if all(c.status != "repaired" for c in checked.citations):
        assert checked.text == text


@given(
    st.from_regex(r"[a-z]{1,8}(/[a-z ]{1,8})?\.py", fullmatch=True),
    st.integers(1, 99),
    st.integers(0, 99),
)
def test_a_place_that_is_written_is_read_back(path: str, first: int, more: int) -> None:
    text = f"[{path}:{first}-{first + more}]" if more else f"[{path}:{first}]"
    (mark,) = find_marks(text)
    assert (mark.path, mark.first, mark.last) == (path, first, first + more)
    assert f"[{render_place(mark, path, mark.first, mark.last)}]" == text


def test_a_hostile_answer_takes_no_time_to_speak_of() -> None:
    text = "".join(
        f"`name_{n}` and `add` [src/cart.py:{n % 30 + 1}-{n % 30 + 3}]\n" for n in range(20_000)
    )
    assert len(check_citations(text, Shop()).citations) > 1
    for piece in ("[", "`", "a:1 ", "[a" * 3, "```\n", "x/", "(", '"'):
        check_citations(piece * (200_000 // len(piece)), Shop())
