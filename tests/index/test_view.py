from collections.abc import Iterator
from pathlib import Path

import pytest
from bathy.agent.index.postings import Postings
from bathy.agent.index.view import MOST_KNOWN, Names, View
from corpora import indexed

FILES = {
    "caller": "from stock import find_ware\n\n\ndef sell(name):\n    return find_ware(name)\n",
    "stock": "def find_ware(name):\n    return shelf[name]\n\n\n\nclass Shelf:\n    pass\n",
    "again": "def find_ware(name):\n    return None\n",
}


@pytest.fixture
def postings(tmp_path: Path) -> Iterator[Postings]:
    with Postings(tmp_path / "postings.sqlite") as opened:
        opened.add((blob, indexed(text)) for blob, text in FILES.items())
        yield opened


def blobs_of(view: View, spans: list[int]) -> set[str]:
    return {view.blobs[view.blob_of(span)] for span in spans}


def test_a_name_is_found_where_it_is_defined_and_where_it_is_used(postings: Postings) -> None:
    view = postings.view(list(FILES))
    assert blobs_of(view, view.definers("find_ware")) == {"stock", "again"}
    assert blobs_of(view, view.users("find_ware")) == {"caller"}
    assert view.users("Shelf") == view.definers("nothing") == []


def test_names_outside_the_view_are_not_found(postings: Postings) -> None:
    view = postings.view(["again"])
    assert blobs_of(view, view.definers("find_ware")) == {"again"}
    assert view.users("find_ware") == []


def test_the_names_of_a_span_are_those_of_its_file_in_whatever_order_files_are_asked_for(
    postings: Postings,
) -> None:
    for blobs in (["caller", "stock"], ["stock", "nowhere", "caller"]):
        view = postings.view(blobs)
        for span in view.users("find_ware"):
            assert "find_ware" in view.names_at(span).uses
        (span,) = view.definers("Shelf")
        assert "Shelf" in view.names_at(span).defines


def test_a_span_without_names_has_none(postings: Postings) -> None:
    postings.add([("plain", indexed("just words\n", ""))])
    view = postings.view(["plain"])
    (span,) = view.holders("word")
    assert view.names_at(span) == Names()


def test_what_a_view_keeps_at_hand_changes_no_answer(postings: Postings) -> None:
    view = postings.view(list(FILES))
    before = view.definers("find_ware")
    for number in range(MOST_KNOWN + 1):
        assert view.holders(f"absent{number}") == []
        assert len(view._known) <= MOST_KNOWN
    assert view.definers("find_ware") == before
    assert view.score({"war": 1.0}) == postings.view(list(FILES)).score({"war": 1.0})
