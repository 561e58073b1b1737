"""A manifest -> a tree of folders and files with sums, looked at one folder at a time; pure.

A folder's key is its path with a "/" at the end, the repository's is "", a file's is its path.
Nothing recurses: a hostile repository may be thousands of folders deep.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from bathy.agent.modes.tui.panels.treemap import Item
from bathy.agent.pack.manifest import Manifest, ManifestEntry
from bathy.tools.workspace import quote_path

LEFT_OUT = "left out"
"""Level of a file that the user has left out, beside those of a manifest."""

APPENDED = "appended"
"""Level of a file that the base does not hold and the overlay does."""

MIXED = "mixed"
"""Level of a folder whose files are at several."""

LIST, OVERLAY = "list", "overlay"
"""Classes of what is in the window and is no file: the list of files, and the overlay."""

Order = Literal["tokens", "name"]


@dataclass(frozen=True, slots=True)
class Appended:
    """What follows the frozen base: the paths that it speaks of, and its tokens in all."""

    paths: frozenset[str] = frozenset()
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """A file or folder.

    Attributes:
        key: See above.
        name: Fit for a terminal.
        tokens: In the pack.
        source_tokens: Of the text alone, also where it did not get in.
        files: 1 for a file.
        level: A manifest's, or one of those above.
        file_class: Of most of its tokens.
        appended: Files of it that the overlay speaks of.
        entry: Of a file; None for a folder, or a file that the manifest lacks.
        levels: Files at each level, in the order of their names.
    """

    key: str
    name: str
    tokens: int
    source_tokens: int
    files: int
    level: str
    file_class: str
    appended: int
    entry: ManifestEntry | None = None
    levels: tuple[tuple[str, int], ...] = ()

    @property
    def is_folder(self) -> bool:
        """Whether it holds others."""
        return not self.key or self.key.endswith("/")


@dataclass(frozen=True, slots=True)
class PackTree:
    """All of a pack.

    Attributes:
        nodes: By key.
        inside: Keys of what a folder holds, by its key.
        tree_tokens: Tokens of the list of files, which no file has.
        appended: What follows the base.
    """

    nodes: Mapping[str, Node]
    inside: Mapping[str, tuple[str, ...]]
    tree_tokens: int
    appended: Appended
    _sorted: dict[tuple[str, Order], tuple[Node, ...]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def children(self, key: str, order: Order = "tokens") -> tuple[Node, ...]:
        """Return what is in a folder, sorted; a folder with one folder alone stands for that."""
        if (kept := self._sorted.get((key, order))) is not None:
            return kept
        found = [self._joined(key, child) for child in self.inside.get(key, ())]
        if order == "tokens":
            found.sort(key=lambda node: (-node.tokens, -node.source_tokens, node.key))
        else:
            found.sort(key=lambda node: (not node.is_folder, node.key))
        return self._sorted.setdefault((key, order), tuple(found))

    def _joined(self, parent: str, key: str) -> Node:
        node, start = self.nodes[key], key
        while node.is_folder and len(inside := self.inside[key]) == 1 and inside[0][-1:] == "/":
            key = inside[0]
            node = self.nodes[key]
        if key == start:
            return node
        return replace(node, name=quote_path(key[len(parent) : -1]) + "/")

    def total(self, key: str) -> int:
        """Tokens of a folder; of the repository's, with all that is in the window."""
        return self.nodes[key].tokens + (0 if key else self.tree_tokens + self.appended.tokens)

    def map_items(self, key: str) -> tuple[Item, ...]:
        """Return what a treemap of a folder shows, each with what is in it, one level deep."""
        items = [
            Item(n.name, n.tokens, n.file_class, n.key, self._parts(n.key))
            for n in self.children(key)
        ]
        if not key:
            items.append(Item("(list of files)", self.tree_tokens, LIST))
            items.append(Item("(changes since)", self.appended.tokens, OVERLAY))
        return tuple(item for item in items if item.tokens)

    def _parts(self, key: str) -> tuple[Item, ...]:
        nodes = self.children(key) if key in self.inside else ()
        return tuple(Item(n.name, n.tokens, n.file_class, n.key) for n in nodes if n.tokens)


