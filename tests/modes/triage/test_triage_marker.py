import pytest
from bathy.agent.modes.triage.marker import (
    MARKER_CHARS,
    digest_of,
    is_ours,
    with_marker,
    without_marker,
)
from hypothesis import given
from hypothesis import strategies as st

DIGEST = "sha256:" + "0123456789abcdef" * 4
MARKER = f"<!-- bathy-triage:v1 digest={DIGEST} -->"

lines = st.sampled_from([MARKER, "", " ", "text", "\r", f"> {MARKER}", f"{MARKER} text", "```"])
bodies = st.one_of(st.text(), st.lists(lines, max_size=8).map("\n".join))
digests = st.text("0123456789abcdef", min_size=64, max_size=64).map("sha256:{}".format)


def test_a_marked_text_ends_with_the_marker() -> None:
    assert with_marker("Hello.", DIGEST) == f"Hello.\n\n{MARKER}"
    assert with_marker("", DIGEST) == MARKER


@given(bodies, digests)
def test_what_was_marked_is_found_again(body: str, digest: str) -> None:
    marked = with_marker(body, digest)
    assert digest_of(marked) == digest
    assert is_ours(marked)
    assert without_marker(marked) == without_marker(body)
    assert len(marked) <= len(body) + MARKER_CHARS
    assert with_marker(marked, digest) == marked


@given(bodies, digests)
def test_what_a_browser_does_to_line_ends_changes_nothing(body: str, digest: str) -> None:
    plain = body.replace("\r", "")
    sent_back = with_marker(plain, digest).replace("\n", "\r\n") + "\r\n\r\n"
    assert digest_of(sent_back) == digest
    assert without_marker(sent_back) == without_marker(plain)


@given(bodies)
def test_text_without_markers_is_not_ours(body: str) -> None:
    assert not is_ours(without_marker(body))


@pytest.mark.parametrize(
    "body",
    [
        f"{MARKER}\nand more",
        f"> {MARKER}",
        f"{MARKER} -->",
        f"Hello. {MARKER}",
        f" {MARKER}",
        MARKER.replace("v1", "v2"),
        MARKER.replace(DIGEST, DIGEST[:-1]),
        MARKER.replace(DIGEST, DIGEST.upper()),
        f"{MARKER}\n```",
        "",
    ],
)
def test_a_marker_elsewhere_or_in_another_shape_is_none(body: str) -> None:
    assert digest_of(body) == ""


def test_only_a_digest_can_be_marked() -> None:
    with pytest.raises(ValueError, match="no digest"):
        with_marker("Hello.", f"{DIGEST} -->\n@everyone")


def test_a_hostile_heap_of_markers_is_read_in_linear_time() -> None:
    heap = f"text\n{MARKER}\n" * 10_000 + f"\n{MARKER}" * 20_000
    assert without_marker(heap).endswith("text")
