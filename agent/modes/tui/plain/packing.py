"""A pack -> what is in it: by folder and class, base and overlay, and its price. Pure."""

from collections import Counter
from collections.abc import Iterator

from bathy.agent.modes.tui.events import Packed
from bathy.agent.modes.tui.panels.figures import count_word, percent_word
from bathy.agent.modes.tui.plain.words import price_words, size_words
from bathy.tools.workspace import quote_path

_MOST_FOLDERS = 20
_LEVELS = (
    ("full", "whole"),
    ("outline", "as outlines"),
    ("path", "by name only"),
    ("skipped", "not read"),
)


def pack_lines(packed: Packed, window_tokens: int) -> Iterator[str]:
    """Say what a pack holds.

    Args:
        packed: The pack.
        window_tokens: Of the model; 0 if it is not known.
    """
    manifest = packed.manifest
    window = (
        f", {percent_word(packed.tokens, window_tokens)} of the window" if window_tokens else ""
    )
    yield f"pack: {size_words(packed)}{window}"
    yield manifest.summary
    levels = [(manifest.count(level), words) for level, words in _LEVELS]
    yield "files: " + ", ".join(f"{count:,} {words}" for count, words in levels if count)
    if manifest.secrets:
        yield f"secrets: {manifest.secrets:,} found, all redacted"
    yield from _sent(packed)
    yield from _shares("class", _by_class(packed), manifest.tokens)
    yield from _shares("folder", _by_folder(packed), manifest.tokens)
    for hint in manifest.hints:
        yield f"to make room: /exclude {hint}"
    yield from manifest.notices


def _sent(packed: Packed) -> Iterator[str]:
    """What is frozen, what follows it, and what that costs."""
    if packed.is_frozen:
        commit = packed.manifest.commit
        of = f" of commit {commit[:12]}" if commit else ""
        yield f"base: {count_word(packed.manifest.tokens, 'token')}{of}, frozen for the cache"
        files = count_word(len(packed.appended_paths), "changed file")
        yield f"overlay: {count_word(packed.appended_tokens, 'token')} of {files}"
    if packed.note:
        yield f"other clones do not share this base: {packed.note}"
    yield price_words(packed) if packed.cold_usd else "price: not known"


def _by_class(packed: Packed) -> Counter[str]:
    found = Counter[str]()
    for entry in packed.manifest.files:
        found[entry.file_class.replace("_", " ")] += entry.tokens
    return found


def _by_folder(packed: Packed) -> Counter[str]:
    """Tokens of each folder at the top; files there count as one."""
    found = Counter[str]()
    for entry in packed.manifest.files:
        folder, slash, _ = entry.path.partition("/")
        found[f"{quote_path(folder)}/" if slash else "files at the top"] += entry.tokens
    return found


def _shares(what: str, tokens: Counter[str], whole: int) -> Iterator[str]:
    largest = sorted(tokens.items(), key=lambda item: (-item[1], item[0]))
    for name, size in [item for item in largest if item[1]][:_MOST_FOLDERS]:
        yield f"{what} {name}: {count_word(size, 'token')}, {percent_word(size, whole)}"
