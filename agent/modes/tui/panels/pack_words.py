"""A pack, a file, a folder -> the sentences of the pack screen; pure, fit for a terminal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bathy.agent.modes.terminal import printable
from bathy.agent.modes.tui.panels.figures import (
    columns,
    count_word,
    cut_left,
    pad,
    percent_word,
    tokens_word,
    usd_word,
    window_words,
)
from bathy.agent.modes.tui.panels.pack_tree import (
    APPENDED,
    LEFT_OUT,
    MIXED,
    Appended,
    Node,
)
from bathy.agent.modes.tui.panels.treemap import Item
from bathy.agent.pack.manifest import Manifest
from bathy.tools.workspace import quote_path
from rich.cells import cell_len

Price = tuple[float, float]
"""US dollars for a prompt, with nothing of it in the cache and with all of it."""

_SIGNS = {
    "full": ("●", "*"),
    "outline": ("◐", "o"),
    "path": ("○", "-"),
    "skipped": ("✖", "x"),
    LEFT_OUT: ("−", "!"),  # noqa: RUF001 - a sign
    APPENDED: ("+", "+"),
    MIXED: ("◒", "&"),
    "": (" ", " "),
}
_WORDS = {"path": "name only", "skipped": "not read"}
_LEVEL_CELLS, _LEAST_NAME_CELLS = 11, 14
_MOST_NAMES = 6


def level_words(level: str, *, is_ascii: bool) -> str:
    """Say a level by sign and word."""
    return f"{_SIGNS[level][is_ascii]} {_WORDS.get(level, level)}"


def row_text(
    node: Node,
    depth: int,
    width: int,
    *,
    total: int,
    is_open: bool | None,
    is_selected: bool = False,
    is_ascii: bool = False,
) -> str:
    """Return a row of the tree, exactly `width` cells.

    Args:
        node: Of the row.
        depth: Of the node; less is indented where there is no room.
        width: Of the row.
        total: Tokens that shares are of.
        is_open: Of a folder; None for a file.
        is_selected: Mark it.
        is_ascii: With ASCII alone.
    """
    signs = {True: "v", False: ">", None: " "} if is_ascii else {True: "▾", False: "▸", None: " "}
    mark = ("*" if is_ascii else "▶") if is_selected else " "
    told = ("d" if is_ascii else "Δ") if node.appended else " "
    level = pad(level_words(node.level, is_ascii=is_ascii), _LEVEL_CELLS, is_ascii=is_ascii)
    size = tokens_word(node.tokens) if node.tokens else f"({tokens_word(node.source_tokens)})"
    columns_ = (f"{size:>7}", f" {percent_word(node.tokens, total):>4}", f" {level}")
    right = told
    for column in columns_:
        if len(right) + len(column) + _LEAST_NAME_CELLS <= width:
            right += column
    indent = " " * min(2 * depth, max(0, width // 3))
    return columns(f"{mark}{indent}{signs[is_open]} {node.name}", right, width, is_ascii=is_ascii)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pack stands.

    Attributes:
        commit: That is looked at, which may have gone on from that of the base; "" for none.
        window_tokens: Of the model; 0 if it is not known.
    """

    commit: str = ""
    window_tokens: int = 0


def head_text(
    manifest: Manifest, appended: Appended, price: Price | None, place: Place, *, dot: str
) -> str:
    """Say what is packed, what of it is frozen, and what it costs; two lines."""
    tokens = manifest.tokens + appended.tokens
    size = f"{tokens_word(tokens)} tokens"
    if place.window_tokens:
        size = window_words(tokens, place.window_tokens)
        size += f" ({percent_word(tokens, place.window_tokens)})"
    commit = _at(place.commit or manifest.commit)
    files = count_word(len(manifest.files), "file")
    first = [f"{quote_path(manifest.name)}{commit}", size, files]
    base = _at(manifest.commit) if place.commit not in ("", manifest.commit) else ""
    second = [f"frozen base {tokens_word(manifest.tokens)}{base}", _overlay(appended)]
    if price is not None:
        # In front of what may be cut off.
        second.insert(1, f"{usd_word(price[0])} cold, {usd_word(price[1])} warm")
    return f"{dot.join(first)}\n{dot.join(second)}"


def _at(commit: str) -> str:
    return f" @ {printable(commit[:7])}" if commit else ""


