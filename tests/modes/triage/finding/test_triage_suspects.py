from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from bathy.agent.config import Settings
from bathy.agent.index.repo import locate
from bathy.agent.index.symbols import Definition
from bathy.agent.modes.compose import Bench, open_bench
from bathy.agent.modes.progress import Progress
from bathy.agent.modes.triage.finding.error_strings import constant_parts, find_error_places
from bathy.agent.modes.triage.finding.narrow import MOST_LINES, around, of_frame
from bathy.agent.modes.triage.finding.permalinks import resolves
from bathy.agent.modes.triage.finding.recent import read_changes
from bathy.agent.modes.triage.finding.suspects import find_suspects
from bathy.agent.modes.triage.opinion import SuspectOpinion
from bathy.agent.modes.triage.report import MOST_SUSPECTS, Suspect
from bathy.agent.pack.question import Frame
from hypothesis import given
from hypothesis import strategies as st
from open_view import open_view
from repo_builder import RepoBuilder

CART = '''\
"""The cart."""


class Cart:
    def add(self, price: int) -> None:
        self.total += price

    def checkout(self, voucher: str) -> int:
        if voucher not in self.vouchers:
            raise VoucherError(f"voucher {voucher} was never issued by this shop")
        return self.total
'''
LONG = (
    "def settle(order):\n"
    + "".join(f"    step_{n} = order.part_{n}\n" for n in range(100))
    + "    return order.refund_all()\n"
)


@pytest.fixture
def shop(repo: RepoBuilder) -> RepoBuilder:
    repo.file("src/cart.py", CART).file("src/settle.py", LONG)
    repo.file("src/stock.py", "def reserve(item):\n    return item.stock > 0\n")
    repo.file("src/price.py", "def price_of(item):\n    return item.cents / 100\n")
    repo.file(
        "tests/test_cart.py", "def test_checkout_voucher():\n    Cart().checkout('voucher')\n"
    )
    repo.file("CHANGES.md", "# Changes\n\n- voucher checkout: total of the cart was wrong\n")
    repo.file("docs/vouchers.md", "# Vouchers\n\nA voucher is taken at checkout of the cart.\n")
    repo.commit()
    return repo


@contextmanager
def opened(root: Path, rev: str | None = "HEAD") -> Iterator[Bench]:
    progress = Progress(quiet=True, verbose=False)
    with open_bench(Settings(folder=root, rev=rev, workers=1), progress) as bench:
        yield bench


def found_in(
    repo: RepoBuilder, text: str, opinions: tuple[SuspectOpinion, ...] = ()
) -> tuple[Suspect, ...]:
    """Suspects of the last commit, all of which the commit has."""
    with opened(repo.root) as bench:
        found = find_suspects(bench, text, "github.com", "acme/shop", opinions)
        for suspect in found:
            assert resolves(bench, suspect.path, suspect.start_line, suspect.end_line)
            assert "\n" not in suspect.why
    assert [one.rank for one in found] == list(range(1, len(found) + 1))
    assert len({one.path for one in found}) == len(found) <= MOST_SUSPECTS
    return found


def test_source_comes_first_and_the_rest_is_left_out(shop: RepoBuilder) -> None:
    found = found_in(
        shop,
        "Wrong total at checkout\nThe voucher of the cart is ignored; item stock and price too",
    )
    assert found[0].path == "src/cart.py"
    assert "lexical" in found[0].evidence
    assert len(found) >= 3
    assert all(one.path.startswith("src/") for one in found)


def test_where_little_else_is_found_the_rest_steps_back(repo: RepoBuilder) -> None:
    repo.file("docs/vouchers.md", "# Vouchers\n\nvoucher checkout, voucher checkout\n")
    repo.file("a.py", "def checkout(voucher):\n    return 0\n").commit()
    found = found_in(repo, "voucher checkout\nwrong")
    assert [one.path for one in found] == ["a.py", "docs/vouchers.md"]


