"""A ranking -> the places that go with a question to a model, quoted where it cannot see them."""

from collections.abc import Callable, Collection, Mapping
from functools import cache

from bathy.agent.index.examine import Reader
from bathy.agent.loop.prompt import Pointer, pointer_text
from bathy.agent.pack.layer import order_places
from bathy.agent.pack.ranking import RankedSpan, Ranking
from bathy.agent.pack.render import render_outline
from bathy.tools.workspace import quote_path

POINTED_PLACES = 20
"""Places that the question of a model comes with; more only if they are quoted."""

QUOTED_TOKENS, LEAST_QUOTED_TOKENS = 16_000, 200
"""Text of such places that goes with them where the base does not show it, and the least rest of it
that is worth another look. Every question pays for it anew: 32,000 tokens would show 82 % of what
issues lead to and not 74, at twice the price."""

Quote = Callable[[str, RankedSpan], str]
"""Returns the numbered lines of a span of a file, or "" if the file has gone."""


def choose_pointers(
    ranking: Ranking,
    *,
    shown: Collection[str],
    changed: Collection[str],
    room_tokens: int,
    quote: Quote,
    count: Callable[[str], int],
) -> list[Pointer]:
    """Choose the places of a ranking that a model is told.

    Args:
        ranking: For the question.
        shown: Paths that the base shows in full; of these only what changed is quoted.
        changed: Paths whose text in the base no longer holds.
        room_tokens: For names of places, and for quotes from files that the base shows.
        quote: Gives texts.
        count: Counts tokens.

    Returns:
        Best first. What the base does not show is quoted, up to `QUOTED_TOKENS` in all.
    """
    found, left, rest = list[Pointer](), room_tokens, QUOTED_TOKENS
    for number, (path, span) in enumerate(order_places(ranking)):
        is_pointed, is_shown = number < POINTED_PLACES, path in shown
        if not is_pointed and (is_shown or rest < LEAST_QUOTED_TOKENS):
            continue
        bare = Pointer(f"{quote_path(path)}:{span.start_line}-{span.end_line}", span.symbol)
        text = "" if is_shown and path not in changed else quote(path, span)
        named, tokens = count(pointer_text(bare)), count(text) if text else 0
        if text and not is_shown and tokens <= rest:
            found.append(Pointer(bare.place, span.symbol, text))
            rest -= tokens
        elif text and is_shown and named + tokens <= left:
            found.append(Pointer(bare.place, span.symbol, text))
            left -= named + tokens
        elif is_pointed and named <= left:
            found.append(bare)
            left -= named
    return found


def quotes(reader: Reader, blobs: Mapping[str, str]) -> Quote:
    """Return what quotes spans as outline blocks without an LF at their ends.

    Args:
        reader: Reads the files.
        blobs: Their blob ids, by path.
    """

    @cache
    def text_of(path: str) -> str:
        return reader.read_shown(path, blobs[path]) or ""

    def quote(path: str, span: RankedSpan) -> str:
        text = text_of(path)
        lines = [(span.start_line, span.end_line)]
        return render_outline(path, text, lines).rstrip("\n") if text else ""

    return quote
