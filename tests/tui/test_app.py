"""The whole screen, without a key and with the endpoint, driven as a user would."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from bathy.agent.config import Settings
from bathy.agent.loop.evidence import Span
from bathy.agent.modes.tui import showing
from bathy.agent.modes.tui.app import BathyApp
from bathy.agent.modes.tui.engine import Engine
from bathy.agent.modes.tui.events import EvidenceFound, RefitFailed, TurnBegan, Working
from bathy.agent.modes.tui.input.composer import Composer
from bathy.agent.modes.tui.input.keymap import Keymap
from bathy.agent.modes.tui.input.waiting import Hint
from bathy.agent.modes.tui.looks import Look
from bathy.agent.modes.tui.question import YesNo
from bathy.agent.modes.tui.transcript.blocks import Evidence
from bathy.agent.modes.tui.transcript.view import Transcript
from bathy.agent.modes.tui.viewer.keybar import KeyBar
from bathy.agent.modes.tui.viewer.screen import ViewerScreen
from endpoint.contract import tokenizer
from endpoint.script import Reply
from endpoint.server import Endpoint
from repo_builder import RepoBuilder
from shop import CART
from textual.events import TextSelected
from textual.pilot import Pilot
from textual.widgets import Static

ENDS_S = 60


@pytest.fixture
def shop(repo: RepoBuilder) -> RepoBuilder:
    repo.file("src/cart.py", CART).file("README.md", "# Shop\n").commit()
    return repo


async def until(pilot: Pilot[str], holds: Callable[[], bool]) -> None:
    try:
        async with asyncio.timeout(ENDS_S):
            while not holds():
                await pilot.pause()
    except TimeoutError:
        app = pilot.app
        assert isinstance(app, BathyApp)
        seen = [app.state, app.pending, app.screen_stack, app.focused, app.composer.area.text]
        blocks = app.transcript.content.blocks
        pytest.fail("\n".join(map(repr, [*seen, app.engine.defect, *blocks])))


async def ask(app: BathyApp, pilot: Pilot[str], text: str) -> None:
    await until(pilot, lambda: app.state.pack_tokens > 0)
    app.query_one(Composer).area.insert(text)
    await pilot.press("enter")


def test_without_a_key_evidence_is_shown(shop: RepoBuilder) -> None:
    async def go() -> None:
        app = BathyApp(Settings(folder=shop.root, workers=1), Look(), Keymap(), time.monotonic)
        async with app.run_test(size=(120, 40)) as pilot:
            await ask(app, pilot, "What does Cart.add do?")
            await until(
                pilot, lambda: bool(app.state.turns and app.state.turns[0].how == "answered")
            )
            assert app.state.why_offline
            blocks = app.query_one(Transcript).content.blocks
            assert any("cart.py" in repr(block) for block in blocks)

    asyncio.run(go())


def test_a_place_is_told_apart_from_files_that_are_not_cited(repo: RepoBuilder) -> None:
    for folder in ("src", "compat/src", "hooks/src"):
        repo.file(f"{folder}/index.js", f"export const of_{folder[:3]} = 1;\n")
    repo.commit()

    async def go() -> None:
        app = BathyApp(Settings(folder=repo.root, workers=1), Look(), Keymap(), time.monotonic)
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: app.state.pack_tokens > 0)
            line = "export const of_com = 1;"
            app.take(
                EvidenceFound((Span("compat/src/index.js", 1, 1, "", (line,)),), is_answer=False)
            )
            block = app.transcript.content.blocks[-1]
            assert isinstance(block, Evidence)
            assert block.found[0].citation.label == "compat/src/index.js:1"

    asyncio.run(go())


def test_a_question_sent_before_the_repository_is_read_is_seen_and_can_be_edited(
    shop: RepoBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Engine.start
    monkeypatch.setattr(Engine, "start", lambda _engine: None)

    async def go() -> None:
        app = BathyApp(Settings(folder=shop.root, workers=1), Look(), Keymap(), time.monotonic)
        async with app.run_test(size=(120, 40)) as pilot:
            composer = app.composer

            def waiting() -> list[str]:
                return list(composer.waiting)

            composer.area.insert("What does Cart.add do?")
            await pilot.press("enter")
            assert waiting() == ["What does Cart.add do?"]
            await pilot.press("up", "!", "enter")
            assert waiting() == ["What does Cart.add do?!"]
            start(app.engine)
            await until(pilot, lambda: bool(app.state.turns))
            assert app.state.turns[0].question == "What does Cart.add do?!"
            assert waiting() == []
            await until(pilot, lambda: app.state.turns[0].how == "answered")

            # Packing anew lets questions wait as well; they were meant for what has failed then.
            monkeypatch.setattr(Engine, "refit", lambda *_: None)
            app.run_command("include", "nothing/**")
            composer.area.insert("And now?")
            await pilot.press("enter")
            assert waiting() == ["And now?"]
            app.take(RefitFailed("no file is left"))
            assert waiting() == ["And now?"]
            await pilot.press("enter")
            await until(pilot, lambda: len(app.state.turns) == 2)


def test_a_question_asked_while_a_session_is_packed_anew_is_seen(
    shop: RepoBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def go() -> None:
        app = BathyApp(Settings(folder=shop.root, workers=1), Look(), Keymap(), time.monotonic)
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: app.state.pack_tokens > 0)
            monkeypatch.setattr(Engine, "use_session", lambda *_: True)
            app._loaded(shop.root / "some.jsonl", ())
            app.composer.area.insert("What does Cart.add do?")
            await pilot.press("enter")
            assert list(app.composer.waiting) == ["What does Cart.add do?"]
            app.take(RefitFailed("no file is left"))
            assert not app.pending.is_busy
            assert list(app.composer.waiting) == ["What does Cart.add do?"]
            await pilot.press("enter")
            await until(pilot, lambda: bool(app.state.turns))
            assert not app.composer.waiting

    asyncio.run(go())


def test_what_a_question_waits_for_is_told(shop: RepoBuilder) -> None:
    async def go() -> None:
        app = BathyApp(Settings(folder=shop.root, workers=1), Look(), Keymap(), time.monotonic)
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: app.state.pack_tokens > 0)
            app.take(TurnBegan("What does Cart.add do?"))
            app.take(Working("indexing words", 1, 4))
            told = str(app.query_one("#packing", Static).content)
            assert "Packing" not in told
            assert "indexing words" in told
            assert "25 %" in told

    asyncio.run(go())


def test_a_notice_covers_nothing_and_goes_by_itself(shop: RepoBuilder) -> None:
    def places(app: BathyApp) -> list[str]:
        bars = app.screen.query(KeyBar).results()
        return [str(app.query_one(Hint).content), *(str(bar.render()) for bar in bars)]

    async def go() -> None:
        app = BathyApp(Settings(folder=shop.root, workers=1), Look(), Keymap(), time.monotonic)
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            await until(pilot, lambda: app.state.pack_tokens > 0)
            for key in ((), ("f2",)):
                await pilot.press(*key)
                before = places(app)
                app.notify("told [x]", timeout=1.0, markup=False)
                await until(pilot, lambda: any("told [x]" in text for text in places(app)))
                assert not app.screen.query("Toast")
                await until(pilot, lambda: places(app) == before)  # noqa: B023

    asyncio.run(go())


def test_a_first_upload_is_asked_and_an_answer_cites(
    shop: RepoBuilder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tokenizer()
    answer = "`add` gives the item back [src/cart.py:2-3]."
    with Endpoint([Reply(answer, "Look.")]) as endpoint:
        monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-test")
        monkeypatch.setenv("DEEPSEEK_BASE_URL", endpoint.base_url)
        now = iter(range(1_000_000))

        async def go() -> None:
            app = BathyApp(
                Settings(folder=shop.root, workers=1),
                Look(),
                Keymap(),
                lambda: float(next(now)),
            )
            async with app.run_test(size=(120, 40)) as pilot:
                await ask(app, pilot, "What does add do?")
                await until(pilot, lambda: isinstance(app.screen, YesNo))
                assert endpoint.requests == []
                await pilot.press("y")
                await until(pilot, lambda: bool(app.state.cited))
                assert [(c.path, c.status) for c in app.state.cited] == [
                    ("src/cart.py", "verified")
                ]
                await until(pilot, lambda: not app.state.is_busy)
                # What is cited is known before it is drawn, and opened once it is in sight.
                await until(pilot, lambda: bool(app.transcript.citations()))
                await pilot.press("alt+1")
                await until(pilot, lambda: isinstance(app.screen, ViewerScreen))

        asyncio.run(go())
    assert len(endpoint.requests) == 1


def test_the_pack_screen_says_what_is_sent_and_what_is_left_out_is_not(
    shop: RepoBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer()
    shop.file("notes.txt", "the launch code is 1234\n").commit()
    with Endpoint([Reply("One."), Reply("Two.")]) as endpoint:
        monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-test")
        monkeypatch.setenv("DEEPSEEK_BASE_URL", endpoint.base_url)
        now = iter(range(1_000_000))

        async def go() -> None:
            settings = Settings(folder=shop.root, workers=1)
            app = BathyApp(settings, Look(), Keymap(), lambda: float(next(now)))
            async with app.run_test(size=(120, 40)) as pilot:
                await ask(app, pilot, "What does add do?")
                await until(pilot, lambda: isinstance(app.screen, YesNo))
                await pilot.press("y")
                await until(pilot, lambda: app.transcript.answer_text == "One.")
                await until(pilot, lambda: not app.state.is_busy)
                app.note = "The user says hello."
                await pilot.press("f2")
                app.engine.refit((), ("notes.txt",))
                await until(pilot, lambda: bool(app.packed and app.packed.session == "begins"))
                head = str(app.screen.query_one("#pack-head", Static).content)
                assert f"@ {app.state.commit[:7]} · " in head
                assert "of 1.05M window" in head
                await pilot.press("escape")
                await ask(app, pilot, "And again?")
                await until(pilot, lambda: app.transcript.answer_text == "Two.")
                blocks = [repr(block) for block in app.transcript.content.blocks]
                assert any("begins a new one with this pack" in block for block in blocks)
                assert any("a new session begins here" in block for block in blocks)
                assert [turn.question for turn in app.state.turns] == ["And again?"]

        asyncio.run(go())
    first, second = (str(request.messages) for request in endpoint.requests)
    assert "launch code" in first
    assert "launch code" not in second
    assert "The user says hello." in second


def test_a_no_sends_nothing(shop: RepoBuilder, monkeypatch: pytest.MonkeyPatch) -> None:
    with Endpoint([]) as endpoint:
        monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-test")
        monkeypatch.setenv("DEEPSEEK_BASE_URL", endpoint.base_url)
        now = iter(range(1_000_000))

        async def go() -> None:
            app = BathyApp(
                Settings(folder=shop.root, workers=1),
                Look(),
                Keymap(),
                lambda: float(next(now)),
            )
            async with app.run_test(size=(80, 24)) as pilot:
                await ask(app, pilot, "What does add do?")
                await until(pilot, lambda: isinstance(app.screen, YesNo))
                await pilot.press("n")
                await until(
                    pilot, lambda: bool(app.state.turns and app.state.turns[0].how == "failed")
                )

        asyncio.run(go())
    assert endpoint.requests == []


def test_what_is_selected_is_copied_if_the_user_wants_that(
    shop: RepoBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = list[str]()
    monkeypatch.setattr(BathyApp, "copy_to_clipboard", lambda _app, text: copied.append(text))

    async def go(look: Look) -> None:
        app = BathyApp(Settings(folder=shop.root, workers=1), look, Keymap(), time.monotonic)
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: app.state.pack_tokens > 0)
            app.say("To be selected.")
            app.transcript.flush()
            app.transcript.select_block(len(app.transcript.content.blocks) - 1)
            app.screen.post_message(TextSelected())
            await pilot.pause()
            await pilot.pause()

    asyncio.run(go(Look()))
    assert copied == []
    asyncio.run(go(Look(copies_on_select=True)))
    assert [text.strip() for text in copied] == ["To be selected."]


def test_ctrl_c_copies_what_the_mouse_has_selected_and_then_means_what_it_meant(
    shop: RepoBuilder,
) -> None:
    async def go() -> None:
        app = BathyApp(Settings(folder=shop.root, workers=1), Look(), Keymap(), time.monotonic)
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: app.state.pack_tokens > 0)
            app.transcript.clear()
            app.transcript.add_notice("some words")
            app.transcript.flush()
            await pilot.press(*"typed")
            await pilot.click(app.transcript, offset=(5, 1), times=2)
            await pilot.press("ctrl+c")
            assert app.clipboard == "some"
            assert not app.transcript.has_selection
            assert app.composer.area.text == "typed"
            await pilot.press("ctrl+c", "ctrl+c")
            assert app._exit

    asyncio.run(go())


def test_a_link_is_opened_from_the_composer_once_its_address_was_shown(
    shop: RepoBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, now_s = list[str](), [0.0]

    def open_in_browser(url: str) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(showing, "open_in_browser", open_in_browser)

    async def go() -> None:
        app = BathyApp(Settings(folder=shop.root, workers=1), Look(), Keymap(), lambda: now_s[-1])
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: app.state.pack_tokens > 0)
            await pilot.press(*"typed", "alt+l")
            assert "the answer has no web links" in str(app.query_one(Hint).content)
            app.transcript.add_prompt("Where?")
            app.transcript.finish_answer((), "See [a](https://a.org/) and [b](https://b.org/?c=1).")
            await pilot.press("alt+l", "tab")
            await pilot.pause()
            address = app.screen.query_one("#address", Static)
            assert str(address.content) == "https://b.org/?c=1"
            assert opened == []
            now_s.append(1.0)
            await pilot.press("y")
            await until(pilot, lambda: bool(opened))
            assert app.composer.area.text == "typed"

    asyncio.run(go())
    assert opened == ["https://b.org/?c=1"]
