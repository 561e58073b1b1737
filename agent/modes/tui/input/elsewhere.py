"""Keys pressed where nothing is written: obeyed one after the other, or given to the composer.

It is decided where all keys come by: a widget that obeys a key, or gives away what it has got,
does so late, behind what was typed after it.
"""

from collections.abc import Callable
from typing import Any

from bathy.agent.modes.tui.input.composer import Composer
from textual import events
from textual.app import App
from textual.widget import AwaitMount
from textual.widgets import Input, TextArea


async def is_done_elsewhere(
    app: App[Any], event: events.Event, composer: Callable[[], Composer]
) -> bool:
    """Obey a key before the next is looked at, or let the composer have what comes.

    Args:
        app: Whose focus is on anything.
        event: Any that has come to it.
        composer: Returns that of the main screen.

    Returns:
        Whether nothing is to be done about the event any more.
    """
    if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
        return False
    # The key before may have opened a screen, which says where the focus is once it is there.
    if not app.screen.is_mounted:
        await AwaitMount(app.screen, [app.screen])
    if isinstance(app.focused, Input | TextArea):
        return False
    if isinstance(event, events.Key) and event.key in app.screen.active_bindings:
        # Sent around by the widgets, it would move the focus behind what is typed next.
        return await app._check_bindings(event.key)
    if len(app.screen_stack) == 1 and _is_text(event):
        app.screen.set_focus(composer().area)
    return False


def _is_text(event: events.Key | events.Paste) -> bool:
    # Python calls the wide space of Chinese and the joiner within emoji not printable.
    return (
        isinstance(event, events.Paste) or event.is_printable or (event.character or "") >= "\xa0"
    )
