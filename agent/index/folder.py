"""A plain folder -> its files: the walk for folders that are no git repository."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bathy.tools.workspace import decode_path, encode_path

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_MAX_RULES_BYTES = 1 << 20

_BUILT = {
    b".git", b".hg", b".svn", b".jj", b"node_modules", b"__pycache__", b".venv", b"venv", b".tox",
    b".nox", b".mypy_cache", b".ruff_cache", b".pytest_cache", b".hypothesis", b".gradle", b".idea",
    b".direnv", b".terraform", b"bower_components",
}  # fmt: skip
"""Folders of tools and installed packages, left out even without a .gitignore."""


def list_folder(root: Path) -> Iterator[tuple[str, str]]:
    """Walk a folder, honouring `.gitignore` files, following no links.

    Yields:
        (path, reason): reason is "" for files and links, else why the path is not read. In no
        particular order.
    """
    pending: list[tuple[str, list[tuple[str, GitIgnoreSpec]]]] = [("", [])]
    while pending:
        folder, rules = pending.pop()
        try:
            found = list(os.scandir(os.path.join(os.fsencode(root), encode_path(folder))))  # noqa: PTH118
        except OSError as error:
            yield folder + "/", (error.strerror or "unreadable").lower()
            continue
        rules = _with_rules(found, folder, rules)
        for item in found:
            path = f"{folder}/{decode_path(item.name)}".lstrip("/")
            is_folder = item.is_dir(follow_symlinks=False)
            if (is_folder and item.name in _BUILT) or _is_ignored(path, is_folder, rules):
                continue
            if is_folder:
                pending.append((path, rules))
            elif item.is_symlink() or item.is_file(follow_symlinks=False):
                yield path, ""
            else:
                yield path, "not a regular file"


def _with_rules(
    found: list[os.DirEntry[bytes]], folder: str, rules: "list[tuple[str, GitIgnoreSpec]]"
) -> "list[tuple[str, GitIgnoreSpec]]":
    file = next((item for item in found if item.name == b".gitignore"), None)
    if file is None or not file.is_file(follow_symlinks=False):
        return rules
    from pathspec import GitIgnoreSpec

    try:
        with open(file.path, "rb") as opened:  # noqa: PTH123 - a path in bytes
            lines = opened.read(_MAX_RULES_BYTES).decode("utf-8", "replace").split("\n")
    except OSError:
        return rules
    return [*rules, (folder, GitIgnoreSpec.from_lines(lines))]


def _is_ignored(path: str, is_folder: bool, rules: "list[tuple[str, GitIgnoreSpec]]") -> bool:
    for folder, spec in reversed(rules):
        below = path[len(folder) + 1 :] if folder else path
        verdict = spec.check_file(below + "/" if is_folder else below).include
        if verdict is not None:
            return verdict
    return False
