"""The pack screen: what is in the window, as a map and as a tree, and what to leave out of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from bathy.agent.modes.terminal import printable
from bathy.agent.modes.tui.input.keymap import Keymap, bindings
from bathy.agent.modes.tui.panels.choice import Choice
from bathy.agent.modes.tui.panels.figures import cut
from bathy.agent.modes.tui.panels.fitting import Fitting
from bathy.agent.modes.tui.panels.pack_tree import Appended
from bathy.agent.modes.tui.panels.pack_views import PackViews
from bathy.agent.modes.tui.panels.pack_words import (
    Place,
    Price,
    detail_text,
    head_text,
    legend_text,
    merged_text,
    refit_text,
)
from bathy.agent.modes.tui.panels.treemap_lines import legend
from bathy.agent.modes.tui.viewer.keybar import KeyBar
from bathy.agent.pack.manifest import Manifest
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Static

PriceOf = Callable[[int], Price | None]
"""Tokens of a prompt -> its price, or None if it is not known."""

_NOTHING_YET, _NOWHERE = Appended(), Place()
_KEYS = (
    ("pack.open", "open"),
    ("pack.out", "out"),
    ("pack.exclude", "exclude"),
    ("pack.include", "include"),
    ("pack.undo", "undo"),
    ("pack.sort", "sort"),
    ("pack.switch", "map or tree"),
    ("pack.back", "back"),
)


class PackScreen(Screen[None]):
    """Shows a manifest; asks for another one by `Refit`."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - as Textual has it
    VERTICAL_BREAKPOINTS = [(0, "-short"), (36, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("pack.out", "pack.exclude", "pack.include", "pack.undo", "pack.sort"),
        *bindings("pack.switch", "pack.back"),
    ]
    DEFAULT_CSS = """
    PackScreen {
        #pack-head { height: 2; padding: 0 1; text-style: bold; }
        #pack-legend { height: 1; padding: 0 1; color: $foreground 70%; }
        #pack-news { height: 1; padding: 0 1; color: $text-accent; text-style: bold; }
        #pack-detail { height: 5; padding: 0 1; overflow: hidden; }
        &.-wide #pack-detail { height: 6; }
        &.-narrow PackViews { layout: vertical; }
        &.-narrow TreemapView, &.-narrow TreeList { width: 1fr; height: 1fr; margin: 0; }
        &.-narrow.-short PackViews.-map TreeList { display: none; }
        &.-narrow.-short PackViews.-tree TreemapView { display: none; }
    }
    """

    @dataclass
    class Refit(Message):
        """The pack is to be made anew with these globs; `set_manifest` or `refit_failed` follows.

        Attributes:
            include: Read only these; () for all.
            exclude: Leave these out.
        """

        include: tuple[str, ...]
        exclude: tuple[str, ...]

    def __init__(
        self,
        price: PriceOf,
        *,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        is_ascii: bool = False,
        keymap: Keymap | None = None,
    ) -> None:
        """Set up; nothing is shown before `set_manifest`.

        Args:
            price: Of so many tokens.
            include: Globs of the settings that the first manifest is made with.
            exclude: The same.
            is_ascii: Draw with ASCII alone.
            keymap: For the words alone; the bindings follow `App.set_keymap`.
        """
        super().__init__()
        self._keymap = keymap or Keymap()
        self._price, self._is_ascii = price, is_ascii
        self._dot = " | " if is_ascii else " · "
        self._place, self._session = _NOWHERE, ""
        self._fitting = Fitting(Choice(tuple(include), tuple(exclude)))
        self.views = PackViews(is_ascii=is_ascii)

    def compose(self) -> ComposeResult:
        """Yield the parts."""
        yield Static(id="pack-head", markup=False)
        yield self.views
        yield Static(id="pack-legend", markup=False)
        yield Static(id="pack-news", markup=False)
        yield Static(id="pack-detail", markup=False)
        yield KeyBar(self._keymap, *_KEYS)

    def on_mount(self) -> None:
        """Show what there is so far."""
        self.set_focus(self.views.map)
        self._show()

    def on_resize(self, event: events.Resize) -> None:
        """Cut the texts anew."""
        self._tell()

    def set_manifest(
        self,
        manifest: Manifest,
        appended: Appended = _NOTHING_YET,
        place: Place = _NOWHERE,
        *,
        session: str = "",
    ) -> None:
        """Show a pack: the first one, one fitted anew, or one of a repository that has changed.

        Args:
            manifest: Of the frozen base.
            appended: What follows it.
            place: Where it stands.
            session: What it means for the session, as of `Packed`.
        """
        self._place, self._session = place, session
        self._fitting.take(manifest, appended)
        self._show()

    def refit_failed(self, text: str) -> None:
        """Say why the last `Refit` gave no pack, and go back to the choice before it."""
        self._fitting.fail(printable(text).replace("\n", " "))
        self._tell()

    def _show(self) -> None:
        tree = self._fitting.tree
        if tree is not None and self.is_running:
            self.views.show(tree)
            self._tell()

    def _tell(self) -> None:
        """Bring the sentences up to date."""
        fitting, manifest = self._fitting, self._fitting.manifest
        if manifest is None or not self.is_running:
            return
        price = self._price(fitting.tokens)
        head = head_text(manifest, fitting.appended, price, self._place, dot=self._dot)
        self._write("head", "\n".join(map(self._cut, head.split("\n"))))
        kinds = legend(is_ascii=self._is_ascii)
        self._write("legend", legend_text(kinds, self.size.width - 2))
        self._say(self._what_is_new(price))
        self._detail()

    def _cut(self, line: str) -> str:
        return cut(line, self.size.width - 2, is_ascii=self._is_ascii)

    def _write(self, part: str, text: str) -> None:
        self.query_one(f"#pack-{part}", Static).update(text)

    def _say(self, text: str) -> None:
        self._write("news", self._cut(text))

    def _what_is_new(self, price: Price | None) -> str:
        fitting = self._fitting
        if fitting.waiting:
            return f"fitting anew {'...' if self._is_ascii else '…'}"
        if fitting.problem or fitting.was_tokens is None:
            return fitting.problem
        undo = self._keymap.shown("pack.undo")
        return refit_text(
            fitting.was_tokens, fitting.tokens, price, session=self._session, undo=undo
        )

    def _detail(self) -> None:
        manifest, tree = self._fitting.manifest, self._fitting.tree
        if manifest is None or tree is None:
            return
        key, cell, text = self.views.key, self.views.cell, ""
        if key is not None and key in tree.nodes:
            text = detail_text(
                tree.nodes[key],
                manifest,
                total=tree.total(""),
                width=self.size.width - 2,
                dot=self._dot,
                is_ascii=self._is_ascii,
            )
        elif cell is not None:
            text = merged_text(cell.items, self._fitting.tokens)
        self._write("detail", text)

    def on_pack_views_selected(self, event: PackViews.Selected) -> None:
        """Tell of what the user went to."""
        event.stop()
        self._detail()

    def action_zoom_out(self) -> None:
        """Look at the folder around this one again."""
        self.views.zoom_out()

    def action_leave_out(self) -> None:
        """Ask for a pack without what is selected."""
        key = self._keymap.shown("pack.include")
        told = "it is left out already" + (f"; {key} puts it back" if key else "")
        self._choose(self._fitting.leave_out, told)

    def action_put_back(self) -> None:
        """Ask for a pack with what is selected."""
        self._choose(self._fitting.put_back, "it is not left out; why it is in as it is:")

    def _choose(self, choose: Callable[[str], bool], otherwise: str) -> None:
        if not self.views.key:
            self._say("select one file or folder first")
        elif choose(self.views.key):
            self._ask()
        else:
            self._say(otherwise)

    def action_undo(self) -> None:
        """Take the last choice back."""
        if self._fitting.undo():
            self._ask()
        else:
            self._say("there is nothing to undo")

    def _ask(self) -> None:
        choice = self._fitting.choice
        self._tell()
        self.post_message(self.Refit(choice.include, choice.globs))

    def action_sort(self) -> None:
        """Sort the tree by the other order."""
        self.views.sort()
        self._say(f"sorted by {self.views.order}")

    def action_switch(self) -> None:
        """Go to the other view."""
        self.views.switch()

    def action_back(self) -> None:
        """Leave the screen."""
        self.dismiss()
