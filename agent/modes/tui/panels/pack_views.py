"""The map and the tree of a pack, kept in step: one selection, one folder looked at."""

from dataclasses import dataclass
from typing import Literal

from bathy.agent.modes.tui.panels.pack_tree import Order, PackTree
from bathy.agent.modes.tui.panels.tree_list import TreeList
from bathy.agent.modes.tui.panels.treemap import Cell
from bathy.agent.modes.tui.panels.treemap_view import TreemapView
from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

View = Literal["map", "tree"]


class PackViews(Container):
    """Side by side, one above the other, or one at a time, as the classes of the screen say."""

    DEFAULT_CSS = """
    PackViews {
        height: 1fr;
        layout: horizontal;
        TreemapView { width: 3fr; }
        TreeList { width: 2fr; margin-left: 1; }
    }
    """

    @dataclass
    class Selected(Message):
        """The user went to something."""

    def __init__(self, *, is_ascii: bool = False) -> None:
        super().__init__(classes="-map")
        self.map = TreemapView(is_ascii=is_ascii)
        self.list = TreeList(is_ascii=is_ascii)
        self.order: Order = "tokens"
        self.key: str | None = None
        self._pack: PackTree | None = None
        self._zooms = [""]
        self._view: View = "map"

    @property
    def cell(self) -> Cell | None:
        """What is selected in the map."""
        return self.map.selected

    def compose(self) -> ComposeResult:
        """Yield both."""
        yield self.map
        yield self.list

    def show(self, tree: PackTree) -> None:
        """Show a pack; what was looked at stays, as far as it is still there."""
        self._pack = tree
        self._zooms = [key for key in self._zooms if key in tree.inside] or [""]
        self._show()

    def _show(self) -> None:
        tree = self._pack
        if tree is None:
            return
        zoom = self._zooms[-1]
        self.map.show(tree.map_items(zoom))
        self.list.show(tree, zoom, self.order)
        if self.key is not None and self.key in tree.nodes:
            self.list.select(self.key)
        else:
            self.key = self.list.selected
        self.map.select(self.key)
        self.post_message(self.Selected())

    def sort(self) -> None:
        """Sort the tree by the other order."""
        self.order = "name" if self.order == "tokens" else "tokens"
        self._show()

    def zoom_out(self) -> None:
        """Look at the folder around this one again."""
        if len(self._zooms) > 1:
            self.key = self._zooms.pop()
            self._show()

    def switch(self) -> None:
        """Go to the other view; where there is room for one only, show that."""
        self._look("tree" if self._view == "map" else "map")
        (self.list if self._view == "tree" else self.map).focus()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Remember which view is worked in."""
        self._look("tree" if event.widget is self.list else "map")

    def _look(self, view: View) -> None:
        self._view = view
        self.set_class(view == "map", "-map")
        self.set_class(view == "tree", "-tree")

    def on_treemap_view_highlighted(self, event: TreemapView.Highlighted) -> None:
        """Follow the map with the tree."""
        event.stop()
        item = event.cell.item
        self.key = item.key if item is not None else None
        if self.key is not None:
            self.list.select(self.key)
        self.post_message(self.Selected())

    def on_tree_list_highlighted(self, event: TreeList.Highlighted) -> None:
        """Follow the tree with the map."""
        event.stop()
        self.key = event.key
        self.map.select(event.key)
        self.post_message(self.Selected())

    def on_treemap_view_opened(self, event: TreemapView.Opened) -> None:
        """Look into a folder."""
        event.stop()
        self._zoom_in(event.key)

    def on_tree_list_opened(self, event: TreeList.Opened) -> None:
        """Look into a folder."""
        event.stop()
        self._zoom_in(event.key)

    def _zoom_in(self, key: str) -> None:
        if self._pack is not None and self._pack.inside[key]:
            self._zooms.append(key)
            self.key = None
            self._show()
