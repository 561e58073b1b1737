"""Paths -> the git attributes that say what a file is for, asked of git itself."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bathy.tools.git import GitRepo, run_git
from bathy.tools.workspace import decode_path, encode_path

Attributes = Mapping[str, Mapping[str, str]]
"""Values by attribute name by path, such as {"a.pb.go": {"linguist-generated": "set"}}."""

NAMES = ("linguist-generated", "linguist-vendored", "linguist-documentation", "filter")


def read_attributes(repo: GitRepo, paths: Sequence[str], *, tree: str | None) -> Attributes:
    """Ask git for the attributes of some paths.

    Args:
        repo: The repository.
        paths: Repository-relative.
        tree: Commit whose `.gitattributes` files count; None for those of the working tree.

    Returns:
        Only what is specified; {} at no cost where the repository has no attribute files.
    """
    has_rules = any(path == ".gitattributes" or path.endswith("/.gitattributes") for path in paths)
    if not paths or not (has_rules or (repo.common_dir / "info" / "attributes").is_file()):
        return {}
    stdin = b"".join(encode_path(path) + b"\0" for path in paths)
    if tree is None:
        return _parse(run_git(repo, "check-attr", "-z", "--stdin", *NAMES, stdin=stdin))
    # Before git 2.40 `check-attr` reads a commit's attributes only through an index: a throw-away
    # one.
    with tempfile.TemporaryDirectory(prefix="bathy-") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        run_git(repo, "read-tree", tree, variables=index)
        out = run_git(
            repo, "check-attr", "-z", "--cached", "--stdin", *NAMES, stdin=stdin, variables=index
        )
    return _parse(out)


def _parse(out: bytes) -> Attributes:
    fields = out.split(b"\0")
    found: dict[str, dict[str, str]] = {}
    for path, name, value in zip(fields[0::3], fields[1::3], fields[2::3], strict=False):
        if value != b"unspecified":
            values = found.setdefault(decode_path(path), {})
            values[name.decode("ascii")] = value.decode("utf-8", "replace")
    return found
