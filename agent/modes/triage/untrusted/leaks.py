"""A text that is about to be posted -> why it must not be, as far as secrets are concerned."""

import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from urllib.parse import quote, unquote

from bathy.tools.redact import redact

LEAST_SECRET, LEAST_RUN, PIECE = 8, 24, 16
"""Characters of a secret that is looked for, of a run that is judged by its looks, and of a piece
of a secret that gives it away."""

_RUN = re.compile(r"[A-Za-z0-9+/_=.-]{24,}")
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX_RUN = re.compile(r"(?:[0-9a-fA-F]{2}){12,}")
_UUID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHA = re.compile(
    r"(?<![0-9a-fA-F])[0-9a-f]{40}(?![0-9a-fA-F])"
    r"|(?i:\bsha-?(?:256|512)|\bdigest)[:=-][0-9a-f]{64,128}(?![0-9a-fA-F])"
    r"|#diff-[0-9a-f]{32,64}|\bgist(?:\.github\.com)?/[\w-]{1,40}/[0-9a-f]{20,32}\b"
)
_WORDS = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}")
_PLAIN_PART = re.compile(r"[A-Z]?[a-z]{1,20}\d{0,4}|[A-Z]{1,20}\d{0,4}|\d{1,8}")
_SEPARATORS = re.compile(r"[/_.+=-]+")
_DIGITS = re.compile(r"\d+")
_HEX = re.compile(r"[0-9a-fA-F]+")
_WRAPS = re.compile(r"[\n\r\\`*\u200b-\u200f]+")
_BLANKS = re.compile(r"\s+")
_MIN_ENTROPY, _MIN_HEX_ENTROPY = 3.5, 2.8


def leak_in(text: str, secrets: Sequence[str] = ()) -> str:
    """Say why a text must not be posted.

    Args:
        text: What would be posted.
        secrets: Values that must not stand in it, in whatever way; shorter ones than 8 characters
            are not looked for.

    Returns:
        A sentence without any of what was found, or "" if the text may be posted. Linear in the
        text for a given number of secrets.
    """
    joined = _WRAPS.sub("", text)
    squeezed = _BLANKS.sub("", joined)
    for secret in secrets:
        pairs = ((secret, text), (_BLANKS.sub("", _WRAPS.sub("", secret)), squeezed))
        if any(_stands_in(where, written) for written, where in pairs):
            return "It holds a secret of this run."
    for kind, variant in _variants(text, joined):
        findings = redact(variant).findings
        if findings:
            return f"It holds what looks like a secret ({findings[0].kind}{kind})."
    runs = _RUN.findall(_UUID.sub(" ", _SHA.sub(" ", text)))
    if any(_is_random(run) for run in runs):
        return "It holds a long run of random characters, which may be a secret."
    return ""


def _stands_in(text: str, secret: str) -> bool:
    return len(secret) >= LEAST_SECRET and any(shape in text for shape in _shapes(secret))


def _shapes(secret: str) -> Iterator[str]:
    """How a secret may be written: itself, backwards, encoded; of a long one any piece."""
    for plain in (secret, secret[::-1]):
        yield plain
        step = range(len(plain) - PIECE + 1) if len(plain) > PIECE else ()
        yield from (plain[at : at + PIECE] for at in step)
        data = plain.encode("utf-8", "replace")
        yield data.hex()
        yield data.hex().upper()
        yield data.hex()[::-1]
        yield quote(plain, safe="")
        yield "".join(f"%{byte:02x}" for byte in data)
        yield "".join(f"%{byte:02X}" for byte in data)
        yield base64.b32encode(data).decode().rstrip("=")
        for shift in range(3):
            # Characters that depend on what stands before or behind are left out.
            whole = base64.b64encode(b"\0" * shift + data).decode().rstrip("=")
            core = whole[(0, 2, 3)[shift] : len(whole) - ((len(data) + shift) % 3 > 0)]
            for written in (core, core.translate(str.maketrans("+/", "-_"))):
                yield written
                yield written[::-1]


def _variants(text: str, joined: str) -> Iterator[tuple[str, str]]:
    """The text as it may be read: backwards, without what parts it, decoded."""
    yield "", text
    yield ", parted", joined
    yield ", backwards", text[::-1]
    if "%" in text:
        yield ", encoded", unquote(text)
    decoded = list[str]()
    for source in (text, text[::-1], joined):
        for run in _ENCODED.findall(source):
            decoded += _base64(run)
        for run in _HEX_RUN.findall(source):
            decoded.append(bytes.fromhex(run).decode("latin-1"))
    read = "\n".join(decoded)
    yield ", encoded", read
    yield ", encoded backwards", read[::-1]


def _base64(run: str) -> Iterator[str]:
    body = run.rstrip("=").translate(str.maketrans("-_", "+/"))
    for shift in range(4) if len(body) <= 4096 else (0,):
        part = body[shift:]
        part = part[:-1] if len(part) % 4 == 1 else part
        try:
            yield base64.b64decode(part + "=" * (-len(part) % 4)).decode("latin-1")
        except binascii.Error:
            continue


def _is_random(run: str) -> bool:
    """Whether a run is more likely drawn than written: neither words nor a path nor numbers."""
    parts = [part for part in _SEPARATORS.split(run) if part]
    if any(_is_random_part(part) for part in parts if len(part) >= LEAST_RUN - 4):
        return True
    odd = "".join(part for part in parts if not _PLAIN_PART.fullmatch(part) and not _is_wordy(part))
    return len(odd) >= LEAST_RUN - 4 and 2 * len(odd) > len(run) and _is_random_part(odd)


def _is_random_part(part: str) -> bool:
    digits = _DIGITS.findall(part)
    if _HEX.fullmatch(part):
        return len(digits) >= 2 and _entropy(part) >= _MIN_HEX_ENTROPY
    if _entropy(part) < _MIN_ENTROPY:
        return False
    if len(digits) >= 3:
        return len(digits) >= 5 or not _is_wordy(part)
    is_mixed = part != part.lower() and part != part.upper()
    return is_mixed and sum(len(word) for word in _WORDS.findall(part)) < 0.6 * len(part)


def _is_wordy(part: str) -> bool:
    return sum(len(word) for word in _WORDS.findall(part)) >= 0.8 * len(part)


def _entropy(text: str) -> float:
    """Shannon entropy, bits a character."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())
