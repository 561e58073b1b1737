"""A manifest -> what `bathy pack` prints: tokens by folder, class and file, and what is missing.

Written without a table library, whose import alone would take a third of a warm run.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bathy.agent.pack.manifest import Manifest, ManifestEntry
from bathy.tools.workspace import quote_path

_MOST_FOLDERS = 24
_MIN_FOLDER_SHARE = 0.01
_MOST_FILES = 10
_MOST_REASONS = 8
_BAR_CHARS = 24

_SENT = (
    "A question is sent the pack of a commit that other clones share, and what has changed since:",
    "'bathy -p TEXT --dry-run' shows it, and its price.",
)

Row = Sequence[str]


def show_summary(manifest: Manifest, *, color: bool) -> None:
    """Print the summary of a pack to stdout.

    Args:
        manifest: Of the pack.
        color: Allow colour; only a terminal gets any.
    """
    bold, yellow, plain = ("\033[1m", "\033[33m", "\033[0m")
    if not (color and sys.stdout.isatty()):
        bold = yellow = plain = ""
    read = [entry for entry in manifest.files if entry.source_tokens]
    lines = [*_head(manifest)]
    lines[0] = f"{bold}{lines[0]}{plain}"
    if manifest.secrets:
        found = f"{manifest.secrets} secrets found, {manifest.redacted} of them in packed files"
        lines.append(f"{yellow}{found}; all are redacted.{plain}")
    for title, rows in (
        ("Tokens by folder", _folders(manifest, read)),
        ("Tokens by class", _classes(read)),
        ("Largest files", _largest(read)),
        ("By name only or not read", _left_out(manifest)),
    ):
        if rows:
            lines += ["", f"{bold}{title}{plain}", *_columns(rows)]
    if manifest.hints:
        lines += ["", f"{bold}To make room, leave out what you do not need{plain}"]
        lines += (f"  {flag}" for flag in _flags(manifest.hints))
    if manifest.commit:
        lines += ["", *_SENT]
    sys.stdout.write("\n".join(lines) + "\n")


def _head(manifest: Manifest) -> Iterator[str]:
    commit = f" at {manifest.commit[:12]}" if manifest.commit else ""
    changed = ", with uncommitted changes" if manifest.dirty else ""
    yield f"{quote_path(manifest.name)}{commit}{changed}"
    share = _percent(manifest.tokens, manifest.budget)
    yield f"{manifest.tokens:,} tokens of a budget of {manifest.budget:,} ({share})."
    yield manifest.summary
    counts = {
        "in full": manifest.count("full"),
        "as outline": manifest.count("outline"),
        "by name only": manifest.count("path"),
        "not read": manifest.count("skipped"),
    }
    shown = ", ".join(f"{count:,} {label}" for label, count in counts.items() if count)
    yield f"{len(manifest.files):,} files: {shown}."


def _folders(manifest: Manifest, read: Sequence[ManifestEntry]) -> list[Row]:
    """The folder tree: source tokens below each folder, and how much of that is in full."""
    total: dict[str, int] = {}
    in_full: dict[str, int] = {}
    for entry in read:
        parts = entry.path.split("/")
        for depth in range(len(parts)):
            folder = "/".join(parts[:depth])
            total[folder] = total.get(folder, 0) + entry.source_tokens
            if entry.level == "full":
                in_full[folder] = in_full.get(folder, 0) + entry.source_tokens
    whole = total.get("", 0)
    by_size = sorted(_branching(total), key=lambda folder: (-total[folder], folder))
    shown = [f for f in by_size if total[f] >= whole * _MIN_FOLDER_SHARE][:_MOST_FOLDERS]
    rows: list[Row] = []
    above: list[str] = []
    for folder in sorted(shown, key=lambda f: f.split("/") if f else []):
        while above and above[-1] and not folder.startswith(above[-1] + "/"):
            above.pop()
        depth, parent = len(above), above[-1] if above else ""
        name = quote_path(folder[len(parent) :].lstrip("/") if folder else manifest.name)
        above.append(folder)
        share = _percent(total[folder], whole)
        full = _percent(in_full.get(folder, 0), total[folder])
        bar = _bar(total[folder], whole)
        rows.append((f"{total[folder]:,}", share, bar, full, f"{'  ' * depth}{name}/"))
    return [("tokens", "share", "", "in full", "folder"), *rows] if rows else []


def _branching(total: Mapping[str, int]) -> list[str]:
    """The folders but those that hold no more than one folder below them, as Java nests them."""
    passed = set[str]()
    for folder in total:
        parent = folder.rpartition("/")[0]
        if parent and total[parent] == total[folder]:
            passed.add(parent)
    return [folder for folder in total if folder not in passed]


def _classes(read: Sequence[ManifestEntry]) -> list[Row]:
    groups: dict[str, list[ManifestEntry]] = {}
    for entry in read:
        groups.setdefault(entry.file_class, []).append(entry)
    whole = _tokens(read)
    rows: list[Row] = []
    for name, group in sorted(groups.items(), key=lambda item: (-_tokens(item[1]), item[0])):
        tokens = _tokens(group)
        packed = sum(entry.tokens for entry in group)
        share, bar = _percent(tokens, whole), _bar(tokens, whole)
        label = name.replace("_", " ")
        rows.append((f"{tokens:,}", share, bar, f"{len(group):,}", f"{packed:,}", label))
    return [("tokens", "share", "", "files", "packed", "class"), *rows] if rows else []


def _largest(read: Sequence[ManifestEntry]) -> list[Row]:
    largest = sorted(read, key=lambda e: (-e.source_tokens, e.path))[:_MOST_FILES]
    rows = [
        (f"{e.source_tokens:,}", e.level, e.file_class.replace("_", " "), quote_path(e.path))
        for e in largest
    ]
    return [("tokens", "level", "class", "file"), *rows] if rows else []


def _left_out(manifest: Manifest) -> list[Row]:
    reasons: dict[str, list[ManifestEntry]] = {}
    for entry in manifest.files:
        if entry.level in ("path", "skipped"):
            reasons.setdefault(entry.reason.rpartition("; ")[2], []).append(entry)
    by_size = sorted(reasons.items(), key=lambda item: (-_tokens(item[1]), item[0]))
    rows: list[Row] = []
    for reason, entries in by_size[:_MOST_REASONS]:
        names = ", ".join(quote_path(e.path) for e in entries[:2])
        more = ", …" if len(entries) > 2 else ""
        told = f"{reason}: {names}{more}"
        rows.append((f"{len(entries):,}", f"{_tokens(entries):,}", told))
    if len(by_size) > _MOST_REASONS:
        rest = [entry for _, entries in by_size[_MOST_REASONS:] for entry in entries]
        told = "other reasons; --output-format json has them all"
        rows.append((f"{len(rest):,}", f"{_tokens(rest):,}", told))
    return [("files", "tokens", "reason"), *rows] if rows else []


def _columns(rows: Sequence[Row]) -> Iterator[str]:
    """Rows as lines: numbers to the right, words to the left, the last column as long as it is."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]) - 1)]
    is_number = [all(row[at][:1].isdigit() for row in rows[1:]) for at in range(len(widths))]
    for row in rows:
        cells = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, is_number, strict=False)
        )
        yield "  " + "  ".join((*cells, row[-1])).rstrip()


def _flags(globs: Iterable[str]) -> Iterator[str]:
    for glob in globs:
        yield "--exclude '" + glob.replace("'", "'\\''") + "'"


def _tokens(entries: Iterable[ManifestEntry]) -> int:
    return sum(entry.source_tokens for entry in entries)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "0 %"


def _bar(part: int, whole: int) -> str:
    full, eighths = divmod(round(_BAR_CHARS * 8 * part / whole) if whole else 0, 8)
    return "█" * full + " ▏▎▍▌▋▊▉"[eighths].strip()
