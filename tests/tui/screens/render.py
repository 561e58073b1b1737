"""Every state of the full screen, in every size and theme -> pictures in docs/screens.

  python tests/tui/screens/render.py [NAME ...]

Needs rsvg-convert and pngquant, and a font with Chinese characters.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).parents[2]
sys.path[:0] = [str(TESTS)]

from bathy.agent.modes.tui.looks import Look  # noqa: E402
from tui.screens.scenes import SCENES, SIZES, THEMES, Scene, staged  # noqa: E402

TARGET = TESTS.parent / "docs" / "screens"


async def picture(scene: Scene, size: tuple[int, int], theme: str) -> str:
    """Return a state as SVG."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOME"] = folder
        async with staged(scene, Path(folder), Look(theme=theme), size) as app:
            # Blanks at the start of a text are dropped by some renderers otherwise.
            svg = app.export_screenshot(title="bathy")
            return svg.replace("<text ", '<text xml:space="preserve" ')


def main() -> None:
    """Draw all of them, or those whose names are given."""
    TARGET.mkdir(parents=True, exist_ok=True)
    for scene in SCENES:
        if sys.argv[1:] and scene.name not in sys.argv[1:]:
            continue
        for size in SIZES:
            for theme in THEMES:
                svg = asyncio.run(picture(scene, size, theme)).encode()
                name = f"{scene.name}-{size[0]}x{size[1]}-{theme.removeprefix('bathy-')}.png"
                png = subprocess.run(["rsvg-convert"], input=svg, stdout=-1, check=True).stdout
                small = subprocess.run(
                    ["pngquant", "--speed", "1", "32", "-"], input=png, stdout=-1, check=True
                )
                (TARGET / name).write_bytes(small.stdout)


if __name__ == "__main__":
    main()
