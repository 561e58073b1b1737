"""Everything that can be done -> what the command palette offers."""

from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, cast

from bathy.agent.modes.terminal import printable
from bathy.agent.modes.tui.commands import COMMANDS, Command
from bathy.agent.modes.tui.input.keymap import Keymap
from bathy.agent.modes.tui.keys import TABLE, Key
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.fuzzy import Matcher
from textual.markup import escape

_ACTIONS: Mapping[str, str] = {
    "find": "everywhere.search",
    "help": "everywhere.help",
    "mouse": "everywhere.mouse",
    "new": "everywhere.new_session",
    "pack": "everywhere.pack",
    "review": "everywhere.review",
    "sessions": "everywhere.sessions",
}
"""Commands that do what a key does as well."""

_HIDDEN = ("everywhere.palette", *_ACTIONS.values())


class Doer(Protocol):
    """What the palette needs of the application."""

    keymap: Keymap

    @property
    def available_themes(self) -> Mapping[str, object]:
        """Themes by name."""

    def run_command(self, name: str, argument: str) -> None:
        """Do what a slash command says."""

    def begin_command(self, name: str) -> None:
        """Write the beginning of a slash command for the user to finish."""

    def run_action(self, action: str) -> Coroutine[Any, Any, bool]:
        """Do what a key does."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A row of the palette.

    Attributes:
        label: What is typed to find it.
        note: What it does, and the key for it.
        do: Does it.
        is_found_only: It is offered when it is looked for, not before.
    """

    label: str
    note: str
    do: Callable[[], object]
    is_found_only: bool = False


class Palette(Provider):
    """Offers commands, keys and themes; `App.COMMANDS` names it. The app is a `Doer`."""

    async def discover(self) -> Hits:
        """Offer what there is."""
        for offer in offers(cast("Doer", self.app)):
            if not offer.is_found_only:
                yield DiscoveryHit(
                    Content(offer.label), offer.do, text=offer.label, help=escape(offer.note)
                )

    async def search(self, query: str) -> Hits:
        """Offer what fits what was typed."""
        matcher = self.matcher(query)
        for offer in offers(cast("Doer", self.app)):
            score = max(matcher.match(offer.label), matcher.match(offer.note) / 2)
            if offer.label.lstrip("/").startswith(query.lstrip("/")):
                score += 1
            if score > 0:
                label = _marked(matcher, offer.label)
                yield Hit(score, label, offer.do, text=offer.label, help=escape(offer.note))


def _marked(matcher: Matcher, label: str) -> Content:
    """Mark what was typed, which Textual's own way does in what it reads as markup."""
    content = Content(label)
    for at in matcher.fuzzy_search.match(matcher.query, label)[1]:
        content = content.stylize(matcher.match_style, at, at + 1)
    return content


def offers(app: Doer) -> Iterator[Offer]:
    """Yield all there is: commands, keys that work everywhere, themes."""
    yield from (_command_offer(app, command) for command in COMMANDS)
    yield from (
        _key_offer(app, key)
        for key in TABLE
        if key.context == "everywhere" and key.id not in _HIDDEN
    )
    # No key has it: ctrl+z undoes what was typed.
    suspend = partial(app.run_action, "suspend_process")
    yield Offer("suspend", "give the terminal to the shell; fg goes on", suspend)
    for name in sorted(app.available_themes):
        label = f"theme: {printable(name)}"
        yield Offer(label, "take these colours", partial(app.run_command, "theme", name), True)


def _command_offer(app: Doer, command: Command) -> Offer:
    key = app.keymap.shown(_ACTIONS[command.name]) if command.name in _ACTIONS else ""
    do: Callable[[], object]
    if command.needs_argument:
        do = partial(app.begin_command, command.name)
    else:
        do = partial(app.run_command, command.name, "")
    return Offer(f"/{command.name} {command.argument}".rstrip(), _note(command.help, key), do)


def _key_offer(app: Doer, key: Key) -> Offer:
    shown = app.keymap.shown(key.id)
    do = partial(app.run_action, key.call)
    number = key.id.removeprefix("everywhere.citation_")
    if number != key.id:
        return Offer(f"open citation {number}", _note("", shown), do, True)
    return Offer(key.help, _note("", shown), do)


def _note(text: str, key: str) -> str:
    return "   ".join(filter(None, (text, f"[{key}]" if key else "")))
