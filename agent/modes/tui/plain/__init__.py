"""The second renderer of the same events: lines that are only ever appended, for any terminal.

For screen readers, bad links, logs and terminals that cannot do more. Nothing is redrawn, nothing
moves, nothing is said by colour; choices are numbered, and states are words.
"""

import sys

from bathy.agent.config import Settings
from bathy.agent.modes.tui.plain.ends import hung_up_told, never_failing
from bathy.agent.modes.tui.plain.keyboard import open_keyboard
from bathy.agent.modes.tui.plain.talk import Talk


def run_plain(settings: Settings) -> int:
    """Run the full mode in plain lines; return the exit code."""
    never_failing(sys.stdin, sys.stdout)
    keyboard = open_keyboard(settings, sys.stdin)
    with hung_up_told(sys.stdout, sys.stderr):
        return Talk(settings, sys.stdout, keyboard).run()
