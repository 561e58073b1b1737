"""The full screen with every kind of content on it, for tests of how it looks."""

from collections.abc import Iterable

from bathy.agent.loop.citations import CheckedCitation, Cited, Status
from bathy.agent.modes.tui.input.composer import Composer
from bathy.agent.modes.tui.input.history import History
from bathy.agent.modes.tui.input.keymap import Keymap
from bathy.agent.modes.tui.input.popup import Choice, Popup
from bathy.agent.modes.tui.input.waiting import Hint, Waiting
from bathy.agent.modes.tui.looks import CSS, Look, colored, dress, hold_cursor
from bathy.agent.modes.tui.panels.pack_screen import PackScreen
from bathy.agent.modes.tui.panels.pack_tree import Appended
from bathy.agent.modes.tui.panels.side import SidePanel
from bathy.agent.modes.tui.panels.side_rows import CitedPlace, SideState, TurnLine
from bathy.agent.modes.tui.panels.status import StatusLine
from bathy.agent.modes.tui.panels.status_row import StatusState, keys_of
from bathy.agent.modes.tui.panels.treemap import Item
from bathy.agent.modes.tui.review.hunks import review_of
from bathy.agent.modes.tui.review.screen import ReviewScreen
from bathy.agent.modes.tui.transcript.blocks import FileChange
from bathy.agent.modes.tui.transcript.view import Transcript
from bathy.agent.modes.tui.viewer.screen import ViewerScreen
from bathy.agent.pack.manifest import Manifest, ManifestEntry
from bathy.tools.diff import FileState
from textual.app import App, ComposeResult
from textual.command import CommandPalette
from textual.containers import Horizontal, Vertical
from textual.events import DescendantFocus
from textual.widgets import Static

BUSY = StatusState(
    used_tokens=690_000,
    window_tokens=1_000_000,
    cached_share=0.97,
    turn_usd=0.021,
    session_usd=0.19,
    phase="answering",
    is_busy=True,
    since_s=100.0,
    streamed_tokens=744,
    keys=keys_of(Keymap(), [("everywhere.palette", "commands"), ("everywhere.help", "help")]),
)
SIDE = SideState(
    files=412,
    used_tokens=688_000,
    window_tokens=1_000_000,
    blocks=(
        Item(
            "src/", 60, "source", "src/", (Item("app.py", 40, "source"), Item("x.md", 20, "test"))
        ),
        Item("tests/", 25, "test"),
        Item("docs/", 12, "documentation"),
        Item("conf/", 9, "configuration"),
        Item("data/", 8, "data"),
    ),
    cited=(
        CitedPlace(1, "src/flask/app.py", 412, "verified"),
        CitedPlace(2, "src/flask/a_rather_long_folder/scaffold.py", 88, "repaired"),
        CitedPlace(3, "gone.py", 7, "unverified"),
        CitedPlace(4, "gone.py", 8, "invalid"),
    ),
    turn_usd=0.021,
    session_usd=0.19,
    cached_share=0.97,
    saved_usd=1.42,
    tokens_per_s=61.2,
    turns=tuple(
        TurnLine(at, "routing bug", how)
        for at, how in enumerate(("answered", "stopped", "failed", "under way"), 1)
    ),
)
STATUSES: tuple[Status, ...] = ("verified", "repaired", "unverified", "invalid")
ANSWER = """\
# Where it is made

The map is created once {0} and extended by `add_url_rule` {1}, says {wide}; see
[the docs](https://example.org) and {2} {3}. **Bold**, *slanted*, ~~struck~~.

- one
  - two
    - three

1. first

> A quote of {wide}.

| place | {wide} | line |
|:--|:-:|--:|
| app.py | yes | 412 |

---

```python
@route("/")
class App(Base):  # {wide}
    \"\"\"Text.\"\"\"
    def add(self, n: int = 0x1F) -> str:
        return f"{{n}}" if n is not None else "a" + '{wide}' * 2.5
```
"""
CODE = [
    "import os",
    "@decorated",
    "class Cart:",
    '    """Holds {wide}."""',
    "    def add(self, item: int = 3) -> bool:  # {wide}",
    "        return item is not None and 'text' == f\"{item}\"",
    *(f"x{number} = {number}" for number in range(60)),
    "a_long_line = " + "1 + " * 90 + "1",
]


def wide(is_ascii: bool) -> str:
    """A word that takes two cells a character, or one of ASCII."""
    return "two threads" if is_ascii else "两个线程"


