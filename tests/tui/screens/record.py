"""Runs the real engine against the endpoint of the tests -> the tapes that the screens are drawn of.

  python tests/tui/screens/record.py

Run it again when events change; what is written stands beside this file, in `tapes`.
"""

import os
import queue
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parents[1])]

from bathy.agent.config import Settings  # noqa: E402
from bathy.agent.modes.tui.engine import Engine  # noqa: E402
from bathy.agent.modes.tui.events import (  # noqa: E402
    Opened,
    Packed,
    TurnEnded,
    UiEvent,
    Working,
)
from endpoint.faults import Fault  # noqa: E402
from endpoint.script import Call, Reply  # noqa: E402
from endpoint.server import Endpoint  # noqa: E402
from tui.screens.sample import build  # noqa: E402
from tui.screens.tape import write_tape  # noqa: E402

QUESTION = "Does Cart.add take a lock, and can 两个线程 race on the cart?"
THINKING = (
    "The user asks about thread safety of the cart. `Cart.add` takes `_lock`, but `remove` and"
    " `total` do not, so I should look at both, and at who calls them. 先看 cart.py。"
)
LOOK = Reply(
    "",
    THINKING,
    (
        Call("grep", {"pattern": "_lock"}),
        Call("read_file", {"path": "src/shop/cart.py", "start_line": 8, "end_line": 24}),
        Call("read_file", {"path": "src/shop/gone.py"}),
    ),
)
ANSWER = Reply(
    """\
The cart is filled by `Cart.add` [src/shop/cart.py:15-19], which takes a lock, so 两个线程 that add
do not race. `place_order` empties it without one [src/shop/orders.py:17].

1. **Adding** is guarded by `_lock` [src/shop/cart.py:2].
2. **Removing** is not: `remove` pops at once [src/shop/cart.py:21-23].

| method | lock | 线程安全 |
|:--|:-:|:-:|
| `add` | yes | 是 |
| `remove` | no | 否 |

```python
def remove(self, name: str) -> None:
    self.items.pop(name, None)   # not locked
```

The guide says the same [docs/guide.md:99], and "the bank is asked twice" [src/shop/payment.py:6].
""",
    "`remove` has no lock. Write the answer.",
)
EDIT = Reply(
    "",
    "Lock `remove`, and say so in the guide.",
    (
        Call(
            "edit_file",
            {
                "path": "src/shop/cart.py",
                "old_text": "        self.items.pop(name, None)\n",
                "new_text": "        with self._lock:  # 加锁\n            self.items.pop(name, None)\n",
            },
        ),
        Call(
            "edit_file",
            {
                "path": "docs/guide.md",
                "old_text": "`Cart.add` takes a lock; `Cart.remove` does not.",
                "new_text": "`Cart.add` and `Cart.remove` take a lock.",
            },
        ),
    ),
)
EDITED = Reply("`remove` takes the lock now [src/shop/cart.py:21-23].", "Done.")
BUSY = Fault("status", status=503)
POOR = Fault("status", status=402)


def record(settings: Settings, questions: Sequence[str]) -> list[UiEvent]:
    """Ask; return all that the engine has told."""
    events: queue.SimpleQueue[UiEvent] = queue.SimpleQueue()
    engine = Engine(settings, events.put, lambda _question: True)
    engine.start()
    told = list[UiEvent]()

    def wait(kind: type) -> None:
        while not told or not isinstance(told[-1], kind):
            event = events.get(timeout=60)
            told.append(replace(event, root=Path("/shop")) if isinstance(event, Opened) else event)

    wait(Packed)
    for question in questions:
        engine.ask(question)
        wait(TurnEnded)
    engine.close()
    return told


def main() -> None:
    """Record every tape."""
    with tempfile.TemporaryDirectory() as folder:
        for name in [name for name in os.environ if name.startswith(("DEEPSEEK_", "XDG_"))]:
            del os.environ[name]
        os.environ["HOME"] = folder
        settings = Settings(folder=build(Path(folder)).root, workers=1)
        tapes = {"offline": record(settings, [QUESTION])}
        os.environ["DEEPSEEK_API_KEY"] = "sk-test"
        # Only the work is to be seen; the files of this project change every day.
        clone = Path(folder) / "bathy"
        subprocess.run(["git", "clone", "--quiet", HERE.parents[2], clone], check=True)
        project = record(Settings(folder=clone, workers=1), [])
        tapes["packing"] = [
            replace(event, paths=()) if isinstance(event, Opened) else event
            for event in project
            if isinstance(event, Opened | Working)
        ]
        for name, replies, questions in (
            ("answer", [LOOK, ANSWER], [QUESTION]),
            ("edit", [EDIT, EDITED], ["Lock `remove` as well, 请加锁"]),
            ("retry", [replace(ANSWER, faults=[BUSY]), replace(ANSWER, faults=[POOR])], [QUESTION]),
        ):
            with Endpoint(replies) as endpoint:
                os.environ["DEEPSEEK_BASE_URL"] = endpoint.base_url
                tapes[name] = record(settings, questions)
        (HERE / "tapes").mkdir(exist_ok=True)
        for name, events in tapes.items():
            write_tape(HERE / "tapes" / f"{name}.jsonl", events)


if __name__ == "__main__":
    main()
