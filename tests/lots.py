"""Commits whose ids are drawn, or not, as bases are."""

import hashlib
from itertools import count

from repo_builder import RepoBuilder


def commit_until(builder: RepoBuilder, level: int, message: str = "change") -> str:
    """Commit all changes under a message that gives an id which is chosen at a level, and no higher.

    Args:
        builder: The repository; HEAD is a branch.
        level: 32, 16, 8, or 0 for an id that no level chooses.
        message: Its first words; a number follows.
    """
    builder.git("add", "-A")
    tree = builder.git("write-tree").strip()
    parents = builder.git("rev-list", "--max-count=1", "--ignore-missing", "HEAD", "--").split()
    parents += [line for line in _merged(builder) if line]
    for number in count():
        words = f"{message} {number}"
        # Each call of git is a minute later.
        person = f"Ann <ann@example.org> {builder._time_s + 60} +0000"
        head = "".join(f"parent {parent}\n" for parent in parents)
        text = f"tree {tree}\n{head}author {person}\ncommitter {person}\n\n{words}\n".encode()
        found = hashlib.sha1(b"commit %d\0" % len(text) + text, usedforsecurity=False).hexdigest()
        if level_of(found) == level:
            builder.git("commit", "-q", "--allow-empty", "-m", words)
            assert builder.git("rev-parse", "HEAD").strip() == found
            return found
    raise AssertionError


def level_of(commit: str) -> int:
    """The highest level that chooses a commit; 0 for none."""
    return next((level for level in (32, 16, 8) if int(commit, 16) % level == 0), 0)


def _merged(builder: RepoBuilder) -> list[str]:
    head = builder.root / ".git" / "MERGE_HEAD"
    return head.read_text().split("\n") if head.exists() else []
