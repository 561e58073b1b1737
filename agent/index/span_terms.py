"""A file's text and symbols -> its spans, each with the terms in it, what it defines and uses."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bathy.agent.index.spans import Span, cut_spans, qualified
from bathy.agent.index.symbols import Definition, Use
from bathy.agent.index.terms import add_terms, count_terms

MAX_SPAN_CHARS = 200_000
"""Only so much of a span is indexed; a line of many megabytes is data."""

NAME_TIMES, CONTAINER_TIMES = 3, 1
"""How often the name of a span's own definition, and of what is around it, count as said in it."""

LEAST_NAME_CHARS = 3
"""Shorter names say nothing about a place."""

MOST_USES = 300
"""Names that one span is said to use."""

_NO_SYMBOLS = frozenset(("heading", "key", "selector", "table"))


@dataclass(frozen=True, slots=True)
class IndexedSpan:
    """A span and what is in it.

    Attributes:
        span: Its lines.
        counts: Occurrences by term.
        defines: The definitions that begin in it, as terms of their own.
        uses: Names that it calls, inherits, imports or takes as types, each once.
    """

    span: Span
    counts: Mapping[str, int]
    defines: tuple[str, ...]
    uses: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross between processes as one string and one array: three times faster than a dict."""
        span, times = self.span, array("I", self.counts.values())
        place = (span.start_line, span.end_line, span.symbol)
        return _restored, (place, "\n".join(self.counts), times.tobytes(), self.defines, self.uses)


def _restored(
    place: tuple[int, int, str],
    terms: str,
    times: bytes,
    defines: tuple[str, ...],
    uses: tuple[str, ...],
) -> IndexedSpan:
    counts = array("I")
    counts.frombytes(times)
    by_term = dict(zip(terms.split("\n"), counts, strict=False))
    return IndexedSpan(Span(*place), by_term, defines, uses)


def index_text(
    text: str, definitions: Sequence[Definition], uses: Sequence[Use] = ()
) -> tuple[IndexedSpan, ...]:
    """Cut a file into spans and count their terms; pure, so that other processes may do it.

    Args:
        text: As people and models are shown it.
        definitions: Of that text.
        uses: Of that text, by line.
    """
    lines = text.split("\n")
    spans = cut_spans(text, definitions)
    starts = sorted(definitions, key=lambda d: d.start_line)
    at, used, indexed = 0, 0, []
    for span in spans:
        own = "\n".join(lines[span.start_line - 1 : span.end_line])
        counts = count_terms(own[:MAX_SPAN_CHARS])
        if counts:
            container, _, name = span.symbol.rpartition(".")
            add_terms(counts, name, NAME_TIMES)
            add_terms(counts, container, CONTAINER_TIMES)
        defines: dict[str, None] = {}
        while at < len(starts) and starts[at].start_line <= span.end_line:
            defines.update(dict.fromkeys(definition_terms(starts[at])))
            at += 1
        names: dict[str, None] = {}
        while used < len(uses) and uses[used].line <= span.end_line:
            names[uses[used].name] = None
            used += 1
        kept = dict.fromkeys(encodable(name) for name in names if is_telling(name))
        telling = tuple(kept)[:MOST_USES]
        indexed.append(IndexedSpan(span, counts, tuple(defines), telling))
    return tuple(indexed)


def is_telling(name: str) -> bool:
    """Say whether a name that is used or defined says something of a place."""
    return len(name) >= LEAST_NAME_CHARS and not any(c.isspace() for c in name)


def encodable(text: str) -> str:
    """Return a text that can be stored: lone surrogates become question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def definition_terms(definition: Definition) -> tuple[str, ...]:
    """Return the terms under which a definition is found: its name, and Class.name of a member."""
    if definition.kind in _NO_SYMBOLS:
        return ()
    own = "=" + encodable(definition.name)
    if not definition.container:
        return (own,)
    parts = encodable(qualified(definition)).split(".")
    return (own, "=" + ".".join(parts[-2:]))
