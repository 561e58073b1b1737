import asyncio
from collections.abc import Awaitable, Callable

import pytest
from bathy.agent.modes.tui.panels.pack_screen import PackScreen
from bathy.agent.modes.tui.panels.pack_tree import Appended
from bathy.agent.modes.tui.panels.pack_words import Place
from bathy.agent.pack.manifest import Manifest, ManifestEntry
from rich.cells import cell_len
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Static

HOSTILE = "evil\x1b[2J\n\u202e.py"
SIZES = {
    "src/app.py": 200_000,
    "src/两个线程/race.py": 60_000,
    "src/两个线程/lock.py": 40_000,
    "tests/test_app.py": 90_000,
    "docs/guide.md": 75_000,
    HOSTILE: 30_000,
}
CLASSES = {"src": "source", "tests": "test", "docs": "documentation"}


def entry(path: str, tokens: int, at: int) -> ManifestEntry:
    what = CLASSES.get(path.split("/", maxsplit=1)[0], "source")
    reason = f"{what}; used by 3 files; the whole repository fits"
    return ManifestEntry(path, "b", what, "full", tokens - 100, tokens, at, at + 1, reason)


def pack(*left_out: str, sizes: dict[str, int] = SIZES) -> Manifest:
    files = [
        entry(path, tokens, at)
        for at, (path, tokens) in enumerate(sorted(sizes.items()), 1)
        if not path.startswith(left_out or ("\0",))
    ]
    tokens = 1_000 + sum(file.tokens for file in files)
    return Manifest(
        "repo", "3f2a1c9" * 5, False, "t", 900_000, tokens, 1_000, tuple(files), 0, 0,
        "The whole repository fits.", ("docs/",), (),
    )  # fmt: skip


def price(tokens: int) -> tuple[float, float]:
    return tokens * 1.5e-7, tokens * 3e-9


class Shown(App[None]):
    def __init__(self, screen: PackScreen) -> None:
        super().__init__()
        self.pack = screen
        self.asked: list[PackScreen.Refit] = []

    def on_mount(self) -> None:
        self.push_screen(self.pack)

    def on_pack_screen_refit(self, event: PackScreen.Refit) -> None:
        self.asked.append(event)

    def told(self, part: str) -> str:
        return str(self.pack.query_one(f"#pack-{part}", Static).content)

    def rows(self) -> list[str]:
        """What is on the screen, row by row."""
        strips = self.screen._compositor.render_strips()
        return [strip.text for strip in strips]


Play = Callable[[Shown, Pilot[None]], Awaitable[None]]


def run(play: Play, screen: PackScreen | None = None, size: tuple[int, int] = (120, 40)) -> None:
    async def all_of_it() -> None:
        shown = screen or PackScreen(price)
        if screen is None:
            appended = Appended(frozenset({"src/app.py", "new.py"}), 2_000)
            shown.set_manifest(pack(), appended, Place("77e0c41" * 5, 1_000_000))
        app = Shown(shown)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await play(app, pilot)

    asyncio.run(all_of_it())


def test_it_shows_what_is_frozen_what_is_appended_and_the_price() -> None:
    async def play(app: Shown, pilot: Pilot[None]) -> None:
        assert app.told("head") == (
            "repo @ 77e0c41 · 498k of 1.00M window (50%) · 6 files\n"
            "frozen base 496k @ 3f2a1c9 · $0.075 cold, $0.001 warm · appended 2.0k of 2 changed files"
        )
        assert app.told("detail") == (
            "src/\n● full · source · 300,000 tokens · 299,700 of text alone · 60% of the pack\n"
            "3 files: 3 full\n1 file changed since the base; told in what is appended"
        )
        await pilot.press("tab", "end")
        assert app.told("detail").splitlines()[0::2] == [
            "new.py",
            "new since the base; its text is appended",
        ]

    run(play)


def test_both_prices_are_seen_on_a_narrow_screen() -> None:
    async def play(app: Shown, pilot: Pilot[None]) -> None:
        assert "$0.075 cold, $0.001 warm" in app.told("head")

    run(play, size=(80, 24))


