"""One file -> its spans with their words counted. Runs in worker processes."""

from typing import NamedTuple

from bathy.agent.index.examine import Reader
from bathy.agent.index.span_terms import IndexedSpan, index_text
from bathy.agent.index.symbols import extract_uses


class CutWork(NamedTuple):
    """One file to cut into spans: its path, blob id and language."""

    path: str
    blob: str
    language: str


def cut_file(reader: Reader, work: CutWork) -> tuple[IndexedSpan, ...]:
    """Cut one file into spans at its definitions; () if it has gone or is not text."""
    text = reader.read_shown(work.path, work.blob)
    if text is None:
        return ()
    symbols, uses = extract_uses(text, work.language)
    return index_text(text, symbols.definitions, uses)
