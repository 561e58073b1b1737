import asyncio

import pytest
from bathy.agent.modes.tui.asking.address import read_address
from bathy.agent.modes.tui.asking.open_link import OpenLink
from textual.app import App
from textual.containers import VerticalScroll
from textual.widgets import Static


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://example.org/a?b=c#d", "example.org"),
        ("HTTP://EXAMPLE.org:8080/", "example.org:8080"),
        ("https://пример.рф/", "xn--e1afmkfd.xn--p1ai"),
        ("https://аpple.com/", "xn--pple-43d.com"),
        ("https://faß.de/", "xn--fa-hia.de"),
        ("https://evil。com/", "evil.com"),
        ("http://[::1]:80/", "[::1]:80"),
        ("https://例え.jp/数据?q=数", "xn--r8jz45g.jp"),
    ],
)
def test_a_web_address_may_be_opened_and_its_host_is_told(url: str, host: str) -> None:
    address = read_address(url)
    assert (address.shown, address.host, address.problem) == (url, host, "")


@pytest.mark.parametrize(
    ("url", "shown", "problem"),
    [
        ("file:///etc/passwd", "file:///etc/passwd", "only http"),
        ("javascript:alert(1)", "javascript:alert(1)", "only http"),
        ("-V", "-V", "only http"),
        ("", "", "only http"),
        ("https:///a", "https:///a", "no host"),
        ("https://good.com%2eevil.org/", "https://good.com%2eevil.org/", "not written as it is"),
        ("https://user@evil.com/", "https://user@evil.com/", "user's name"),
        ("https://a.org/\u202egpj.exe", "https://a.org/\\u202egpj.exe", "no address may hold"),
        ("https://a.org/\x1b]8;;x\x07", "https://a.org/\\x1b]8;;x\\x07", "no address may hold"),
        ("https://a.org/\u200b\n", "https://a.org/\\u200b\\n", "no address may hold"),
        ("https://a.org/\udc80", "https://a.org/\\udc80", "no address may hold"),
        ("https://evil.com\\@good.com/", "https://evil.com\\@good.com/", "no address may hold"),
        ("https://a.org:99999/", "https://a.org:99999/", "no valid"),
        ("https://[::1/", "https://[::1/", "no valid"),
        ("https://a.org/ --x", "https://a.org/ --x", "no address may hold"),
    ],
)
def test_anything_else_is_shown_escaped_and_not_opened(url: str, shown: str, problem: str) -> None:
    address = read_address(url)
    assert address.shown == shown
    assert problem in address.problem


URL = "https://example.org/[red]"


class Asking(App[None]):
    def __init__(self, now_s: list[float], *urls: str, at: int = 0) -> None:
        super().__init__()
        self.asked = OpenLink(urls, lambda: now_s[-1], at)
        self.got: list[tuple[str, str] | None] = []

    def on_mount(self) -> None:
        self.push_screen(self.asked, self.got.append)

    def text(self, part: str) -> str:
        return str(self.asked.query_one(f"#{part}", Static).content)


@pytest.mark.parametrize(
    ("key", "answer"), [("y", "open"), ("c", "copy"), ("n", None), ("escape", None)]
)
def test_a_key_answers_once_the_grace_is_over(key: str, answer: str | None) -> None:
    async def go() -> None:
        now_s = [5.0]
        app = Asking(now_s, URL)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await pilot.press(key)
            assert (app.got, app.screen) == ([], app.asked)
            now_s.append(5.5)
            await pilot.press("x", key)
            await pilot.pause()
            assert app.got == [answer and (answer, URL)]

    asyncio.run(go())


def test_all_of_a_long_address_is_shown_and_its_host() -> None:
    async def go() -> None:
        url = "https://аpple.com/[b]" + "a" * 3000 + "/end"
        app = Asking([0.0], url)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            assert app.text("address") == url
            assert app.text("host") == "host: xn--pple-43d.com"
            assert app.text("keys") == "y open   c copy   n leave"
            keys = app.asked.query_one("#keys")
            assert keys.region.bottom <= 24

    asyncio.run(go())


def test_what_may_not_be_opened_can_only_be_copied() -> None:
    async def go() -> None:
        now_s = [0.0]
        app = Asking(now_s, "file:///etc/passwd")
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            now_s.append(1.0)
            await pilot.press("y")
            assert app.screen is app.asked
            assert app.text("keys") == "c copy   n leave"
            assert app.text("problem").startswith("not opened: only http")
            await pilot.press("c")
            await pilot.pause()
            assert app.got == [("copy", "file:///etc/passwd")]

    asyncio.run(go())


def test_the_links_of_an_answer_are_gone_through_and_each_has_its_moment_of_grace() -> None:
    async def go() -> None:
        now_s = [0.0]
        app = Asking(now_s, "https://a.org/", "javascript:b", "https://c.org/", at=2)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            assert app.text("address") == "https://c.org/"
            now_s.append(1.0)
            await pilot.press("shift+tab")
            assert app.text("address") == "javascript:b"
            assert app.text("keys") == "c copy   n leave   tab next link"
            assert app.text("problem").startswith("not opened: only http")
            await pilot.press("tab", "tab")
            assert app.text("address") == "https://a.org/"
            assert str(app.asked.query(Static).first().content).endswith("1 of 3 in the answer")
            await pilot.press("y")
            assert app.got == []
            now_s.append(2.0)
            await pilot.press("y")
            await pilot.pause()
            assert app.got == [("open", "https://a.org/")]

    asyncio.run(go())


def test_a_long_address_is_opened_only_once_its_end_was_in_sight() -> None:
    async def go() -> None:
        now_s = [0.0]
        url = "https://example.org/" + "a" * 1500
        app = Asking(now_s, url)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            scroll, rows = app.asked.query_one(VerticalScroll), list[float]()
            while not app.got:
                rows.append(scroll.scroll_offset.y)
                now_s.append(now_s[-1] + 1.0)
                await pilot.press("y")
                await pilot.pause()
            assert rows == sorted(set(rows))
            assert rows[0] == 0
            assert rows[-1] == scroll.max_scroll_y > 0
            assert app.got == [("open", url)]

    asyncio.run(go())


def test_a_long_address_is_scrolled_by_keys() -> None:
    async def go() -> None:
        app = Asking([0.0], "https://example.org/" + "a" * 1500)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await pilot.press("down", "down", "up")
            await pilot.pause()
            assert app.asked.query_one(VerticalScroll).scroll_offset.y == 1

    asyncio.run(go())
