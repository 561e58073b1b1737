"""The tree of a pack as a list of rows; only rows on the screen are drawn, only open folders read.

The rows of a folder come to be when it is opened, so a repository of any size costs what is seen.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from bathy.agent.modes.tui.input.keymap import bindings
from bathy.agent.modes.tui.panels.pack_tree import Node, Order, PackTree
from bathy.agent.modes.tui.panels.pack_words import row_text
from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip


class Row(NamedTuple):
    """One line: a node and how deep it stands below the root of the list."""

    node: Node
    depth: int


class TreeList(ScrollView, can_focus=True):
    """Lists what is in a folder; folders in it open and close in place."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("moving", "pack.open")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"tree--cursor", "tree--faint"}
    DEFAULT_CSS = """
    TreeList {
        overflow-x: hidden;
        & > .tree--cursor {
            color: $block-cursor-blurred-foreground;
            background: $block-cursor-blurred-background;
            text-style: bold;
        }
        &:focus > .tree--cursor {
            color: $block-cursor-foreground;
            background: $block-cursor-background;
            text-style: bold;
        }
        & > .tree--faint { color: $foreground 60%; }
    }
    """

    @dataclass
    class Highlighted(Message):
        """The user went to a row."""

        key: str

    @dataclass
    class Opened(Message):
        """The user wants to see what is in a folder, and nothing else."""

        key: str

    def __init__(self, *, is_ascii: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self._is_ascii = is_ascii
        self._tree: PackTree | None = None
        self._order: Order = "tokens"
        self._root, self._total = "", 0
        self._open: set[str] = set()
        self._rows: list[Row] = []
        self._at = 0

    @property
    def rows(self) -> list[Row]:
        """What can be scrolled to."""
        return self._rows

    @property
    def selected(self) -> str | None:
        """Key of the row with the cursor."""
        return self._rows[self._at].node.key if self._rows else None

    def show(self, tree: PackTree, root: str, order: Order) -> None:
        """List a folder; what was open stays open, and the cursor where it was."""
        kept = self.selected
        self._tree, self._root, self._order = tree, root, order
        self._total = tree.total(root)
        self._rows = self._below(root, 0)
        self.virtual_size = Size(0, len(self._rows))
        self._at = 0
        if kept is not None:
            self.select(kept)
        self.refresh()

    def _below(self, key: str, depth: int) -> list[Row]:
        """Rows of a folder, with those of open folders in it."""
        assert self._tree is not None
        rows = list[Row]()
        todo = [Row(node, depth) for node in reversed(self._tree.children(key, self._order))]
        while todo:
            row = todo.pop()
            rows.append(row)
            if row.node.key in self._open and row.node.is_folder:
                children = self._tree.children(row.node.key, self._order)
                todo += (Row(child, row.depth + 1) for child in reversed(children))
        return rows

    def select(self, key: str) -> None:
        """Go to the row of a file or folder, or of the closed folder around it; tells nobody."""
        best, found = -1, self._at
        for number, (node, _) in enumerate(self._rows):
            is_around = node.is_folder and key.startswith(node.key)
            if (is_around or node.key == key) and len(node.key) > best:
                best, found = len(node.key), number
        self._place(found)

    def _place(self, at: int) -> None:
        before, self._at = self._at, at
        self.refresh_line(before)
        self.refresh_line(at)
        self.scroll_to_region(Region(0, at, 1, 1), animate=False, force=True, immediate=True)

    def _go(self, at: int) -> None:
        if self._rows:
            self._place(min(max(at, 0), len(self._rows) - 1))
            self.post_message(self.Highlighted(self._rows[self._at].node.key))

    def on_resize(self) -> None:
        """Keep the row with the cursor in sight: the next key would act on it unseen."""
        if self._rows:
            self._place(self._at)

    def render_line(self, y: int) -> Strip:
        """Return one row of the screen."""
        at, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        if at >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        node, depth = self._rows[at]
        is_open = node.key in self._open if node.is_folder else None
        text = row_text(
            node,
            depth,
            width,
            total=self._total,
            is_open=is_open,
            is_selected=at == self._at,
            is_ascii=self._is_ascii,
        )
        style = self.rich_style
        if at == self._at:
            style = self.get_component_rich_style("tree--cursor")
        elif not node.tokens:
            style = self.get_component_rich_style("tree--faint")
        return Strip([Segment(text, style)], width)

    def action_move(self, by: int) -> None:
        """Go up or down."""
        self._go(self._at + by)

    def action_move_page(self, by: int) -> None:
        """Go up or down by what is on the screen."""
        self._go(self._at + by * max(1, self.size.height - 1))

    def action_home(self) -> None:
        """Go to the first row."""
        self._go(0)

    def action_end(self) -> None:
        """Go to the last row."""
        self._go(len(self._rows) - 1)

    def action_move_side(self, step: int) -> None:
        """Unfold the folder, or fold it."""
        if step > 0:
            self._unfold()
        else:
            self._fold()

    def _unfold(self) -> None:
        """Show what is in the folder below it; if that is shown, go there."""
        if not self._rows:
            return
        node, depth = self._rows[self._at]
        if node.is_folder and node.key not in self._open:
            self._open.add(node.key)
            self._rows[self._at + 1 : self._at + 1] = self._below(node.key, depth + 1)
            self._resized()
        elif node.is_folder:
            self._go(self._at + 1)

    def _fold(self) -> None:
        """Hide what is in the folder; if it is closed, go to the folder around it."""
        if not self._rows:
            return
        node, depth = self._rows[self._at]
        if node.is_folder and node.key in self._open:
            self._open.discard(node.key)
            end = self._at + 1
            while end < len(self._rows) and self._rows[end].depth > depth:
                end += 1
            del self._rows[self._at + 1 : end]
            self._resized()
        else:
            above = range(self._at, -1, -1)
            self._go(next((n for n in above if self._rows[n].depth < depth), self._at))

    def action_open(self) -> None:
        """Look into the folder, if it is one."""
        if self._rows and self._rows[self._at].node.is_folder:
            self.post_message(self.Opened(self._rows[self._at].node.key))

    def on_click(self, event: events.Click) -> None:
        """Go to a row; open it if the cursor was there."""
        offset = event.get_content_offset(self)
        at = offset.y + self.scroll_offset.y if offset is not None else len(self._rows)
        if at < len(self._rows):
            if at == self._at:
                self.action_open()
            else:
                self._go(at)

    def _resized(self) -> None:
        self.virtual_size = Size(0, len(self._rows))
        self.refresh()
