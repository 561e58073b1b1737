"""HTML-escaped patches: told from patches of text that holds entities, and unescaped."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from bathy.tools.patch.hunks import FilePatch, Hunk, Item, Patch, PatchError

_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|#39|#x27|#34|#x22);")
_RAW = re.compile(r"[<>]|&(?!(?:lt|gt|amp|quot|apos|#39|#x27|#34|#x22);)")
_CHARS = {
    "&lt;": "<",
    "&gt;": ">",
    "&amp;": "&",
    "&quot;": '"',
    "&#34;": '"',
    "&#x22;": '"',
    "&apos;": "'",
    "&#39;": "'",
    "&#x27;": "'",
}
_MARKUP = re.compile(
    r"\.(?:html?|xhtml|xml|svg|xslt?|xsd|rss|atom|plist|vue|svelte|astro|md|markdown|mdx|jinja2?|j2"
    r"|erb|ejs|hbs|mustache|twig|tmpl|csproj|resx)$",
    re.IGNORECASE,
)

LinesOf = Callable[[str], "frozenset[str] | None"]
"""The lines of the file that a patch names, without blanks around them; None if there is none."""


def unescape(text: str) -> str:
    """Replace the entities that escaping makes, each once: `&amp;lt;` is `&lt;`."""
    return _ENTITY.sub(lambda found: _CHARS[found[0]], text)


def is_escaped(text: str) -> bool:
    """Whether a text as a whole looks escaped: entities, and not one raw <, > or &."""
    return _ENTITY.search(text) is not None and _RAW.search(text) is None


def unescape_if_meant(patch: Patch, lines_of: LinesOf) -> Patch:
    """Unescape a patch that was escaped as a whole, going by the lines that it keeps or removes.

    Args:
        patch: As it was parsed.
        lines_of: Tells what stands in a file.

    Returns:
        The patch itself if it is not escaped or its old lines stand in the files just so, else the
        unescaped one.

    Raises:
        PatchError: The old lines do not tell, and an added line of a file that is no markup holds
            entities.
    """
    whole = "\n".join(text for file in patch for text in _texts(file))
    if not is_escaped(whole):
        return patch
    as_is, unescaped, unknown = 0, 0, 0
    for file in patch:
        lines = lines_of(file.path)
        for item in _old_with_entities(file):
            text = item.text.strip()
            if lines is not None and text in lines:
                as_is += 1
            elif lines is not None and unescape(text) in lines:
                unescaped += 1
            else:
                unknown += 1
    if unescaped and not as_is:
        return tuple(_unescaped(file) for file in patch)
    if as_is and not unescaped:
        return patch
    for file in patch:
        if not unescaped and not unknown and _MARKUP.search(file.new_path or file.path):
            continue
        if any(_has_entity(item) for item in _items(file) if item.kind == "added"):
            raise PatchError(
                f"{file.path}: the patch looks HTML-escaped (it holds {_first_entity(file)} and "
                "no <, > or &), and its old lines do not tell whether that is meant. Send it "
                "unescaped, with the lines around the change just as they stand in the file."
            )
    return patch


def _texts(file: FilePatch) -> Iterator[str]:
    for item in _items(file):
        yield item.text


def _items(file: FilePatch) -> Iterator[Item]:
    for hunk in file.hunks:
        yield from hunk.items


def _old_with_entities(file: FilePatch) -> list[Item]:
    return [item for item in _items(file) if item.kind != "added" and _has_entity(item)]


def _has_entity(item: Item) -> bool:
    return _ENTITY.search(item.text) is not None


def _first_entity(file: FilePatch) -> str:
    found = _ENTITY.search("\n".join(_texts(file)))
    return found[0] if found else "entities"


def _unescaped(file: FilePatch) -> FilePatch:
    hunks: list[Hunk] = []
    for hunk in file.hunks:
        items = tuple(replace(item, text=unescape(item.text)) for item in hunk.items)
        anchors = tuple(unescape(anchor) for anchor in hunk.anchors)
        hunks.append(replace(hunk, items=items, anchors=anchors))
    return replace(file, hunks=tuple(hunks))
