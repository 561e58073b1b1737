"""What the full screen and the plain lines say in the same words; pure."""

from bathy.agent.loop.events import UsageReported
from bathy.agent.modes.tui.events import Packed
from bathy.agent.modes.tui.panels.figures import usd_word
from bathy.agent.modes.unsaid import unsaid_words

BEGINS_HERE = "a new session begins here: the model knows nothing of what was said above"


def session_words(packed: Packed) -> str:
    """Say what a choice of files means for the session that has begun; "" for nothing."""
    if packed.session == "goes on":
        return "the session holds just these files, and goes on"
    if packed.session != "begins":
        return ""
    price = (
        f", at {usd_word(packed.cold_usd)} if nothing of it is cached" if packed.cold_usd else ""
    )
    return (
        "the session so far holds other files, and what was sent stays sent: the next question"
        f" begins a new one with this pack{price}; take the choice back to go on with the old one"
    )


def guessed_words(event: UsageReported) -> str:
    """Say what a request has cost that the service did not account for."""
    return unsaid_words(event, usd_word(event.cost_usd) if event.cost_usd else "")
