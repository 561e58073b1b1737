"""What is typed or pasted where nothing can be written -> the composer, whole and in order.

It is decided where all keys come by, one after the other: a widget that gives away what it has got
gives it away late, behind what was typed after it.
"""

from collections.abc import Callable
from typing import Any

from bathy.agent.modes.tui.input.composer import Composer
from textual import events
from textual.app import App
from textual.widgets import Input, TextArea


async def is_done_elsewhere(
    app: App[Any], event: events.Event, composer: Callable[[], Composer]
) -> bool:
    """Obey a key, or let the composer have what comes.

    Args:
        app: Whose focus is on anything.
        event: Any that has come to it.
        composer: Returns that of the main screen.

    Returns:
        Whether nothing is to be done about the event any more.
    """
    if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
        return False
    if len(app.screen_stack) != 1 or isinstance(app.focused, Input | TextArea):
        return False
    if isinstance(event, events.Key):
        # Python calls the wide space of Chinese and the joiner within emoji not printable.
        if not (event.is_printable or (event.character or "") >= "\xa0"):
            return False
        if event.key in app.screen.active_bindings:
            # Sent around by the widgets, it would move the focus behind what is typed next.
            return await app._check_bindings(event.key)
    app.screen.set_focus(composer().area)
    return False
