"""Small repositories of text alone, indexed and with a past, for tests of retrieval."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from bathy.agent.index.files import class_by_path, language_of
from bathy.agent.index.past import NO_PAST, Past
from bathy.agent.index.postings import Postings
from bathy.agent.index.span_terms import IndexedSpan, index_text
from bathy.agent.index.symbols import extract_uses
from bathy.agent.index.terms import count_terms
from bathy.agent.pack.corpus import Corpus, CorpusFile


def indexed(text: str, language: str = "python") -> tuple[IndexedSpan, ...]:
    """What is indexed of a file."""
    symbols, uses = extract_uses(text, language)
    return index_text(text, symbols.definitions, uses)


def corpus_of(
    postings: Postings,
    files: Mapping[str, str],
    asked: list[str] | None = None,
    *,
    past: Past = NO_PAST,
) -> Corpus:
    """A repository of these files; `asked` is told which of them are read."""

    def index(missing: Sequence[CorpusFile]) -> Iterator[tuple[str, Sequence[IndexedSpan]]]:
        for file in missing:
            if asked is not None:
                asked.append(file.path)
            yield file.blob, indexed(files[file.path], language_of(file.path, ""))

    entries = [
        CorpusFile(path, _id_of(text), class_by_path(path, {})[0])
        for path, text in sorted(files.items())
    ]
    return Corpus(entries, postings, index, past)


def _id_of(text: str) -> str:
    data = text.encode("utf-8", "surrogatepass")
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def past_of(*changes: tuple[str, Sequence[str]]) -> Past:
    """The past of (message, paths), newest first."""
    numbers: dict[str, int] = {}
    said: dict[str, list[int]] = {}
    lengths, touched = list[int](), list[tuple[int, ...]]()
    for message, paths in changes:
        counts = count_terms(message)
        for term, times in counts.items():
            said[term] = [*said.get(term, ()), len(touched), times]
        lengths.append(sum(counts.values()))
        touched.append(tuple(numbers.setdefault(path, len(numbers)) for path in paths))
    return Past(tuple(numbers), tuple(touched), tuple(lengths), said)
