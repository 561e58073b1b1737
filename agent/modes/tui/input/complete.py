"""A few letters of a name -> the paths that are meant, best first. Pure; nothing is drawn here.

A path matches when it holds the letters in their order, in any case. Letters that stand together,
that begin a word (after / . _ - or a space, or as a capital), or that stand in the name of the file
count more; a name that is exactly what was typed comes before everything else.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bathy.agent.modes.tui.input.mention import spelled

_EXACT, _EXACT_STEM = 1_000_000, 500_000
_LETTER, _TOGETHER, _BEGINS_WORD, _BEGINS_NAME, _IN_NAME, _SAME_CASE = 16, 12, 12, 8, 4, 1
_MOST_LETTERS = 500

_SEPARATORS = "/._- "
_BEGINNING = re.compile(r"/([^/])")
_TO_SLASH = str.maketrans(dict.fromkeys(_SEPARATORS, "/"))

# How many are scored of those found in one way; each way meets short paths first.
_MOST_LITERAL, _MOST_INITIALS, _MOST_SCATTERED = 100, 100, 200

# Passes over all paths for one letter each, before a pattern is tried: rare letters leave few.
_PASSES = 3
_RARE_FIRST = {letter: at for at, letter in enumerate("zqxjkvwybhgfpumcdlnoirsate")}


@dataclass(frozen=True, slots=True)
class Match:
    """A path that matches.

    Attributes:
        path: As it was given.
        score: Higher is better.
        positions: 0-based indices of the matched letters in the path, ascending.
    """

    path: str
    score: int
    positions: tuple[int, ...]


def match(query: str, path: str) -> Match | None:
    """Match one path.

    Args:
        query: What was typed, without spaces; "" matches everything.
        path: Any path with "/".

    Returns:
        The best way to find the letters in the path; None if they are not there in their order.
    """
    return _match(query, _fold(query), path, _fold(path))


def _match(query: str, wanted: str, path: str, folded: str) -> Match | None:
    name_at = folded.rfind("/") + 1
    # For the letters so far: every place where the last may stand, what that is worth, the way.
    ends: list[tuple[int, int, tuple[int, ...]]] = [(-1, 0, ())]
    for at, letter in enumerate(wanted):
        found, seen, best = [], 0, ends[0]
        place = folded.find(letter, best[0] + 1)
        while place >= 0:
            while seen < len(ends) and ends[seen][0] < place:
                best = ends[seen] if ends[seen][1] > best[1] else best
                seen += 1
            last, (_, score, way) = ends[seen - 1], best
            if at and last[0] == place - 1 and last[1] + _TOGETHER > score:
                score, way = last[1] + _TOGETHER, last[2]
            score += _worth(path, place, name_at) + (_SAME_CASE if path[place] == query[at] else 0)
            found.append((place, score, (*way, place)))
            place = folded.find(letter, place + 1)
        if not found:
            return None
        ends = found
    _, score, positions = max(ends, key=lambda end: end[1])
    return Match(path, score + _exactness(wanted, folded[name_at:], folded), positions)


def _worth(path: str, place: int, name_at: int) -> int:
    """What a letter counts for where it stands."""
    worth = _LETTER
    if place >= name_at:
        worth += _IN_NAME
    if _begins_word(path, place):
        worth += _BEGINS_WORD
    return worth + (_BEGINS_NAME if place == name_at else 0)


def _begins_word(path: str, place: int) -> bool:
    before = path[place - 1] if place else "/"
    return before in _SEPARATORS or (path[place].isupper() and before.islower())


def _exactness(wanted: str, name: str, folded: str) -> int:
    if not wanted:
        return 0
    if f"/{folded}".endswith(f"/{wanted}"):
        return _EXACT
    return _EXACT_STEM if name.partition(".")[0] == wanted else 0


def close(found: Sequence[Match]) -> tuple[Match, ...]:
    """Return those whose letters stand together or begin words, if there are any; else all."""
    whole = tuple(match for match in found if _is_close(match))
    return whole or tuple(found)


def _is_close(match: Match) -> bool:
    places = match.positions
    pieces = [place for at, place in enumerate(places) if not at or places[at - 1] != place - 1]
    return len(pieces) < 2 or all(_begins_word(match.path, place) for place in pieces)


def _fold(text: str) -> str:
    """Lower case, letter by letter, so that positions stay what they were."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