@dataclass(slots=True)
class _Sum:
    """Of a folder, while it is being added up."""

    tokens: int = 0
    source_tokens: int = 0
    appended: int = 0
    levels: Counter[str] = field(default_factory=Counter)
    classes: Counter[str] = field(default_factory=Counter)
    source_classes: Counter[str] = field(default_factory=Counter)

    def add_file(self, node: Node) -> None:
        self.tokens += node.tokens
        self.source_tokens += node.source_tokens
        self.appended += node.appended
        self.levels[node.level] += 1
        self.classes[node.file_class] += node.tokens
        self.source_classes[node.file_class] += node.source_tokens

    def add(self, other: "_Sum") -> None:
        self.tokens += other.tokens
        self.source_tokens += other.source_tokens
        self.appended += other.appended
        self.levels.update(other.levels)
        self.classes.update(other.classes)
        self.source_classes.update(other.source_classes)


def build_tree(
    manifest: Manifest,
    appended: Appended = Appended(),
    left_out: Iterable[ManifestEntry] = (),
) -> PackTree:
    """Add up a pack.

    Args:
        manifest: Of the base.
        appended: What follows it; paths that the manifest lacks come in as files without tokens.
        left_out: Files that an earlier manifest knew and the user has left out.
    """
    nodes = {entry.path: _file(entry, appended) for entry in manifest.files}
    for entry in left_out:
        if entry.path not in nodes:
            nodes[entry.path] = _left_out(entry)
    for path in appended.paths:
        if path not in nodes:
            nodes[path] = Node(path, _name(path), 0, 0, 1, APPENDED, "", 1)
    inside = _folders(nodes)
    sums = {key: _Sum() for key in inside}
    for path, node in nodes.items():
        sums[_above(path)].add_file(node)
    # The deepest first, so that a folder is complete before it is added to the one above it.
    for key in sorted(inside, key=lambda key: -key.count("/")):
        if key:
            sums[_above(key)].add(sums[key])
        nodes[key] = _folder(key, sums[key], manifest.name)
    frozen = {key: tuple(children) for key, children in inside.items()}
    return PackTree(nodes, frozen, manifest.tree_tokens, appended)


def _folders(paths: Iterable[str]) -> dict[str, list[str]]:
    inside: dict[str, list[str]] = {"": []}
    for path in paths:
        key, above = path, _above(path)
        while above not in inside:
            inside[above] = [key]
            key, above = above, _above(above)
        inside[above].append(key)
    return inside


def _above(key: str) -> str:
    return key[: key.rfind("/", 0, len(key) - 1) + 1]


def _name(key: str) -> str:
    name = key.removesuffix("/")
    return quote_path(name[name.rfind("/") + 1 :]) + "/" * (len(key) - len(name))


def _file(entry: ManifestEntry, appended: Appended) -> Node:
    sizes = entry.tokens, entry.source_tokens
    is_told = int(entry.path in appended.paths)
    name, what = _name(entry.path), entry.file_class
    return Node(entry.path, name, *sizes, 1, entry.level, what, is_told, entry)


def _left_out(entry: ManifestEntry) -> Node:
    name, source = _name(entry.path), entry.source_tokens
    return Node(entry.path, name, 0, source, 1, LEFT_OUT, entry.file_class, 0, entry)


def _folder(key: str, total: _Sum, repo: str) -> Node:
    level = next(iter(total.levels)) if len(total.levels) == 1 else MIXED
    sizes = total.classes if total.tokens else total.source_classes
    classes = sorted(sizes, key=lambda name: (-sizes[name], name))
    return Node(
        key,
        _name(key) if key else quote_path(repo),
        total.tokens,
        total.source_tokens,
        total.levels.total(),
        level if total.levels else "",
        classes[0] if classes else "",
        total.appended,
        levels=tuple(sorted(total.levels.items())),
    )