class Stage(App[None]):
    """The main screen; other screens are pushed by tests."""

    CSS = (
        CSS
        + """
    #top { height: 1; background: $panel; padding: 0 1; }
    #body { height: 1fr; }
    SidePanel { width: 34; border-left: vkey $border-blurred; display: none; }
    .-wide SidePanel { display: block; }
    .-ascii Composer { border-top: ascii $border-blurred; }
    """
    )
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012

    def __init__(self, look: Look) -> None:
        with colored(look) as ansi_color:
            super().__init__(ansi_color=ansi_color)
        dress(self, look)
        self.look = look
        self.word = wide(look.is_ascii)
        is_ascii = look.is_ascii
        self.transcript = Transcript(glyphs="ascii" if is_ascii else "unicode", fps=look.fps)
        self.side = SidePanel(is_ascii=is_ascii)
        self.popup = Popup(is_ascii=is_ascii)
        self.waiting = Waiting(Keymap(), is_ascii=is_ascii)
        self.hint = Hint(Keymap(), is_ascii=is_ascii)
        self.line = StatusLine(is_ascii=is_ascii, is_still=not look.has_motion, clock=lambda: 112.4)

    def compose(self) -> ComposeResult:
        yield Static("bathy", id="top", markup=False)
        with Horizontal(id="body"):
            with Vertical():
                yield self.transcript
                with Vertical(id="parts"):
                    yield self.waiting
                    yield self.popup
                    yield self.hint
                yield Composer(History(None, str), is_ascii=self.look.is_ascii)
            yield self.side
        yield self.line

    def on_mount(self) -> None:
        self.query_one("#parts").styles.height = "auto"
        self.query_one(Composer).area.insert(f"Explain {self.word} in @src/flask/ctx.py")
        self.side.show(SIDE)
        self.line.show(BUSY)
        self.waiting.show([f"and {self.word}?", "x " * 90, "third", "fourth"], busy=False)
        self.hint.show(busy=True)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        hold_cursor(event)

    def action_command_palette(self) -> None:
        # Textual's own words for it end in an ellipsis.
        self.push_screen(CommandPalette(placeholder="Search for commands"))

    def tell(self) -> None:
        """Put one of everything into the transcript."""
        shown, word = self.transcript, self.word
        shown.add_prompt(f"Where is the URL map built, and can {word} race on it?")
        shown.stream_reasoning(f"The user asks about {word}. " * 9)
        shown.add_tool("1", "grep", '{"pattern": "url_map.add"}')
        shown.finish_tool("1", "14 hits", False, "app.py:1\n")
        shown.add_tool("2", "read_file", '{"path": "gone.py"}')
        shown.finish_tool("2", "there is no file gone.py", True, f"there is no {word}\n" * 20)
        shown.stream_answer("soon to be replaced")
        text, cited = answer(word)
        shown.finish_answer(cited, text)
        shown.add_evidence(
            [(("src/a.py", 3, 5), "Cart.add", ["def add(self):", f"    # {word}"])], is_answer=True
        )
        shown.add_patch([FileChange("src/a.py", 3, 1)])
        shown.add_patch([FileChange("src/a.py", 3, 1)], "abc123")
        shown.add_notice(f"the next question begins a new session: {word}")
        shown.add_error("402 insufficient balance; top up and try again")
        shown.add_tool("3", "history", "{}")
        shown.stream_reasoning("More of it.")

    def offer(self) -> None:
        """Open the names above the composer."""
        self.popup.offer(
            [
                Choice("a", "/attach FILE", note="send a picture along"),
                Choice("b", "/copy", (1, 2), note="copy the last answer, as " + "so " * 40),
                Choice("c", "/exclude GLOB", note="leave files out of the pack"),
            ]
        )

    def offer_files(self) -> None:
        """Open them for a file."""
        self.popup.offer(
            [
                Choice("a", "src/" + "deep/" * 40 + f"{self.word}.py", (180, 190)),
                Choice("b", "src/app.py", (4, 5, 6)),
            ]
        )


def answer(word: str) -> tuple[str, list[Cited]]:
    """An answer with a citation of each status."""
    parts, cited, at = ANSWER.split("{wide}"), [], 0
    text = word.join(parts).replace("{{", "{").replace("}}", "}")
    for number, status in enumerate(STATUSES):
        written = f"[src/flask/app.py:{412 + number}]"
        at = text.index(f"{{{number}}}")
        text = text.replace(f"{{{number}}}", written, 1)
        citation = CheckedCitation("src/flask/app.py", 412 + number, 412 + number, status, written)
        cited.append(Cited(at + 1, at + len(written) - 1, citation))
    return text, cited


def pack_screen(look: Look) -> PackScreen:
    """The pack of a repository with files of all classes and levels."""
    word = wide(look.is_ascii)
    classes = ("source", "test", "documentation", "configuration", "data", "list")
    levels = ("full", "outline", "path", "skipped")
    files = tuple(
        ManifestEntry(
            f"{kind}/{level}-{word}.py", "b", kind, level, 9_000, (20_000 >> at) * (at < 3), 1, 1,
            f"{kind}; used by 3 files",
        )
        for kind in classes
        for at, level in enumerate(levels)
    )  # fmt: skip
    tokens = sum(file.tokens for file in files)
    screen = PackScreen(lambda tokens: (tokens * 1e-7, tokens * 1e-9), is_ascii=look.is_ascii)
    manifest = Manifest(
        "repo", "3f2a1c9" * 5, False, "t", 900_000, tokens, 1_000, files, 0, 0,
        "The whole repository fits.", ("docs/",), (),
    )  # fmt: skip
    screen.set_manifest(manifest, Appended(frozenset({"source/full.py", "new.py"}), 2_000))
    return screen


def viewer_screen(look: Look) -> ViewerScreen:
    """A file with some lines marked."""
    lines = [line.replace("{wide}", wide(look.is_ascii)) for line in CODE]
    return ViewerScreen("src/cart.py", lines, (4, 6), is_ascii=look.is_ascii)


def review_screen(look: Look, now_s: Iterable[float]) -> ReviewScreen:
    """Edits of all kinds."""
    before = "".join(f"line {number}\n" for number in range(1, 61))
    after = before.replace("line 5\n", f"line five {wide(look.is_ascii)}\n" + "long " * 60 + "\n")
    after = after.replace("line 30\n", "line 30\nmore\n").replace("line 55\n", "")
    states = {
        "src/a.py": (FileState(before.encode()), FileState(after.encode())),
        "b.py": (FileState(None), FileState(b"new\n")),
        "c.py": (FileState(b"old\n"), FileState(None)),
    }
    clock = iter(now_s)
    return ReviewScreen(
        review_of(states), title="fix it", clock=lambda: next(clock), is_ascii=look.is_ascii
    )