class _Lines:
    """Short texts behind each other, to look for something in all of them by one call."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._text = "\n" + "".join(f"{text}\n" for text in texts)
        self._starts, at = [], 0
        for text in texts:
            self._starts.append(at)
            at += len(text) + 1

    def holding(self, literal: str, most: int) -> Iterator[int]:
        """Yield the indices of the first lines that hold a literal; LF is the end of a line."""
        at = self._text.find(literal)
        while at >= 0 and most:
            line = bisect_right(self._starts, at) - 1
            yield line
            most -= 1
            if line + 1 == len(self._starts):
                return
            at = self._text.find(literal, self._starts[line + 1])

    def matching(self, pattern: re.Pattern[str], most: int) -> Iterator[int]:
        """Yield the indices of the first lines that a pattern matches; it begins with LF."""
        for found, _ in zip(pattern.finditer(self._text), range(most), strict=False):
            yield bisect_right(self._starts, found.start()) - 1


class Finder:
    """Paths, made ready to be found by a few letters of them.

    Getting 50,000 ready takes about 0.3 s of CPU, so do it in a thread; a search takes 5 to 25 ms.
    Up to a few hundred candidates are scored; of fewer paths, every one that matches.

    Attributes:
        paths: All paths, short ones first.
        spelled: All paths as they stand behind an "@".
    """

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = sorted(set(paths), key=lambda path: (len(path), path))
        self.spelled = frozenset(map(spelled, self.paths))
        self._folded = [_fold(path) for path in self.paths]
        words = [f"/{path.translate(_TO_SLASH)}" for path in self._folded]
        self._whole = _Lines([f"/{path}" for path in self._folded])
        self._words = _Lines(words)
        self._names = _Lines([path.rpartition("/")[2] for path in self._folded])
        self._initials = _Lines(["".join(_BEGINNING.findall(path)) for path in words])

    def find(self, query: str, limit: int = 8) -> tuple[Match, ...]:
        """Find the best matches, best first; the shorter path first among equals.

        Args:
            query: What was typed; spaces do not count. "" finds the shortest paths.
            limit: Longest answer.
        """
        query = "".join(query.split())[:_MOST_LETTERS]
        if not query:
            return tuple(Match(path, 0, ()) for path in self.paths[:limit])
        wanted = _fold(query)
        tried = (
            _match(query, wanted, self.paths[at], self._folded[at])
            for at in self._candidates(wanted)
        )
        found = sorted(filter(None, tried), key=lambda m: (-m.score, len(m.path), m.path))
        return tuple(found[:limit])

    def _candidates(self, wanted: str) -> set[int]:
        found = set(self._whole.holding(wanted, _MOST_LITERAL))
        if len(found) == _MOST_LITERAL:
            # There are more; the best of them are a name, or begin one, or begin a word.
            found.update(self._whole.holding(f"/{wanted}\n", _MOST_LITERAL))
            found.update(self._names.holding(f"\n{wanted}", _MOST_LITERAL))
            found.update(self._names.holding(wanted, _MOST_LITERAL))
            found.update(self._words.holding(f"/{wanted.translate(_TO_SLASH)}", _MOST_LITERAL))
        if len(found) < _MOST_SCATTERED:
            found.update(self._initials.matching(_scattered("\n", wanted), _MOST_INITIALS))
            found.update(self._scattered_over(wanted))
        return found

    def _scattered_over(self, wanted: str) -> Iterator[int]:
        """Yield the first paths that hold the letters in their order."""
        left: Sequence[int] = range(len(self._folded))
        folded = self._folded
        for letter in sorted(set(wanted), key=lambda each: _RARE_FIRST.get(each, -1))[:_PASSES]:
            left = [at for at in left if letter in folded[at]]
        matches = _scattered("", wanted).match
        most = _MOST_SCATTERED
        for at in left:
            if matches(folded[at]):
                yield at
                most -= 1
                if not most:
                    return


def _scattered(before: str, wanted: str) -> re.Pattern[str]:
    r"""A pattern for letters in their order; possessive, so that it never goes back."""
    return re.compile(
        before + "".join(rf"[^\n{re.escape(letter)}]*+{re.escape(letter)}" for letter in wanted)
    )
