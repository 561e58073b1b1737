"""An issue and its comments -> what about their texts calls for caution, as codes without text."""

import base64
import binascii
import html
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from urllib.parse import unquote

from bathy.agent.modes.triage.dossier import Comment, Issue
from bathy.agent.modes.triage.report import Flag, FlagCode
from bathy.agent.modes.triage.untrusted.disguise import readings
from bathy.agent.modes.triage.untrusted.invisible import smuggled, strip_invisible
from bathy.agent.modes.triage.untrusted.visible import take_apart
from bathy.agent.modes.triage.untrusted.wording import (
    ADVERTISING,
    DECODED_INSTRUCTIONS,
    INSTRUCTIONS,
    SECURITY_PROOF,
    SECURITY_STRONG,
    TITLE_INSTRUCTIONS,
    TURN_TAGS,
)
from bathy.tools.redact import redact

OVERSIZE_CHARS = 60_000
"""A longer text is flagged; GitHub takes 65,536 characters."""

FIRST_CHARS, LAST_CHARS = 150_000, 50_000
"""Of a longer text only its beginning and its end are looked at for wording."""

_FORGED = re.compile(r"<!--[\s\W]{0,40}bathy[\s_-]{0,3}triage", re.IGNORECASE)
_URL = re.compile(r"(?i)\b(?:https?|ftp|wss?):[/\\]{2}([^\s/?#\\<>\"'()\[\]`]+)")
_BARE_WEB = re.compile(r"(?i)(?<![\w./@-])(www\.[a-z0-9.-]{1,250})")
_WHOLE_URL = re.compile(r"(?i)\b[a-z]{2,6}://\S+")
_PLACE = re.compile(
    r"(?i)^(?:localhost|127\.\d|0\.0\.0\.0|\[?::1|example\.(?:com|org|net)|192\.168\.|10\.)"
)
_WORD = re.compile(r"\w{2,}")
_CODE_LIKE = re.compile(r"```|~~~|^ {4}\S|Traceback|\w\(\)|\w\.\w{1,4}:\d", re.MULTILINE)
_ENCODED = re.compile(
    r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{20,}={0,2}"
    r"(?:[ \t]{0,4}\n[ \t>]{0,8}[A-Za-z0-9+/_-]{20,}={0,2})*+"
)
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}[ :]?){16,}")
_PERCENT = re.compile(r"(?:%[0-9a-fA-F]{2}|[\w.+-]){12,}")
_MIRRORING = re.compile("[\u202d\u202e\u2067\u2068]")
_SECURE_BODY = 2


def flags_of(
    issue: Issue, comments: Sequence[Comment], *, host: str, known: Collection[str] = ()
) -> tuple[Flag, ...]:
    """Say what about an issue calls for caution.

    Args:
        issue: Texts as strangers wrote them.
        comments: Of others.
        host: Of the repository's pages; links there are not external.
        known: Comments of the repository's issue template, which hide nothing.

    Returns:
        One flag for each code and place, in the order of the text. Linear. Never raises.
    """
    texts = [("title", issue.title), ("body", issue.body)]
    texts += [(f"comment {each.id}", each.body) for each in comments]
    found: list[Flag] = []
    for where, text in texts:
        found += (
            Flag(code, where, count)
            for code, count in _counts(text, where, host.lower(), known)
            if count
        )
    found += (Flag("security_report", *hit) for hit in _security(texts[:2]))
    if spam := _spam(issue.title, issue.body, host.lower()):
        found.append(Flag("spam", "body", spam))
    return tuple(found)


def is_spam(flags: Collection[Flag]) -> bool:
    """Whether the issue itself is advertising."""
    return any(flag.code == "spam" for flag in flags)


def is_security(flags: Collection[Flag]) -> bool:
    """Whether the issue seems to report a vulnerability, so that it is not spoken of in public."""
    return any(flag.code == "security_report" for flag in flags)


def _counts(
    text: str, where: str, host: str, known: Collection[str]
) -> Iterator[tuple[FlagCode, int]]:
    shown, pieces, invisible = take_apart(text, known)
    hidden = "\n".join(pieces)
    yield "instruction_like_text", _instructions(text, f"{shown}\n{hidden}", where == "title")
    yield "hidden_text", len(pieces)
    yield "invisible_chars", invisible
    yield "secret_in_issue", len(redact(text).findings)
    plain = html.unescape(strip_invisible(text)[0])
    yield "forged_marker", len(_FORGED.findall(unicodedata.normalize("NFKC", plain)))
    yield "external_url", sum(1 for name in _hosts(plain) if not _is_own(name, host))
    yield "oversize", int(len(text) > OVERSIZE_CHARS)


