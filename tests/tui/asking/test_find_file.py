import asyncio

from bathy.agent.modes.tui.asking.find_file import FindFile
from bathy.agent.modes.tui.input.complete import Finder
from bathy.agent.modes.tui.input.keymap import Keymap
from rich.cells import cell_len
from textual.app import App
from textual.pilot import Pilot

HOSTILE = "evil\x1b[2J\u202e[red].py"
WIDE = "src/两个线程/" + "深/" * 60 + "race.py"
PATHS = ["src/app.py", "src/api.py", "tests/test_app.py", WIDE, HOSTILE]


class Asking(App[None]):
    def __init__(self, finder: Finder, changed: Keymap | None = None) -> None:
        super().__init__()
        self.keymap = changed or Keymap()
        self.asked = FindFile(finder, keymap=self.keymap)
        self.got: list[str | None] = []

    def on_mount(self) -> None:
        self.set_keymap(self.keymap.for_textual())
        self.push_screen(self.asked, self.got.append)

    @property
    def rows(self) -> list[str]:
        found = self.asked.list
        return [found.render_line(y).text for y in range(found.size.height)]


async def type_in(app: Asking, pilot: Pilot[None], *keys: str) -> None:
    await pilot.pause()
    await pilot.press(*keys)
    await pilot.pause()


def test_letters_find_a_file_and_enter_takes_it() -> None:
    async def go() -> None:
        app = Asking(Finder(PATHS))
        async with app.run_test(size=(80, 24)) as pilot:
            await type_in(app, pilot, *"tapp")
            assert app.rows[0].rstrip() == "tests/test_app.py"
            assert app.asked.input.content_region.x == app.asked.list.content_region.x
            await type_in(app, pilot, "enter")
            assert app.got == ["tests/test_app.py"]

    asyncio.run(go())


def test_the_cursor_moves_and_escape_leaves() -> None:
    async def go() -> None:
        app = Asking(Finder([f"f{n:03}.py" for n in range(500)]))
        async with app.run_test(size=(80, 24)) as pilot:
            await type_in(app, pilot, "down", "down", "up")
            assert app.asked.list.chosen == "f001.py"
            await type_in(app, pilot, "pagedown", "pagedown")
            page = app.asked.list.size.height - 1
            assert app.asked.list.chosen == f"f{1 + 2 * page:03}.py"
            assert any(row.startswith(f"f{1 + 2 * page:03}") for row in app.rows)
            await type_in(app, pilot, *["pageup"] * 4)
            assert app.asked.list.chosen == "f000.py"
            await type_in(app, pilot, "escape")
            assert app.got == [None]

    asyncio.run(go())


def test_what_is_hostile_is_quoted_and_what_is_wide_is_cut() -> None:
    async def go() -> None:
        app = Asking(Finder(PATHS))
        async with app.run_test(size=(80, 24)) as pilot:
            await type_in(app, pilot)
            assert all(row.isprintable() for row in app.rows)
            assert any(r'"evil\033[2J\342\200\256[red].py"' in row for row in app.rows)
            width = app.asked.list.scrollable_content_region.width
            assert {cell_len(row) for row in app.rows} == {width}
            assert any(row.startswith("…") and row.rstrip().endswith("race.py") for row in app.rows)
            await type_in(app, pilot, *"evil")
            await pilot.click(app.asked.list, offset=(3, 0))
            await pilot.pause()
            assert app.got == [HOSTILE]

    asyncio.run(go())


def test_nothing_is_taken_where_nothing_is_found() -> None:
    async def go() -> None:
        app = Asking(Finder(PATHS))
        async with app.run_test(size=(80, 24)) as pilot:
            await type_in(app, pilot, *"qqq", "enter", "down", "pagedown")
            assert app.rows[0].rstrip() == "No packed file has these letters."
            assert app.got == []

    asyncio.run(go())


def test_of_80_000_files_only_rows_in_sight_are_drawn() -> None:
    drawn: list[int] = []

    async def go() -> None:
        app = Asking(Finder([f"pkg{n % 300}/part/module_{n}.py" for n in range(80_000)]))
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.pause()
            before = app.asked.list.render_line

            def render_line(y: int) -> object:
                drawn.append(y)
                return before(y)

            app.asked.list.render_line = render_line  # type: ignore[method-assign,assignment]
            await type_in(app, pilot, *"module_79999")
            assert app.asked.list.chosen == "pkg199/part/module_79999.py"
            assert max(drawn) < 40

    asyncio.run(go())


def test_its_keys_can_be_changed() -> None:
    changed = Keymap({"files.down": ("ctrl+n",), "files.open": ("f12",)})

    async def go() -> None:
        app = Asking(Finder(PATHS), changed)
        async with app.run_test(size=(80, 24)) as pilot:
            await type_in(app, pilot, "enter", "ctrl+n", "f12")
            assert app.got == ["src/app.py"]

    asyncio.run(go())