def _overlay(appended: Appended) -> str:
    if not appended.tokens and not appended.paths:
        return "nothing appended"
    files = count_word(len(appended.paths), "changed file")
    return f"appended {tokens_word(appended.tokens)} of {files}"


def refit_text(
    was: int, now: int, price: Price | None, *, session: str = "", undo: str = ""
) -> str:
    """Say what a choice has changed: was 506k, now 431k, $0.065 cold.

    Args:
        was: Tokens before.
        now: Tokens.
        price: Of what is packed now.
        session: As of `Packed`.
        undo: Key that takes the choice back; "" for none.
    """
    cold = f", {usd_word(price[0])} cold" if price is not None else ""
    back = f"; {undo} takes it back" if undo else ""
    told = {"begins": f": sent in a new session{back}", "goes on": ": the session goes on"}
    return f"was {tokens_word(was)}, now {tokens_word(now)}{cold}{told.get(session, '')}"


def detail_text(
    node: Node, manifest: Manifest, *, total: int, width: int, dot: str, is_ascii: bool
) -> str:
    """Say all that is known of a file or folder.

    Args:
        node: What it is.
        manifest: Of the pack.
        total: Tokens of the whole pack.
        width: Cells of the longest line; only the key is cut to it.
        dot: Stands between two facts.
        is_ascii: With ASCII alone.
    """
    if not node.key:
        return _root_detail(node, manifest, dot)
    facts = [level_words(node.level, is_ascii=is_ascii)] if node.level else []
    facts += [node.file_class.replace("_", " ")] if node.file_class else []
    facts.append(f"{node.tokens:,} tokens")
    if node.tokens != node.source_tokens:
        facts.append(f"{node.source_tokens:,} of text alone")
    facts.append(f"{percent_word(node.tokens, total)} of the pack")
    entry, lines = (
        node.entry,
        [cut_left(_quoted(node.key), width, is_ascii=is_ascii), dot.join(facts)],
    )
    if entry is not None:
        ranks = [f"rank {entry.rank:,}"] if entry.rank else []
        ranks += [f"place {entry.position:,} in the prompt"] if entry.position else []
        lines += [dot.join([*ranks, printable(entry.reason)])]
    elif node.is_folder:
        lines.append(_levels(node))
    lines.append(_where(node))
    return "\n".join(line for line in lines if line)


def _root_detail(node: Node, manifest: Manifest, dot: str) -> str:
    budget = f"the budget of the base is {tokens_word(manifest.budget)} tokens"
    lines = [printable(manifest.summary), dot.join((_levels(node), budget))]
    if manifest.secrets:
        lines.append(f"{count_word(manifest.secrets, 'secret')} redacted")
    if manifest.hints:
        lines.append("to make room, leave out: " + dot.join(map(printable, manifest.hints)))
    lines += map(printable, manifest.notices)
    return "\n".join(lines)


def _levels(node: Node) -> str:
    counts = (f"{count:,} {_WORDS.get(level, level)}" for level, count in node.levels)
    return f"{count_word(node.files, 'file')}: {', '.join(counts)}"


def _where(node: Node) -> str:
    """Say whether it is frozen in the base or appended to it."""
    if node.level == LEFT_OUT:
        return "left out by you; i puts it back"
    if node.level == APPENDED:
        return "new since the base; its text is appended"
    if not node.appended:
        return "frozen: in the base, as it is" if node.tokens else ""
    if node.is_folder:
        return (
            f"{count_word(node.appended, 'file')} changed since the base; told in what is appended"
        )
    return "frozen in the base; what has changed since is appended"


def merged_text(items: Sequence[Item], total: int) -> str:
    """Say what stands in the cell of all that is too small for one of its own."""
    tokens = sum(item.tokens for item in items)
    more = f" and {len(items) - _MOST_NAMES:,} more" if len(items) > _MOST_NAMES else ""
    names = ", ".join(item.name for item in items[:_MOST_NAMES])
    share = percent_word(tokens, total)
    return f"{len(items):,} too small to draw: {tokens:,} tokens, {share}\n{names}{more}"


def legend_text(entries: Iterable[tuple[str, str, str]], width: int) -> str:
    """Say what the patterns mean, as far as there is room."""
    text = ""
    for pattern, _, word in entries:
        part = f"{'  ' if text else ''}{pattern * 2} {word}"
        if cell_len(text + part) <= width:
            text += part
    return text


def _quoted(key: str) -> str:
    return quote_path(key.removesuffix("/")) + "/" * key.endswith("/")
