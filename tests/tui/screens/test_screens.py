"""Every state of the full screen, drawn of recorded events, against what it looked like before.

A change that is meant: BATHY_WRITE_SCREENS=1 make test ARGS=tests/tui/screens, then read the diff.
"""

import asyncio
import os
from pathlib import Path

import pytest
from bathy.agent.modes.tui.looks import Look
from rich.cells import cell_len
from tui.screens.scenes import SCENES, SIZES, TAPES, Scene, staged
from tui.screens.tape import read_tape, write_tape

GOLDEN = Path(__file__).parent / "golden"
# pytest's own isolation takes such variables away before a test runs.
WRITE = bool(os.environ.get("BATHY_WRITE_SCREENS"))


def drawn(scene: Scene, folder: Path, look: Look, size: tuple[int, int]) -> list[str]:
    """The rows of a state."""

    async def go() -> list[str]:
        async with staged(scene, folder, look, size) as app:
            strips = app.screen._compositor.render_strips()
            return [strip.text.rstrip() for strip in strips]

    return asyncio.run(go())


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_state_looks_as_before(scene: Scene, size: tuple[int, int], tmp_path: Path) -> None:
    rows = drawn(scene, tmp_path, Look(), size)
    assert len(rows) == size[1]
    assert all(cell_len(row) <= size[0] for row in rows)
    file = GOLDEN / f"{scene.name}-{size[0]}x{size[1]}.txt"
    if WRITE:
        file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    assert rows == file.read_text(encoding="utf-8").split("\n")[:-1]


@pytest.mark.parametrize("tape", sorted(TAPES.glob("*.jsonl")), ids=lambda path: path.stem)
def test_a_tape_is_read_as_it_was_written(tape: Path, tmp_path: Path) -> None:
    events = list(read_tape(tape))
    write_tape(tmp_path / "again.jsonl", events)
    assert list(read_tape(tmp_path / "again.jsonl")) == events
    assert (tmp_path / "again.jsonl").read_text() == tape.read_text()
