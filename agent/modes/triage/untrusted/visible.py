"""An issue's Markdown -> what a reader of the rendered page sees of it, and how much they do not.

Where it is unclear whether GitHub would show something, it is taken for hidden: a model that reads
less than people do is harmless, the other way round is how issues steer agents.
"""

import html
import re
from collections.abc import Collection
from dataclasses import dataclass

from bathy.agent.modes.triage.untrusted.code_marks import mask_code, unmask
from bathy.agent.modes.triage.untrusted.invisible import strip_invisible

_COMMENT = re.compile(r"<!--(?:-?>|(?P<inner>.*?)(?:-->|\Z))", re.DOTALL)
_UNSHOWN = re.compile(
    r"<(script|style)\b.*?(?:</\1[ \t]*>|\Z)|^ {0,3}<\?.*?(?:\?>|\Z)|<[?!](?!\[)[^<>]*+>"
    r"|<!\[CDATA\[.*?(?:\]\]>|\Z)",
    re.DOTALL | re.IGNORECASE | re.MULTILINE,
)
_TITLE = r"(?:\"[^\"]*+\"|'[^']*+'|\([^()]*+\))"
_TO = r"(?:<[^<>\n]*+>|[^\s()<]*+(?:\([^\s()]*+\)[^\s()]*+)*+)"
_IMAGE = re.compile(
    r"!\[(?P<alt>[^\[\]]*+(?:\[[^\[\]]*+\][^\[\]]*+)*+)\]"
    rf"(?P<behind>\(\s*+{_TO}(?:\s++(?P<title>{_TITLE}))?\s*+\)|\[[^\[\]\n]*+\])?"
)
_LINK_TITLE = re.compile(rf"\]\(\s*+(?P<to>{_TO})\s++(?P<title>{_TITLE})\s*+\)")
_DEFINITION = re.compile(
    r"^ {0,3}\[(?!\^)(?P<name>[^\[\]\n]{1,999})\]:[ \t]*+(?:\n[ \t]*+)?(?P<to><[^<>\n]*+>|\S++)"
    rf"(?:(?:[ \t]++|[ \t]*+\n[ \t]*+)(?P<title>{_TITLE})[ \t]*+$)?",
    re.MULTILINE,
)
_OPENED = r"<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9-]*+)(?=[\s/>])"
# It matches unclosed tags too, since giving up after long quotes would make it quadratic.
_TAG = re.compile(_OPENED + r"(?P<rest>(?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*+)(?P<end>>?)")
_PLAIN_TAG = re.compile(_OPENED + r"(?P<rest>[^<>]*+)(?P<end>>)")
_SAID = re.compile(r"(?:alt|title|aria-[a-z]{1,20}|data-[a-z-]{1,40}|value)\s*=\s*[\"']([^\"']*+)")
_BREAKS = frozenset({
    "br", "p", "div", "li", "tr", "ul", "ol", "table", "hr", "h1", "h2", "h3", "h4", "h5", "h6",
    "details", "summary", "pre",
})  # fmt: skip
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_NAME_OF_PICTURE = re.compile(r"(?i)\s*(?:screen ?shot|screen recording|image|img|photo|clip)\b")
_NOWHERE = ("#", "<>", "<#>", "/", "</>")


@dataclass(frozen=True, slots=True)
class Visible:
    """What is seen of a text.

    Attributes:
        text: Code as it is, the rest without markup that hides something.
        hidden: Pieces of text that were taken out or stand in a folded section.
        invisible: Characters that were taken out.
    """

    text: str
    hidden: int
    invisible: int


def visible(text: str, known: Collection[str] = ()) -> Visible:
    """Take out of an issue what its readers do not see.

    Comments (closed or not), invisible characters, texts and titles of images and links, and
    definitions that say something are taken out; of other HTML only the tags.

    Args:
        text: Markdown of GitHub.
        known: Comments that the repository's own issue template has, with or without `<!--`; they
            are taken out but not counted.

    Returns:
        The same for the same arguments; time is linear in the length. Never raises.
    """
    shown, pieces, invisible = take_apart(text, known)
    return Visible(shown, len(pieces), invisible)


def take_apart(text: str, known: Collection[str] = ()) -> tuple[str, tuple[str, ...], int]:
    """Like `visible`, with the hidden pieces themselves instead of their number."""
    text, invisible = strip_invisible(text)
    masked, kept = mask_code(text)
    pieces: list[str] = []
    harmless = frozenset(_bare(each) for each in known)

    def comment(found: re.Match[str]) -> str:
        inner = _bare(found["inner"] or "")
        if inner and inner not in harmless:
            pieces.append(unmask(inner, kept))
        return ""

    def entity(found: re.Match[str]) -> str:
        nonlocal invisible
        removed = strip_invisible("a" + html.unescape(found[0]))[0] == "a"
        invisible += removed
        return "" if removed else found[0]

    masked = _COMMENT.sub(comment, masked)
    masked = _without_markup(masked, pieces)
    masked = _ENTITY.sub(entity, masked)
    return unmask(masked, kept), tuple(unmask(piece, kept) for piece in pieces), invisible


def _without_markup(text: str, pieces: list[str]) -> str:
    """Take out titles, definitions, images and tags; what they said goes to the pieces."""

    def unshown(found: re.Match[str]) -> str:
        pieces.append(found[0])
        return ""

    def definition(found: re.Match[str]) -> str:
        is_talk = _is_telling(found["name"])
        if found["title"] is None and not is_talk and found["to"] not in _NOWHERE:
            return found[0]
        pieces.append(f"{found['name']} {(found['title'] or '')[1:-1]}")
        gone = is_talk or found["to"] in _NOWHERE
        return "" if gone else f"[{found['name']}]: {found['to']}"

    def image(found: re.Match[str]) -> str:
        if not found["behind"] and text[found.start() - 1 : found.start()].isalnum():
            return found[0]
        said = (found["alt"], (found["title"] or "")[1:-1])
        pieces.extend(each for each in said if _is_telling(each))
        return "[image]"

    def title(found: re.Match[str]) -> str:
        pieces.append(found["title"][1:-1])
        return f"]({found['to']})"

    def tag(found: re.Match[str]) -> str:
        if not found["end"]:
            return _PLAIN_TAG.sub(tag, found[0])
        name = found["name"].lower()
        if name == "details" and not found["close"]:
            pieces.append("")
        pieces.extend(each for each in _SAID.findall(found["rest"]) if _is_telling(each))
        return "[image]" if name == "img" else "\n" if name in _BREAKS else ""

    for pattern, replaced in (
        (_UNSHOWN, unshown),
        (_DEFINITION, definition),
        (_IMAGE, image),
        (_LINK_TITLE, title),
        (_TAG, tag),
    ):
        text = pattern.sub(replaced, text)
    return text


def _is_telling(text: str) -> bool:
    """Whether it is a sentence rather than the name of a picture."""
    return len(text.split(maxsplit=3)) > 3 and not _NAME_OF_PICTURE.match(text)


def _bare(comment: str) -> str:
    """The words of a comment, however they are spaced."""
    return " ".join(comment.strip().removeprefix("<!--").removesuffix("-->").split())
