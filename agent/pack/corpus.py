"""The files of one repository with their index, as retrieval looks at them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bathy.agent.index.files import FileClass
from bathy.agent.index.past import NO_PAST, Past
from bathy.agent.index.postings import Postings
from bathy.agent.index.span_terms import IndexedSpan
from bathy.agent.index.terms import count_terms
from bathy.agent.index.view import COMMON_SHARE, View

LEAST_COMMON_PATHS = 50
"""A word that stands in fewer paths is never too common."""


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """One file that may answer."""

    path: str
    blob: str
    file_class: FileClass


@dataclass
class Corpus:
    """An indexed repository, which may be asked many times.

    Attributes:
        files: Those that may be named in an answer, by path.
        postings: Index of their text.
        index: Reads files that the index lacks: yields (blob, what `index_text` makes of them).
        past: The newest changes before it.
    """

    files: Sequence[CorpusFile]
    postings: Postings
    index: Callable[[Sequence[CorpusFile]], Iterable[tuple[str, Sequence[IndexedSpan]]]]
    past: Past = NO_PAST
    _opened: "OpenCorpus | None" = field(default=None, init=False, repr=False)

    def open(self) -> "OpenCorpus":
        """Index what is new, and read what every question needs; once.

        Raises:
            PostingsLost: The index was damaged; `forget`, and open it again.
        """
        if self._opened is None:
            view = self._view()
            if missing := set(view.lacking):
                new = {file.blob: file for file in reversed(self.files) if file.blob in missing}
                self.postings.add(self.index([f for f in self.files if new.get(f.blob) is f]))
                view = self._view()
            self._opened = OpenCorpus.of(self.files, view, self.past)
        return self._opened

    def _view(self) -> View:
        return self.postings.view([file.blob for file in self.files])

    def forget(self) -> None:
        """Read everything anew the next time."""
        self._opened = None


@dataclass(frozen=True, slots=True)
class OpenCorpus:
    """What every question needs. Files are known by their place in `files`.

    Attributes:
        files: By path.
        view: Index of these files.
        position: Blob position in the view of each file.
        owners: The files by blob position: the same content may stand in several.
        named: The files by lower-cased name without folders.
        path_terms: Distinct terms of each path.
        in_paths: By term, the files in whose paths it stands.
        past: The newest changes, with the places of the files in place of paths.
    """

    files: Sequence[CorpusFile]
    view: View
    position: Sequence[int]
    owners: Mapping[int, Sequence[int]]
    named: Mapping[str, Sequence[int]]
    path_terms: Sequence[Sequence[str]]
    in_paths: Mapping[str, Sequence[int]]
    past: "PlacedPast"

    def naming(self, terms: Iterable[str]) -> list[int]:
        """Return the files in whose paths one of the terms stands, ascending.

        Terms in very many paths, such as the name of the one package, tell nothing and lead to
        none.
        """
        most = max(LEAST_COMMON_PATHS, COMMON_SHARE * len(self.files))
        found = (self.in_paths.get(term, ()) for term in terms)
        return sorted({place for places in found if len(places) <= most for place in places})

    @classmethod
    def of(cls, files: Sequence[CorpusFile], view: View, past: Past) -> "OpenCorpus":
        """Make the tables."""
        at = {blob: position for position, blob in enumerate(view.blobs)}
        owners: dict[int, list[int]] = defaultdict(list)
        named: dict[str, list[int]] = defaultdict(list)
        in_paths: dict[str, list[int]] = defaultdict(list)
        path_terms = list[Sequence[str]]()
        for place, file in enumerate(files):
            owners[at[file.blob]].append(place)
            named[file.path.rpartition("/")[2].lower()].append(place)
            path_terms.append(tuple(count_terms(file.path)))
            for term in path_terms[-1]:
                in_paths[term].append(place)
        position = [at[file.blob] for file in files]
        placed = PlacedPast.of(past, {file.path: place for place, file in enumerate(files)})
        return cls(files, view, position, owners, named, path_terms, in_paths, placed)


@dataclass(frozen=True, slots=True)
class PlacedPast:
    """The newest changes that touched files which are still there.

    Attributes:
        past: All changes.
        touched: For each change, the files among these; empty where all have gone.
        times: How many of the changes touched each file, by place; only those that any did.
    """

    past: Past
    touched: Sequence[Sequence[int]]
    times: Mapping[int, int]

    @classmethod
    def of(cls, past: Past, places: Mapping[str, int]) -> "PlacedPast":
        """Look the paths up."""
        place_of = [places.get(path, -1) for path in past.paths]
        touched = [
            [place_of[path] for path in change if place_of[path] >= 0] for change in past.changes
        ]
        times: dict[int, int] = {}
        for change in touched:
            for place in change:
                times[place] = times.get(place, 0) + 1
        return cls(past, touched, times)
