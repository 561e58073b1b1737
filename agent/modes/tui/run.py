"""Settings -> the full screen, until the user leaves it."""

import os
import sys

from bathy.agent.config import Settings

FRAMES_PER_S = "120"
"""Twice what Textual has: a key is then on the screen within 20 ms while an answer streams in, not
within 40. It costs nothing where nothing changes."""


def quicken() -> None:
    """Let Textual draw so often; it reads that from the environment when it is imported."""
    if "TEXTUAL_FPS" in os.environ:
        return
    os.environ["TEXTUAL_FPS"] = FRAMES_PER_S
    try:
        import textual.screen  # noqa: F401 - for what it reads
    finally:
        del os.environ["TEXTUAL_FPS"]


def run_tui(settings: Settings) -> int:
    """Run the full-screen mode; return the exit code."""
    quicken()
    import time
    from dataclasses import replace
    from multiprocessing import resource_tracker

    from bathy.agent.config import config_folder, read_config_file
    from bathy.agent.modes.tui import looks
    from bathy.agent.modes.tui.app import BathyApp
    from bathy.agent.modes.tui.driver import TerminalDriver
    from bathy.agent.modes.tui.ending import heeded
    from bathy.agent.modes.tui.input.digits import read_alt_digits
    from bathy.agent.modes.tui.input.keymap import load_keys

    look = looks.read_look(settings, read_config_file(), os.environ)
    keymap = load_keys(config_folder() / "keys.toml")
    read_alt_digits()
    # It wants the real stderr, which Textual puts something else in the place of.
    resource_tracker.ensure_running()
    with looks.colored(look) as ansi_color:
        app = BathyApp(settings, look, keymap, time.monotonic, ansi_color=ansi_color)
        looks.dress(app, look)
    app.driver_class = TerminalDriver
    with heeded():
        left = app.run()
    if app.engine.defect is not None:
        raise app.engine.defect
    if left == "plain":
        from bathy.agent.modes.tui.plain import run_plain

        return run_plain(replace(app.engine.settings, resume=app.engine.session, fork=False))
    if app.engine.session and app.engine.settings.keep_session and not app.return_code:
        sys.stdout.write("bathy --continue goes on with this session\n")
    return app.return_code or 0
