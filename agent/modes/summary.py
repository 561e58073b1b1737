"""A manifest -> what `bathy pack` prints: tokens by folder, class and file, and what is missing."""

import io
import shutil
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from bathy.agent.pack.manifest import Manifest, ManifestEntry
from bathy.tools.workspace import quote_path

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_MOST_FOLDERS = 24
_MIN_FOLDER_SHARE = 0.01
_MOST_FILES = 10
_MOST_REASONS = 8
_BAR_CHARS = 24


def show_summary(manifest: Manifest, *, color: bool) -> None:
    """Print the summary of a pack to stdout.

    What is not printed to a terminal is 120 columns wide.

    Args:
        manifest: Of the pack.
        color: Allow colour; only a terminal gets any.
    """
    from rich.console import Console

    # rich answers a reader that left with an exit code of its own, so it does not get stdout.
    buffer = io.StringIO()
    terminal = sys.stdout.isatty()
    console = Console(
        file=buffer,
        force_terminal=terminal,
        no_color=not color,
        highlight=False,
        markup=False,
        width=shutil.get_terminal_size().columns if terminal else 120,
    )
    _show_head(manifest, console)
    read = [entry for entry in manifest.files if entry.source_tokens]
    for title, table in (
        ("Tokens by folder", _folders(manifest, read)),
        ("Tokens by class", _classes(read)),
        ("Largest files", _largest(read)),
    ):
        console.print(f"\n{title}", style="bold")
        console.print(table)
    _show_left_out(manifest, console)
    sys.stdout.write(buffer.getvalue())


def _show_head(manifest: Manifest, console: "Console") -> None:
    commit = f" at {manifest.commit[:12]}" if manifest.commit else ""
    changed = ", with uncommitted changes" if manifest.dirty else ""
    share = 100 * manifest.tokens / manifest.budget
    console.print(f"{quote_path(manifest.name)}{commit}{changed}", style="bold")
    console.print(
        f"{manifest.tokens:,} tokens of a budget of {manifest.budget:,} ({share:.0f} %)."
        f" {manifest.summary}"
    )
    counts = {
        "in full": manifest.count("full"),
        "as outline": manifest.count("outline"),
        "by name only": manifest.count("path"),
        "not read": manifest.count("skipped"),
    }
    shown = ", ".join(f"{count} {label}" for label, count in counts.items() if count)
    console.print(f"{len(manifest.files):,} files: {shown}.")
    if manifest.secrets:
        console.print(
            f"{manifest.secrets} secrets found, {manifest.redacted} of them in packed files, all"
            " redacted.",
            style="yellow",
        )


def _folders(manifest: Manifest, read: list[ManifestEntry]) -> "Table":
    """The folder tree: source tokens below each folder, and how much of that is packed."""
    total: dict[str, int] = {}
    packed: dict[str, int] = {}
    for entry in read:
        parts = entry.path.split("/")
        share = entry.tokens if entry.level == "full" else 0
        for depth in range(len(parts)):
            folder = "/".join(parts[:depth])
            total[folder] = total.get(folder, 0) + entry.source_tokens
            packed[folder] = packed.get(folder, 0) + (entry.source_tokens if share else 0)
    whole = total.get("", 0)
    by_size = sorted(total, key=lambda folder: (-total[folder], folder))
    shown = [f for f in by_size if total[f] >= whole * _MIN_FOLDER_SHARE][:_MOST_FOLDERS]
    table = _table("tokens", "share", "", "in full", "folder")
    for folder in sorted(shown, key=lambda f: f.split("/") if f else []):
        depth = folder.count("/") + 1 if folder else 0
        name = quote_path(folder.rpartition("/")[2] + "/" if folder else manifest.name + "/")
        table.add_row(
            f"{total[folder]:,}",
            _percent(total[folder], whole),
            _bar(total[folder], whole),
            _percent(packed[folder], total[folder]),
            "  " * depth + name,
        )
    return table


def _classes(read: list[ManifestEntry]) -> "Table":
    groups: dict[str, list[ManifestEntry]] = {}
    for entry in read:
        groups.setdefault(entry.file_class, []).append(entry)
    whole = sum(entry.source_tokens for entry in read)
    table = _table("tokens", "share", "", "files", "packed", "class")
    sizes = {name: sum(e.source_tokens for e in group) for name, group in groups.items()}
    for name in sorted(groups, key=lambda name: (-sizes[name], name)):
        table.add_row(
            f"{sizes[name]:,}",
            _percent(sizes[name], whole),
            _bar(sizes[name], whole),
            f"{len(groups[name]):,}",
            f"{sum(e.tokens for e in groups[name]):,}",
            name.replace("_", " "),
        )
    return table


def _largest(read: list[ManifestEntry]) -> "Table":
    table = _table("tokens", "level", "class", "file")
    for entry in sorted(read, key=lambda e: (-e.source_tokens, e.path))[:_MOST_FILES]:
        table.add_row(
            f"{entry.source_tokens:,}",
            entry.level,
            entry.file_class.replace("_", " "),
            quote_path(entry.path),
        )
    return table


def _show_left_out(manifest: Manifest, console: "Console") -> None:
    reasons: dict[str, list[ManifestEntry]] = {}
    for entry in manifest.files:
        if entry.level in ("path", "skipped"):
            reasons.setdefault(_last_reason(entry), []).append(entry)
    if reasons:
        console.print("\nBy name only or not read", style="bold")
        table = _table("files", "tokens", "reason")
        by_size = sorted(reasons.items(), key=lambda item: (-_tokens(item[1]), item[0]))
        for reason, entries in by_size[:_MOST_REASONS]:
            names = ", ".join(quote_path(e.path) for e in entries[:2])
            more = ", …" if len(entries) > 2 else ""
            table.add_row(f"{len(entries):,}", f"{_tokens(entries):,}", f"{reason}: {names}{more}")
        console.print(table)
        if len(by_size) > _MOST_REASONS:
            console.print(
                f"and {len(by_size) - _MOST_REASONS} more reasons; see --output-format json"
            )
    if manifest.hints:
        console.print("\nTo fit the rest whole, leave these out", style="bold")
        for line in _flags(manifest.hints):
            console.print(f"  {line}")


def _flags(globs: Iterable[str]) -> Iterator[str]:
    for glob in globs:
        yield "--exclude '" + glob.replace("'", "'\\''") + "'"


def _last_reason(entry: ManifestEntry) -> str:
    return entry.reason.rpartition("; ")[2]


def _tokens(entries: Iterable[ManifestEntry]) -> int:
    return sum(entry.source_tokens for entry in entries)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else ""


def _bar(part: int, whole: int) -> str:
    full, eighths = divmod(round(_BAR_CHARS * 8 * part / whole) if whole else 0, 8)
    return "█" * full + " ▏▎▍▌▋▊▉"[eighths].strip()


def _table(*columns: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        is_text = column in ("folder", "class", "file", "level", "reason", "")
        may_fold = column in ("folder", "file", "reason")
        table.add_column(
            column,
            justify="left" if is_text else "right",
            no_wrap=not may_fold,
            overflow="fold" if may_fold else "ellipsis",
        )
    return table