def test_what_the_issue_names_is_no_bystander(shop: RepoBuilder) -> None:
    text = "docs/vouchers.md is wrong\nIt says voucher, cart, checkout, stock of item, price"
    found = found_in(shop, text)
    named = next(one for one in found if one.path == "docs/vouchers.md")
    assert "path_in_issue" in named.evidence


def test_the_traceback_leads_to_the_function(shop: RepoBuilder) -> None:
    found = found_in(
        shop,
        "Crash\n```\nTraceback (most recent call last):\n"
        '  File "/usr/lib/site-packages/src/cart.py", line 5, in add\n    self.total += price\n'
        '  File "/usr/lib/site-packages/src/settle.py", line 60, in settle\n    step\n'
        "AttributeError: 'Order' object has no attribute 'part_58'\n```\n",
    )
    assert [one.path for one in found[:2]] == ["src/settle.py", "src/cart.py"]
    first, second = found[:2]
    assert first.evidence[0] == second.evidence[0] == "traceback"
    assert first.symbol == "settle"
    assert first.start_line <= 60 <= first.end_line < first.start_line + MOST_LINES
    assert (second.symbol, second.start_line, second.end_line) == ("Cart.add", 5, 6)


def test_a_line_of_another_version_gives_way_to_the_function(shop: RepoBuilder) -> None:
    frame = 'File "src/cart.py", line 400, in checkout'
    found = found_in(shop, f"Crash\n```\nTraceback (most recent call last):\n  {frame}\n```")
    assert (found[0].symbol, found[0].start_line) == ("Cart.checkout", 8)


def test_a_message_leads_to_the_line_that_holds_its_constant_part(shop: RepoBuilder) -> None:
    shop.file("src/other.py", "def voucher():\n    return voucher\n").commit()
    found = found_in(
        shop, "voucher\nI get\n\n    VoucherError: voucher X-17 was never issued by this shop\n"
    )
    assert found[0].path == "src/cart.py"
    assert "error_string" in found[0].evidence
    assert found[0].start_line <= 10 <= found[0].end_line
    assert found[0].why.startswith('holds "was never issued by this shop"')


def test_a_span_is_cut_to_what_matches(shop: RepoBuilder) -> None:
    found = found_in(shop, "settle fails in refund_all of the order")
    assert found[0].path == "src/settle.py"
    assert found[0].end_line == 102
    assert found[0].end_line - found[0].start_line == MOST_LINES - 1


def test_a_model_comes_first_if_the_commit_has_the_lines(shop: RepoBuilder) -> None:
    opinions = (
        SuspectOpinion("src/gone.py", 1, 2),
        SuspectOpinion("src/price.py", 9, 12),
        SuspectOpinion("src/price.py", 0, 1),
        SuspectOpinion("../etc/passwd", 1, 1),
        SuspectOpinion("./src/stock.py", 2, 900, "no\nlock"),
        SuspectOpinion("src/stock.py", 1, 1),
    )
    found = found_in(shop, "Wrong total at checkout\nThe voucher is ignored", opinions)
    assert (found[0].path, found[0].start_line, found[0].end_line) == ("src/stock.py", 2, 2)
    assert (found[0].evidence, found[0].why) == (("model",), "no lock")
    assert found[0].symbol == "reserve"
    assert found[1].path == "src/cart.py"
    assert "src/price.py" not in {one.path for one in found if "model" in one.evidence}


def test_a_model_and_the_index_are_one_suspect(shop: RepoBuilder) -> None:
    found = found_in(
        shop, "Wrong total at checkout\nvoucher", (SuspectOpinion("src/cart.py", 8, 11),)
    )
    assert found[0].path == "src/cart.py"
    assert (found[0].start_line, found[0].end_line) == (8, 11)
    assert found[0].evidence[-1] == "model"
    assert "lexical" in found[0].evidence
    assert found[0].why


