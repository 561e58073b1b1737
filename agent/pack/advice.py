"""A repository that does not fit -> globs for `--exclude` that would make the rest fit whole."""

from collections.abc import Iterable

from bathy.agent.index.build import SourceFile
from bathy.agent.index.files import FileClass
from bathy.agent.pack.fit import estimate_tokens

MOST_GLOBS = 10

_MIN_SHARE = 0.01


def exclude_globs(files: Iterable[SourceFile], *, capacity_tokens: int) -> tuple[str, ...]:
    """Suggest what to leave out.

    Folders whose text is mostly not source come first, the largest first; then single large files
    that are not source. Source is never suggested: what to give up there is the user's to know.

    Args:
        files: Text files of the repository.
        capacity_tokens: What the rest is to fit into.

    Returns:
        Anchored gitignore globs, at most `MOST_GLOBS`; () if everything fits.
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
        parts = path.split("/")
        for depth in range(1, len(parts)):
            inside.setdefault("/".join(parts[:depth]), []).append(path)
        if path not in source:
            inside.setdefault(path, [path])
    best: tuple[int, int, str] | None = None
    for name, paths in inside.items():
        tokens = sum(sizes[p] for p in paths)
        of_source = sum(sizes[p] for p in paths if p in source)
        if tokens < least or of_source * 10 > tokens:
            continue
        # Of two that save the same, the deeper folder says better what it is about.
        candidate = (-tokens, -name.count("/"), name)
        best = candidate if best is None or candidate < best else best
    if best is None:
        return None
    name = best[2]
    return (f"/{name}" if inside[name] == [name] else f"/{name}/"), inside[name]
