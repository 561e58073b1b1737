"""A repository that does not fit -> globs for `--exclude` that would make the rest fit whole."""

from collections.abc import Iterable

from bathy.agent.index.build import SourceFile
from bathy.agent.index.files import FileClass
from bathy.agent.pack.fit import estimate_tokens

MOST_GLOBS = 10

_MIN_SHARE = 0.01


def exclude_globs(files: Iterable[SourceFile], *, capacity_tokens: int) -> tuple[str, ...]:
    """Suggest what to leave out.

    Folders whose text is mostly not source come first, the largest first, or all folders of one
    name at any depth; then single large files that are not source. Source is never suggested: what
    to give up there is the user's to know.

    Args:
        files: Text files of the repository.
        capacity_tokens: What the rest is to fit into.

    Returns:
        Gitignore globs, at most `MOST_GLOBS`, anchored unless they mean a name at any depth; () if
        everything fits. What they leave may still be too large.
    """
    sizes = {f.path: estimate_tokens(f) for f in files if f.facts.encoding}
    source = {f.path for f in files if f.facts.file_class is FileClass.SOURCE}
    total = sum(sizes.values())
    least = int(total * _MIN_SHARE)
    globs: list[str] = []
    left = dict(sizes)
    while total > capacity_tokens and len(globs) < MOST_GLOBS:
        best = _largest(left, source, least)
        if best is None:
            break
        glob, paths = best
        globs.append(glob)
        total -= sum(left.pop(path) for path in paths)
    return tuple(globs)


def _largest(sizes: dict[str, int], source: set[str], least: int) -> tuple[str, list[str]] | None:
    """The glob that saves most, with the paths that it covers."""
    inside: dict[str, list[str]] = {}
    for path in sizes:
        folders = path.split("/")[:-1]
        for depth in range(len(folders)):
            inside.setdefault(f"/{'/'.join(folders[: depth + 1])}/", []).append(path)
        for name in sorted(set(folders)):
            inside.setdefault(f"{name}/", []).append(path)
        if path not in source:
            inside.setdefault(f"/{path}", [path])
    best: tuple[int, int, str] | None = None
    for glob, paths in inside.items():
        tokens = sum(sizes[p] for p in paths)
        of_source = sum(sizes[p] for p in paths if p in source)
        if tokens < least or of_source * 10 > tokens:
            continue
        # Of globs that save the same, an anchored one says best what it is about, the deeper the
        # better.
        candidate = (-tokens, -glob.count("/"), glob)
        best = candidate if best is None or candidate < best else best
    return None if best is None else (best[2], inside[best[2]])
