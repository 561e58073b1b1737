"""The states of the full screen, each reached by a tape and a few keys."""

import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from bathy.agent.config import Settings
from bathy.agent.loop.events import Retry, ToolStarted
from bathy.agent.loop.record import Record
from bathy.agent.loop.sessions import name_session, new_path, sessions_folder
from bathy.agent.model.messages import ReasoningDelta, TextDelta
from bathy.agent.modes.tui.app import BathyApp
from bathy.agent.modes.tui.engine import Engine
from bathy.agent.modes.tui.events import Opened, TurnEnded, UiEvent, Working
from bathy.agent.modes.tui.input.keymap import Keymap
from bathy.agent.modes.tui.looks import Look, colored, dress
from bathy.agent.modes.tui.shell import Asked
from bathy.tools.diff import FileState
from textual.pilot import Pilot
from tui.screens.sample import CART, GUIDE, build
from tui.screens.tape import read_tape

TAPES = Path(__file__).parent / "tapes"
SIZES = ((120, 40), (80, 24))
THEMES = ("bathy-dark", "bathy-light", "bathy-contrast")
EDITED = {
    "src/shop/cart.py": (
        CART,
        CART.replace(
            "        self.items.pop(name, None)\n",
            "        with self._lock:  # 加锁\n            self.items.pop(name, None)\n",
        ).replace("how many of that name there are now", "how many there are, 现在"),
    ),
    "docs/guide.md": (
        GUIDE,
        GUIDE.replace(
            "`Cart.add` takes a lock; `Cart.remove` does not.",
            "`Cart.add` and `Cart.remove` take a lock.",
        ),
    ),
}
UPLOAD = (
    "about 3,301 tokens of 9 files (<$0.001) of /shop would go to https://api.deepseek.com, secrets redacted."
    " Send it?"
)

PAST = {
    "支付": "Why does `charge` ask the bank three times?",
    "": "Where is the cart emptied, and 谁负责清空它？",
    "locks": "Which methods of Cart take the lock?",
}

Player = Pilot[str]


class Silent(Engine):
    """An engine that tells nothing by itself: its events come from a tape."""

    def start(self) -> None:
        """Do not begin."""

    def close(self) -> None:
        """There is nothing to end."""


class Replay(BathyApp):
    """The application with a tape in the place of the engine."""

    def __init__(self, folder: Path, look: Look) -> None:
        with colored(look, {}) as ansi_color:
            settings = Settings(folder=folder)
            super().__init__(settings, look, Keymap(), lambda: 100.0, ansi_color=ansi_color)
        self.engine = Silent(settings, lambda _event: None, lambda _question: False)
        self.folder = folder
        dress(self, look)

    async def play(self, pilot: Player, events: Sequence[UiEvent]) -> None:
        """Take events, those of a repository as if it were the one on disk."""
        for event in events:
            self.take(replace(event, root=self.folder) if isinstance(event, Opened) else event)
        self.transcript.flush()
        await pilot.pause()


Act = Callable[[Player, Replay], Awaitable[None]]


@dataclass(frozen=True)
class Scene:
    """A state.

    Attributes:
        name: Of the picture.
        tape: What has happened.
        ends: Kind of event that is the last one to happen, and which of them, 1-based; None for all
            of the tape.
        act: What the user does then.
    """

    name: str
    tape: str
    ends: tuple[type, int] | None = None
    act: Act | None = None

    @property
    def events(self) -> list[UiEvent]:
        """What happens."""
        told, left = list[UiEvent](), self.ends[1] if self.ends else 0
        for event in read_tape(TAPES / f"{self.tape}.jsonl"):
            told.append(event)
            if self.ends and isinstance(event, self.ends[0]):
                left -= 1
                if not left:
                    break
        return told


def _press(*keys: str) -> Act:
    async def act(pilot: Player, app: Replay) -> None:
        del app
        await pilot.press(*keys)

    return act


async def _approve(pilot: Player, app: Replay) -> None:
    app.post_message(Asked(UPLOAD))
    await pilot.pause()


async def _review(pilot: Player, app: Replay) -> None:
    for path, (before, after) in EDITED.items():
        app.engine.edits.add({path: (FileState(before.encode()), FileState(after.encode()))})
    await pilot.press("f4")


async def _queue(pilot: Player, app: Replay) -> None:
    app.composer.busy = True
    app.composer.area.insert("And who calls it? 谁调用它？")
    await pilot.press("enter")


async def _complete(pilot: Player, app: Replay) -> None:
    app.composer.area.insert("Explain @car")
    await pilot.pause()


async def _search(pilot: Player, app: Replay) -> None:
    await pilot.press("ctrl+f")
    await pilot.press(*"lock")
    app.transcript.flush()


async def _find_file(pilot: Player, app: Replay) -> None:
    await app.workers.wait_for_complete()
    await pilot.press("f3")
    await pilot.press(*"cart")


async def _sessions(pilot: Player, app: Replay) -> None:
    for hours, (name, question) in enumerate(PAST.items(), 1):
        path = new_path(sessions_folder())
        record = Record(path)
        header = {"folder": str(app.folder), "model": "deepseek-flash", "question": question}
        record.write("session", header)
        record.write("question", {"text": question})
        record.write("usage", {"cost_usd": hours / 100})
        record.close()
        if name:
            name_session(path, name)
        now_s = time.time()
        os.utime(path, (now_s, now_s - 3600 * hours))
    await pilot.press("ctrl+r")
    await app.workers.wait_for_complete()


SCENES = (
    Scene("packing", "packing", (Working, 8)),
    Scene("offline", "offline"),
    Scene("thinking", "answer", (ReasoningDelta, 12)),
    Scene("tools", "answer", (ToolStarted, 3)),
    Scene("answering", "answer", (TextDelta, 60)),
    Scene("answered", "answer"),
    Scene("approval", "answer", (Opened, 2), _approve),
    Scene("review", "edit", None, _review),
    Scene("retry", "retry", (Retry, 1)),
    Scene("error", "retry", (TurnEnded, 1)),
    Scene("pack", "answer", None, _press("f2")),
    Scene("viewer", "answer", None, _press("alt+1")),
    Scene("finder", "answer", None, _find_file),
    Scene("help", "answer", None, _press("f1")),
    Scene("palette", "answer", None, _press("ctrl+p")),
    Scene("queue", "answer", (TextDelta, 60), _queue),
    Scene("completion", "answer", None, _complete),
    Scene("sessions", "answer", None, _sessions),
    Scene("search", "answer", None, _search),
)


@asynccontextmanager
async def staged(
    scene: Scene, folder: Path, look: Look, size: tuple[int, int]
) -> AsyncIterator[Replay]:
    """Bring the screen into a state, in a repository that is made in a folder."""
    app = Replay(build(folder).root, look)
    async with app.run_test(size=size) as pilot:
        await app.play(pilot, scene.events)
        await app.workers.wait_for_complete()
        if scene.act is not None:
            await scene.act(pilot, app)
        await pilot.pause()
        await pilot.pause()
        yield app