@pytest.mark.parametrize("size", [(120, 40), (100, 24), (80, 24), (80, 50), (30, 12)])
@pytest.mark.parametrize("is_ascii", [False, True])
def test_every_row_fits_and_nothing_drives_the_terminal(
    size: tuple[int, int], is_ascii: bool
) -> None:
    screen = PackScreen(price, is_ascii=is_ascii)
    screen.set_manifest(pack())

    async def play(app: Shown, pilot: Pilot[None]) -> None:
        for keys in ((), ("tab",), ("end",), ("tab", "enter")):
            await pilot.press(*keys)
            await pilot.pause()
            rows = app.rows()
            assert [cell_len(row) for row in rows] == [size[0]] * size[1]
            assert all(row.isprintable() for row in rows)

    run(play, screen, size)


@pytest.mark.parametrize("size", [(120, 40), (60, 24)])
def test_it_can_do_with_ascii(size: tuple[int, int]) -> None:
    screen = PackScreen(price, exclude=["*.lock"], is_ascii=True)
    screen.set_manifest(pack(sizes={HOSTILE: 10, "src/a.py": 90_000, "tests/b.py": 60_000}))

    async def play(app: Shown, pilot: Pilot[None]) -> None:
        for key in ("right", "x", "tab", "down"):
            await pilot.press(key)
            await pilot.pause()
            assert all(row.isascii() for row in app.rows())

    run(play, screen, size)


def test_map_and_tree_go_together() -> None:
    async def play(app: Shown, pilot: Pilot[None]) -> None:
        views = app.pack.views
        await pilot.press("right")
        assert views.key == views.list.selected == "tests/"
        await pilot.press("tab", "up", "right", "down", "down")
        assert views.list.selected == "src/两个线程/"
        assert views.cell is not None
        assert views.cell.item is not None
        assert views.cell.item.key == "src/"
        await pilot.press("enter")
        assert [row.node.name for row in views.list.rows] == ["race.py", "lock.py"]
        assert [c.item.name for c in views.map.cells if c.item] == ["race.py", "lock.py"]
        await pilot.press("backspace")
        assert views.list.selected == "src/两个线程/"
        assert [c.item.name for c in views.map.cells if c.item][:2] == ["src/", "tests/"]
        await pilot.press("backspace")
        assert [row.depth for row in views.list.rows][:3] == [0, 1, 1]

    run(play)