def test_a_model_does_not_crowd_the_index_out(shop: RepoBuilder) -> None:
    for n in range(12):
        shop.file(f"src/more_{n}.py", "x = 1\n")
    shop.commit()
    opinions = tuple(SuspectOpinion(f"src/more_{n}.py", 1, 1) for n in range(12))
    found = found_in(shop, "Wrong total at checkout\nvoucher", opinions)
    assert "src/cart.py" in [one.path for one in found]


def test_what_a_model_says_of_denied_files_links_and_bytes_is_dropped(shop: RepoBuilder) -> None:
    shop.file("x.bin", b"\0\1\n")
    (shop.root / "link.py").symlink_to("src/cart.py")
    shop.commit()
    opinions = (SuspectOpinion("x.bin", 1, 1), SuspectOpinion("link.py", 1, 1))
    with opened(shop.root) as bench:
        denying = replace(bench, denied=("src/cart.py",))
        more = (*opinions, SuspectOpinion("src/cart.py", 1, 1))
        found = find_suspects(denying, "Wrong total of reserve", "github.com", "a/b", more)
    assert not [one for one in found if "model" in one.evidence]


def test_only_the_commit_is_read(shop: RepoBuilder) -> None:
    text = "Wrong total at checkout\nThe voucher is ignored"
    before = found_in(shop, text)
    shop.file("src/cart.py", "x = 1\n").file("src/voucher.py", "def checkout(): ...\n")
    (shop.root / "src" / "stock.py").unlink()
    assert found_in(shop, text) == before


def test_a_working_tree_has_no_suspects(shop: RepoBuilder) -> None:
    with opened(shop.root, None) as bench, pytest.raises(ValueError, match="commit"):
        find_suspects(bench, "voucher", "github.com", "a/b")


def test_an_issue_about_nothing_here_has_none(shop: RepoBuilder) -> None:
    assert found_in(shop, "zzyzx qwyjibo") == ()


def test_paths_of_odd_bytes_have_links(repo: RepoBuilder) -> None:
    (repo.root / "src").mkdir()
    name = b"caf\xe9 (a).py".decode("utf-8", "surrogateescape")
    (repo.root / "src" / name).write_bytes(b"def voucher(checkout):\n    return 1\n")
    repo.commit()
    (found,) = found_in(repo, "voucher checkout")
    assert found.permalink.endswith("/src/caf%E9%20%28a%29.py#L1-L2")


def test_what_was_changed_last_is_recent(repo: RepoBuilder) -> None:
    for n in range(8):
        repo.file(f"old_{n}.py", "def voucher():\n    return 1\n")
    repo.commit()
    for n in range(40):
        repo.file("busy.py", f"def voucher():\n    return {n}\n").commit()
    changes = read_changes(locate(repo.root), repo.git("rev-parse", "HEAD").strip())
    assert changes.recent == frozenset(("busy.py",))
    found = found_in(repo, "voucher returns wrong")
    assert found[0].path == "busy.py"
    assert "recent_change" in found[0].evidence
    assert not [one for one in found[1:] if "recent_change" in one.evidence]


def test_in_a_young_repository_nothing_is_recent(shop: RepoBuilder) -> None:
    commit = shop.git("rev-parse", "HEAD").strip()
    assert read_changes(locate(shop.root), commit).recent == frozenset()
    assert read_changes(None, "").churn == {}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("t\nValueError: cannot parse 'x-1' as a price", ()),
        ("t\nValueError: could not settle order 17 of customer", ("could not settle order",)),
        ("t\nE       RuntimeError: the ledger is locked", ("the ledger is locked",)),
        ("t\nthread 'main' panicked at 'queue ran dry: 3', src/x.rs:1", ("queue ran dry",)),
        ("t\nthread 'main' panicked at src/x.rs:1:2:\nqueue ran dry: 3", ("queue ran dry",)),
        ("t\nerror[E0499]: ledger lock poisoned by /tmp/x", ("ledger lock poisoned by",)),
        ('t\nIt prints "ledger was closed twice" then', ("ledger was closed twice",)),
        ("t\nTypeError: 'NoneType' object has no attribute 'total_price'", ()),
        ("t\n## Describe the bug\n<!-- Error: replace this text please -->\nError: x", ()),
        ("t\nRun `shop checkout --voucher` again", ()),
    ],
)
def test_the_constant_parts_of_messages(text: str, parts: tuple[str, ...]) -> None:
    assert constant_parts(text) == parts