def _instructions(raw: str, text: str, is_title: bool) -> int:
    """Count sentences for a machine, in whatever way they were written."""
    raw, text = _ends(raw), unicodedata.normalize("NFKC", _ends(text)).replace("\u2019", "'")
    count = sum(1 for _ in INSTRUCTIONS.finditer(text))
    if is_title:
        count += sum(1 for _ in TITLE_INSTRUCTIONS.finditer(text))
    # Tags are no part of what is seen, nor hide anything.
    count += sum(1 for _ in TURN_TAGS.finditer(raw))
    count += any(INSTRUCTIONS.search(reading) for reading in readings(text))
    for decoded in _decoded(text):
        count += bool(INSTRUCTIONS.search(decoded) or DECODED_INSTRUCTIONS.search(decoded))
    spelt = smuggled(raw)
    count += bool(INSTRUCTIONS.search(spelt) or DECODED_INSTRUCTIONS.search(spelt))
    if _MIRRORING.search(raw):
        mirrored = "\n".join(line[::-1] for line in text.split("\n"))
        count += bool(INSTRUCTIONS.search(mirrored) or DECODED_INSTRUCTIONS.search(mirrored))
    return count


def _ends(text: str) -> str:
    if len(text) <= FIRST_CHARS + LAST_CHARS:
        return text
    return f"{text[:FIRST_CHARS]}\n{text[-LAST_CHARS:]}"


def _decoded(text: str) -> Iterator[str]:
    """What stretches of base64, hexadecimal and percent signs say, where that is a sentence."""
    for found in _ENCODED.findall(text):
        run = re.sub(r"[\s>=]", "", found).translate(str.maketrans("-_", "+/"))
        try:
            yield from _sentence(base64.b64decode(run + "=" * (-len(run) % 4)))
        except binascii.Error:
            continue
    for found in _HEX.findall(text):
        yield from _sentence(bytes.fromhex(re.sub(r"[ :]", "", found)))
    for found in _PERCENT.findall(text):
        if found.count("%") > 2:
            yield unquote(found)


def _sentence(data: bytes) -> Iterator[str]:
    text = data.decode("utf-8", "replace")
    printable = sum(1 for c in text[:2_000] if c.isprintable() or c in "\n\t")
    if len(text.split(maxsplit=2)) > 2 and printable > 0.9 * min(len(text), 2_000):
        yield text


def _hosts(text: str) -> Iterator[str]:
    for found in (*_URL.findall(text), *_BARE_WEB.findall(text)):
        name = found.rpartition("@")[2].lower().rstrip(".,;:!*_~")
        yield name.partition(":")[0] if not name.startswith("[") else name


def _is_own(name: str, host: str) -> bool:
    own = host.partition(":")[0]
    return name == own or name.endswith(".githubusercontent.com") or bool(_PLACE.match(name))


def _security(texts: Sequence[tuple[str, str]]) -> Iterator[tuple[str, int]]:
    """Where a vulnerability is reported: one word is enough in a title, a body needs two kinds."""
    (_, title), (_, body) = texts
    title, shown = strip_invisible(title)[0], _ends(take_apart(body)[0])
    in_title = _kinds(SECURITY_STRONG, title) + _kinds(SECURITY_PROOF, title)
    in_body = _kinds(SECURITY_STRONG, shown)
    if _kinds(SECURITY_STRONG, title) or (in_title and in_body):
        yield "title", in_title
    elif in_body >= _SECURE_BODY or (in_body and _kinds(SECURITY_PROOF, shown) >= _SECURE_BODY):
        yield "body", in_body


def _kinds(pattern: re.Pattern[str], text: str) -> int:
    return len({found.group().lower() for found in pattern.finditer(text)})


def _spam(title: str, body: str, host: str) -> int:
    """How many signs of advertising there are, 0 if the issue may be meant."""
    shown = _ends(take_apart(body)[0])
    text = f"{strip_invisible(title)[0]}\n{shown}"
    names = Counter(name for name in _hosts(text) if not _is_own(name, host))
    links = max(names.values(), default=0)
    words = len(_WORD.findall(_WHOLE_URL.sub(" ", shown)))
    adverts = _kinds(ADVERTISING, text)
    if _CODE_LIKE.search(text) or words > 400:
        return 0
    is_all_links = links >= 3 and words <= 4 * links
    is_advert = adverts >= 2 and (links > 0 or adverts >= 3)
    return links + adverts if is_all_links or is_advert else 0
