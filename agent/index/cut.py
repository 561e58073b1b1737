"""One file -> its spans with their words counted. Runs in worker processes."""

from typing import NamedTuple

from bathy.agent.index.examine import Reader
from bathy.agent.index.postings import IndexedSpan, index_text
from bathy.agent.index.symbols import extract_symbols


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
    return index_text(text, extract_symbols(text, work.language).definitions)
