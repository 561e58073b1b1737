"""Text -> index terms: words, the parts of identifiers, and neighbouring parts written together.

`Blueprint.add_url_rule` gives blueprint, add, url, rule, addurl, urlrule and addurlrule, each part
stemmed. Two words of a question that stand side by side make the same term as the identifier that
joins them, so "url rule" finds `url_rule`, `urlRule` and `UrlRule`. No grammar is used.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise

MAX_WORD_CHARS = 80
"""Longer words are encoded data or minified text; they are not indexed."""

_MAX_PARTS = 12
_MAX_KNOWN = 300_000
_WORD = re.compile(r"[^\W\d]\w+")
_ASCII_WORD = re.compile(r"[A-Za-z_]\w+", re.ASCII)
_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")

_NOT_INDEXED = """
a an and are as at be been but by for from had has have he i if in is it its me my not of on or our
self she so than that the their them then there these they this to us was we were will with you your
"""
NOT_INDEXED = frozenset(_NOT_INDEXED.split())
"""Words that stand nearly everywhere, in prose or in code, and tell nothing about a place."""


class _Known(dict[str, tuple[str, ...]]):
    """Terms by word; cutting a word costs a hundred times more than looking it up."""

    def __missing__(self, word: str) -> tuple[str, ...]:
        if len(self) >= _MAX_KNOWN:
            self.clear()
        terms = self[word] = _cut(word)
        return terms


class _Stems(dict[str, str]):
    """Stems by word: identifiers are made of far fewer parts than there are identifiers."""

    def __missing__(self, word: str) -> str:
        if len(self) >= _MAX_KNOWN:
            self.clear()
        found = self[word] = stem(word)
        return found


_known = _Known()
_stems = _Stems()


def words_of(text: str) -> list[str]:
    """Return the words of two letters and more in order, as written; numbers are left out."""
    # The second finds the same in such text, in two thirds of the time.
    return (_ASCII_WORD if text.isascii() else _WORD).findall(text)


def parts_of(word: str) -> list[str]:
    """Cut a word at underscores, case changes and digits; lower-cased, not stemmed.

    `HTTPServer2_name` gives http, server, 2, name.
    """
    return [part.lower() for part in _PART.findall(word)]


def terms_of(word: str) -> tuple[str, ...]:
    """Return the distinct terms of one word, parts first; () for words that are not indexed."""
    return _known[word]


def join(words: Iterable[str]) -> str:
    """Return the term of an identifier that would be made of these words."""
    return "".join(stem(word) for word in words)


def count_terms(text: str) -> dict[str, int]:
    """Count the terms of a text.

    Args:
        text: Any text; memory is bounded by its number of distinct words.

    Returns:
        Occurrences by term, in the order of first occurrence.
    """
    counts: dict[str, int] = {}
    get, known = counts.get, _known
    for word, times in Counter(words_of(text)).items():
        for term in known[word]:
            counts[term] = get(term, 0) + times
    return counts


def add_terms(counts: dict[str, int], text: str, times: int) -> None:
    """Count the terms of a short text as if it stood there so many times more."""
    for word in words_of(text):
        for term in _known[word]:
            counts[term] = counts.get(term, 0) + times


def _cut(word: str) -> tuple[str, ...]:
    if len(word) > MAX_WORD_CHARS:
        return ()
    parts = parts_of(word)[:_MAX_PARTS]
    stems = [_stems[part] for part in parts]
    single = [s for p, s in zip(parts, stems, strict=True) if len(p) > 1 and p not in NOT_INDEXED]
    if len(parts) < 2:
        return tuple(single)
    pairs = [a + b for a, b in pairwise(stems)]
    return tuple(dict.fromkeys((*single, *pairs, "".join(stems))))


_ENDINGS: Mapping[str, str] = {
    "ies": "y", "ied": "y", "ying": "y", "sses": "ss", "shes": "sh", "ches": "ch", "xes": "x",
}  # fmt: skip


def stem(word: str) -> str:
    """Take plural, -ing, -ed and a final e off a lower-case English word.

    Far lighter than Porter's stemmer: a handful of endings, so that `registered`, `registers` and
    `registering` meet while `universe` and `university` do not.
    """
    if len(word) < 4 or not word.isascii():
        return word
    if word[-1] in "sgd":
        word = _without_ending(word)
    return word[:-1] if word[-1] == "e" and len(word) > 3 else word


def _without_ending(word: str) -> str:
    for ending, instead in _ENDINGS.items():
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)] + instead
    if word.endswith("s"):
        return word if word.endswith(("ss", "us", "is")) else word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending):
            return _undoubled(word[: -len(ending)], word)
    return word


def _undoubled(root: str, word: str) -> str:
    if len(root) < 3 or not any(c in "aeiouy" for c in root):
        return word
    doubled = root[-1] == root[-2] and root[-1] not in "lsz"
    return root[:-1] if doubled else root