@given(st.text(max_size=300))
def test_any_text_has_parts_of_words(text: str) -> None:
    for part in constant_parts("Error: " + text):
        assert part.isascii()
        assert part == " ".join(part.split())
        assert part.count(" ") > 0


@pytest.mark.parametrize(
    "text", ["error: " * 300_000, "<!--" * 500_000, "'" * 2_000_000, "panicked at '" * 150_000, "`a" * 10**6]
)  # fmt: skip
def test_two_megabytes_are_cut_and_read(text: str) -> None:
    assert len(constant_parts(text)) <= 20


def test_a_message_in_many_files_points_at_none(repo: RepoBuilder) -> None:
    for n in range(4):
        repo.file(f"m{n}.py", 'x = "the ledger is locked"\n')
    repo.file("m4.py", '# the ledger is closed\ny = (\n  "the ledger is closed"\n)\n').commit()
    with open_view(repo.root, rev="HEAD") as view:
        paths = set(view.paths)
        assert find_error_places(view, "t\nError: the ledger is locked", paths) == ()
        (place,) = find_error_places(view, "t\nError: the ledger is closed", paths)
        assert (place.path, place.line, place.files) == ("m4.py", 3, 1)
        assert find_error_places(view, "t\nError: the ledger is closed", ()) == ()


DEFINITIONS = (
    Definition("Cart", "class", 1, 200, ""),
    Definition("add", "method", 10, 20, "Cart"),
    Definition("long", "method", 30, 150, "Cart"),
)


@given(st.integers(1, 300), st.integers(1, 300))
def test_the_lines_about_a_line_hold_it(line: int, total: int) -> None:
    line = min(line, total)
    lines = around(line, total, DEFINITIONS)
    assert 1 <= lines.start <= line <= lines.end <= total
    assert lines.end - lines.start < MOST_LINES


def test_a_call_without_a_place_is_none() -> None:
    assert of_frame(Frame("a.py", 900, ""), 300, DEFINITIONS) is None
    assert of_frame(Frame("a.py", 0, "gone"), 300, DEFINITIONS) is None
    found = of_frame(Frame("a.py", 0, "add"), 300, DEFINITIONS)
    assert found is not None
    assert (found.start, found.symbol) == (10, "Cart.add")


def test_a_symbol_speaks_for_a_file_if_it_is_written_as_code_and_rare(repo: RepoBuilder) -> None:
    for n in range(8):
        repo.file(f"m{n}.py", f"def mode(cart):\n    return cart.part_{n}\n")
    repo.file("cart.py", "def total(cart):\n    return cart.mode\n").commit()

    def pointed(text: str) -> set[str]:
        return {one.path for one in found_in(repo, text) if "symbol_in_issue" in one.evidence}

    assert pointed("The total of a cart is wrong") == set()
    assert pointed("The `total` of a cart is wrong") == {"cart.py"}
    assert pointed("Wrong\nCalling total() of a cart in some mode") == {"cart.py"}
    assert pointed("The `mode` of a cart is wrong") == set()


def test_a_common_name_is_a_word_in_common(repo: RepoBuilder) -> None:
    repo.file("cart.py", "def total(cart):\n    return cart.mode\n").commit()
    (found,) = found_in(repo, "total")
    assert found.evidence == ("lexical",)