def test_the_selected_row_stays_in_sight_on_resize() -> None:
    screen = PackScreen(price)
    screen.set_manifest(pack(sizes={f"file{n}.py": 1_000 + n for n in range(60)}))

    async def play(app: Shown, pilot: Pilot[None]) -> None:
        await pilot.press("tab", "end")
        for size in ((80, 24), (120, 40), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert any("file0.py" in row for row in app.rows()[2:-8])

    run(play, screen)


def test_folders_unfold_and_fold_in_place() -> None:
    async def play(app: Shown, pilot: Pilot[None]) -> None:
        rows = app.pack.views.list.rows
        await pilot.press("tab", "right", "right", "down", "right", "down")
        assert [row.node.name for row in rows][:5] == [
            "src/",
            "app.py",
            "两个线程/",
            "race.py",
            "lock.py",
        ]
        await pilot.press("left", "left", "left", "left")
        assert app.pack.views.list.selected == "src/"
        assert [row.node.name for row in rows][:2] == ["src/", "tests/"]

    run(play)


def test_leaving_out_asks_for_a_new_fit_and_says_what_it_brought() -> None:
    async def play(app: Shown, pilot: Pilot[None]) -> None:
        await pilot.press("right", "x")
        assert app.asked == [PackScreen.Refit((), ("*.lock", "/tests/**"))]
        assert app.told("news") == "fitting anew …"
        app.pack.set_manifest(pack("tests/"), session="begins")
        await pilot.pause()
        told = "was 496k, now 406k, $0.061 cold: sent in a new session; u takes it back"
        assert app.told("news") == told
        assert "left out by you" in app.told("detail")
        assert any("− left out" in row for row in app.rows())
        await pilot.press("x")
        assert app.told("news") == "it is left out already; i puts it back"
        await pilot.press("i")
        assert app.asked[-1].exclude == ("*.lock",)
        app.pack.set_manifest(pack(), session="goes on")
        assert app.told("news") == "was 406k, now 496k, $0.074 cold: the session goes on"
        await pilot.press("u", "u", "u")
        assert [event.exclude for event in app.asked[2:]] == [
            ("*.lock", "/tests/**"),
            ("*.lock",),
        ]

    screen = PackScreen(price, exclude=["*.lock"])
    screen.set_manifest(pack())
    run(play, screen)


def test_a_fit_that_fails_is_told_and_taken_back() -> None:
    async def play(app: Shown, pilot: Pilot[None]) -> None:
        await pilot.press("x")
        app.pack.refit_failed("nothing is \x1b[31mleft\nto read")
        assert app.told("news") == "nothing is �[31mleft to read"
        await pilot.press("u")
        assert app.told("news") == "there is nothing to undo"
        await pilot.press("i")
        assert app.told("news").startswith("it is not left out")

    run(play)


def test_where_there_is_room_for_one_view_tab_switches() -> None:
    async def play(app: Shown, pilot: Pilot[None]) -> None:
        views = app.pack.views

        async def resize(width: int, height: int) -> None:
            await pilot.resize_terminal(width, height)
            while app.pack.size != (width, height):
                await pilot.pause()
            await pilot.pause()

        def shown() -> tuple[bool, bool]:
            return views.map.display, views.list.display

        assert shown() == (True, False)
        await pilot.press("tab")
        assert shown() == (False, True)
        assert app.focused is views.list
        await resize(120, 40)
        assert shown() == (True, True)
        assert views.list.region.x > views.map.region.x
        await resize(80, 50)
        assert shown() == (True, True)
        assert views.list.region.y > views.map.region.y
        await resize(80, 24)
        assert shown() == (False, True)

    run(play, size=(80, 24))


def test_a_click_selects_and_a_second_one_looks_inside() -> None:
    async def play(app: Shown, pilot: Pilot[None]) -> None:
        views = app.pack.views
        tests = next(c for c in views.map.cells if c.item and c.item.key == "tests/")
        spot = (tests.rect.x + 2, tests.rect.y + 1)
        await pilot.click(views.map, offset=spot)
        assert views.key == "tests/"
        await pilot.click(views.map, offset=spot)
        assert [row.node.key for row in views.list.rows] == ["tests/test_app.py"]
        await pilot.press("backspace")
        await pilot.click(views.list, offset=(5, 2))
        assert views.key == "docs/"

    run(play)


def test_what_is_in_no_file_cannot_be_left_out() -> None:
    async def play(app: Shown, pilot: Pilot[None]) -> None:
        app.pack.views.map.select("nowhere")
        app.pack.views.key = None
        await pilot.press("x")
        assert app.asked == []
        assert app.told("news") == "select one file or folder first"

    run(play)


def test_the_tree_can_be_sorted_by_name() -> None:
    async def play(app: Shown, pilot: Pilot[None]) -> None:
        await pilot.press("t")
        names = [row.node.name for row in app.pack.views.list.rows]
        assert names == ["docs/", "src/", "tests/", '"evil\\033[2J\\n\\342\\200\\256.py"', "new.py"]
        assert app.told("news") == "sorted by name"

    run(play)


def test_a_large_repository_is_read_folder_by_folder() -> None:
    sizes = {f"pkg{n % 100:02}/module{n:05}.py": 1 + n % 97 for n in range(20_000)}
    screen = PackScreen(lambda _: None)
    screen.set_manifest(pack(sizes=sizes))

    async def play(app: Shown, pilot: Pilot[None]) -> None:
        rows = app.pack.views.list.rows
        assert len(rows) == 100
        await pilot.press("tab", "right", "end", "pageup")
        assert len(rows) == 300
        assert app.told("head").endswith("nothing appended")

    run(play, screen)


def test_without_a_manifest_it_waits_and_can_be_left() -> None:
    async def play(app: Shown, pilot: Pilot[None]) -> None:
        assert app.told("head") == ""
        await pilot.press("x", "u", "t", "enter", "backspace", "tab", "left", "right", "down")
        app.pack.set_manifest(pack())
        await pilot.pause()
        assert app.told("head").startswith("repo @ 3f2a1c9")
        await pilot.press("escape")
        assert app.screen is not app.pack

    run(play, PackScreen(price))


def test_an_installed_screen_can_be_left_and_come_back() -> None:
    async def play() -> None:
        screen = PackScreen(price)
        screen.set_manifest(pack())
        app: App[None] = App()
        async with app.run_test(size=(120, 40)) as pilot:
            app.install_screen(screen, "pack")
            await app.push_screen("pack")
            await pilot.press("right", "escape")
            screen.set_manifest(pack("docs/"))
            await app.push_screen("pack")
            await pilot.pause()
            assert screen.views.key == "tests/"
            assert "docs/" not in [row.node.key for row in screen.views.list.rows]

    asyncio.run(play())
