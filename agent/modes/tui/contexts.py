"""Where keys of the full-screen mode mean something: data only."""

from collections.abc import Mapping
from typing import Literal

Context = Literal[
    "everywhere", "composer", "popup", "edit", "reading", "moving", "transcript", "viewer", "pack",
    "side", "review", "sessions", "search", "files", "asking", "approval", "link", "help"
]  # fmt: skip
"""Where a key means something; "reading" is every place where nothing is typed."""

TITLES: Mapping[Context, str] = {
    "everywhere": "Everywhere",
    "composer": "Composer",
    "popup": "Composer, while names are offered",
    "edit": "Composer, within the text",
    "reading": "Wherever nothing is typed",
    "moving": "In texts, lists and maps",
    "transcript": "Transcript",
    "viewer": "Code viewer",
    "pack": "Pack",
    "side": "Side panel",
    "review": "Review of edits",
    "sessions": "Sessions",
    "search": "Search of the transcript",
    "files": "File finder",
    "asking": "A line that is asked for",
    "approval": "Questions of bathy",
    "link": "Links",
    "help": "Help",
}
"""Contexts as the help names them, in its order."""

AROUND: Mapping[Context, tuple[Context, ...]] = {
    "everywhere": (),
    "composer": ("everywhere",),
    "edit": ("composer", "everywhere"),
    "popup": (),  # while it is open, its keys come before all others
    "reading": ("everywhere",),
    "moving": ("reading", "everywhere"),
    "help": ("moving",),
    "search": ("everywhere",),
    "asking": ("everywhere",),
    "sessions": ("moving", "everywhere"),
    **dict.fromkeys(("files", "approval", "link"), ()),  # a question lets no other key through
    **dict.fromkeys(
        ("transcript", "viewer", "pack", "side", "review"),
        ("moving", "reading", "everywhere"),
    ),
}
"""Contexts whose keys work in another one as well."""

TYPED_IN: tuple[Context, ...] = (
    "everywhere", "composer", "popup", "edit", "search", "files", "asking", "sessions"
)  # fmt: skip
"""Contexts in which a letter is text, so that none of them may be a key."""
