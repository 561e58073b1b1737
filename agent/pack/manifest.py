"""What a pack holds, file by file, with a reason for each; as data, and as JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from bathy.tools.workspace import quote_path


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """One file of the repository, whether it got in or not.

    Attributes:
        path: Repository-relative, as is (see `to_json` for what is printed).
        blob: git blob id; "" for what was not read.
        file_class: Name of its class.
        level: "full", "outline", "path" or "skipped" (not read at all).
        source_tokens: Tokens of its decoded text alone.
        tokens: Tokens that it takes in the pack at its level; 0 for "path" and "skipped", whose
            names are counted with the tree.
        rank: 1-based place by priority; 0 for files that are not ranked (not text).
        position: 1-based place in the prompt; 0 for files without a block.
        reason: Why it is what it is, and at that level.
    """

    path: str
    blob: str
    file_class: str
    level: str
    source_tokens: int
    tokens: int
    rank: int
    position: int
    reason: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The account of one pack.

    Attributes:
        name: Folder name of the repository.
        commit: Full commit id, or "".
        dirty: The working tree differs from that commit.
        tokenizer: Name of the vocabulary counted with.
        budget: Tokens that the pack was allowed.
        tokens: Exact tokens of the pack.
        tree_tokens: Tokens of header, tree and footer, part of `tokens`.
        files: In byte order of the paths.
        redacted: Secrets redacted in what was packed.
        secrets: Secrets found in the whole repository.
        summary: One sentence on how the pack came to be.
        hints: Globs for `--exclude` that would make the rest fit whole.
        notices: Sentences about what could not be looked at.
    """

    name: str
    commit: str
    dirty: bool
    tokenizer: str
    budget: int
    tokens: int
    tree_tokens: int
    files: tuple[ManifestEntry, ...]
    redacted: int
    secrets: int
    summary: str
    hints: tuple[str, ...]
    notices: tuple[str, ...]

    def count(self, level: str) -> int:
        """Number of files at a level."""
        return sum(entry.level == level for entry in self.files)


def dump_manifest(manifest: Manifest) -> dict[str, Any]:
    """Return a manifest as JSON data that `load_manifest` reads back; for the cache."""
    # Not `asdict`, which copies every value deeply and takes longer than packing a small
    # repository.
    body = {field.name: getattr(manifest, field.name) for field in fields(manifest)}
    names = [field.name for field in fields(ManifestEntry)]
    body["files"] = [[getattr(entry, name) for name in names] for entry in manifest.files]
    return body


def load_manifest(body: Mapping[str, Any]) -> Manifest:
    """Rebuild a manifest from the cache."""
    values = dict(body)
    values["files"] = tuple(ManifestEntry(*row) for row in body["files"])
    values["hints"] = tuple(body["hints"])
    values["notices"] = tuple(body["notices"])
    return Manifest(**values)


def manifest_json(manifest: Manifest) -> dict[str, Any]:
    """Return the manifest as users get it with `--output-format json`."""
    return {
        "schema_version": 1,
        "repo": {"name": manifest.name, "commit": manifest.commit or None, "dirty": manifest.dirty},
        "tokenizer": manifest.tokenizer,
        "budget": manifest.budget,
        "tokens": manifest.tokens,
        "tree_tokens": manifest.tree_tokens,
        "summary": manifest.summary,
        "redacted": manifest.redacted,
        "secrets": manifest.secrets,
        "files": [_entry_json(entry) for entry in manifest.files],
        "skipped": [_skipped_json(entry) for entry in _skipped(manifest.files)],
        "exclude_hints": list(manifest.hints),
        "notices": list(manifest.notices),
    }


def _skipped(entries: Iterable[ManifestEntry]) -> list[ManifestEntry]:
    return [entry for entry in entries if entry.level == "skipped"]


def _skipped_json(entry: ManifestEntry) -> dict[str, str]:
    return {"path": quote_path(entry.path), "reason": entry.reason}


def _entry_json(entry: ManifestEntry) -> dict[str, Any]:
    return {
        "path": quote_path(entry.path),
        "blob": entry.blob,
        "class": entry.file_class,
        "level": entry.level,
        "source_tokens": entry.source_tokens,
        "tokens": entry.tokens,
        "rank": entry.rank,
        "position": entry.position,
        "reason": entry.reason,
    }
