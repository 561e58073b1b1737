"""Text -> the same text without the secrets in it: the one gate before anything is shown or sent.

The number of lines never changes, so line numbers stay true. What is replaced leaves a mark that
says what kind of secret stood there; the mark is never written back over the real text.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from bathy.tools.secret_rules import (
    ASSIGNED_PARTS,
    ASSIGNED_VALUE,
    COMMON_PASSWORDS,
    DOTENV_HARMLESS,
    DOTENV_LINE,
    KEY_BEGIN,
    KEY_BODY,
    KEY_END,
    KEY_MAX_LINES,
    PLACEHOLDER,
    TOKEN_RULES,
)

REDACTION_MARK = "[redacted: "
"""How every mark starts."""

_HEX = re.compile(r"[0-9a-fA-F]+")
_KEY_OF_A_SECRET = re.compile(r"(?i:api|access|private|auth|secret|client)[_-]?$")
_MARK = re.compile(r"\[redacted: [a-z0-9 ]{1,60}\]")
_DOTENV = re.compile(r"(?:^|/)(?:\.env(?:\.[\w.-]+)?|[\w.-]+\.env|\.envrc)$")
_DOTENV_EXAMPLE = re.compile(r"example|sample|template|dist$|defaults?$|tmpl$", re.IGNORECASE)

# Bits a character. English words and identifiers stay below; random base64 and hexadecimal reach
# them.
_MIN_ENTROPY = 3.0
_MIN_ASSIGNED_ENTROPY = 3.6
_DENSE_ENTROPY = 4.2
_KEY_MARK = "PRIVATE KEY"
_LITERALS = tuple(dict.fromkeys(literal for rule in TOKEN_RULES for literal in rule.literals))


@dataclass(frozen=True, slots=True)
class Finding:
    """One secret that was redacted.

    Attributes:
        kind: Such as "github token".
        line: 1-based line on which it starts.
    """

    kind: str
    line: int


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without secrets, and what was taken out, by line."""

    text: str
    findings: tuple[Finding, ...]


def redact(text: str, path: str = "") -> Redacted:
    """Replace the secrets in a text by marks.

    Args:
        text: Any text; only LF ends a line.
        path: Where it comes from; a dotenv file has all of its telling values redacted.

    Returns:
        A text of as many lines. Redacting it again changes nothing. Time is linear in the length.
    """
    spans = list(_private_keys(text)) if _KEY_MARK in text else []
    spans.extend(_tokens(text))
    if _is_dotenv(path):
        spans.extend(_dotenv_values(text))
    if not spans:
        return Redacted(text, ())
    return _replace(text, spans)


def holds_redaction_mark(text: str) -> bool:
    """Whether a text holds a mark, and so must not be written to a file."""
    return REDACTION_MARK in text


def _replace(text: str, spans: list[tuple[int, int, str]]) -> Redacted:
    parts, findings, done, line, counted = [], [], 0, 1, 0
    for start, end, kind in sorted(spans, key=lambda s: (s[0], -s[1])):
        if start < done or (
            _MARK.search(text, max(0, start - 80), end + 80) and _in_mark(text, start)
        ):
            continue
        line += text.count("\n", counted, start)
        counted = start
        mark = f"{REDACTION_MARK}{kind}]"
        # Lines inside keep their places; each gets a mark of its own.
        newlines = text.count("\n", start, end)
        parts += [text[done:start], "\n".join([mark] * (newlines + 1))]
        findings.append(Finding(kind, line))
        done = end
    parts.append(text[done:])
    return Redacted("".join(parts), tuple(findings))


def _in_mark(text: str, at: int) -> bool:
    """Whether a place stands inside a mark."""
    begin = text.rfind(REDACTION_MARK, max(0, at - 80), at + len(REDACTION_MARK))
    found = _MARK.match(text, begin) if begin >= 0 else None
    return found is not None and found.start() <= at < found.end()


def _tokens(text: str) -> Iterator[tuple[int, int, str]]:
    present = {literal for literal in _LITERALS if literal in text}
    for rule in TOKEN_RULES:
        if present.isdisjoint(rule.literals):
            continue
        for start, end in _windows(text, rule.literals):
            for match in rule.pattern.finditer(text, start, end):
                group = "secret" if "secret" in rule.pattern.groupindex else 0
                if _is_placeholder(match[group]) or (
                    rule.needs_entropy and _is_made_up(match[group], _MIN_ENTROPY)
                ):
                    continue
                yield (*match.span(group), rule.kind)
    yield from _assigned(text)


def _assigned(text: str) -> Iterator[tuple[int, int, str]]:
    """Values assigned to names that promise a secret.

    The names are looked for first, since most text holds none; only what follows one is matched.
    """
    for part in ASSIGNED_PARTS:
        at = text.find(part)
        while at >= 0:
            if not part.lower().endswith("key") or _KEY_OF_A_SECRET.search(
                text, max(0, at - 9), at
            ):
                match = ASSIGNED_VALUE.match(text, at + len(part))
                if match is not None and _looks_random(match["secret"]):
                    yield (*match.span("secret"), "assigned secret")
            at = text.find(part, at + len(part))


def _windows(text: str, literals: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """The surroundings of the literals, merged, so that a rule reads little text."""
    places = sorted(_places(text, literals))
    begin, end = -1, -1
    for place in places:
        if place <= end:
            end = max(end, place + 4096)
            continue
        if begin >= 0:
            yield begin, min(end, len(text))
        begin, end = max(0, place - 256), place + 4096
    if begin >= 0:
        yield begin, min(end, len(text))


def _places(text: str, literals: tuple[str, ...]) -> Iterator[int]:
    for literal in literals:
        at = text.find(literal)
        while at >= 0:
            yield at
            at = text.find(literal, at + len(literal))


def _is_placeholder(value: str) -> bool:
    return bool(PLACEHOLDER.search(value)) or len(set(value[-16:])) < 5


def _is_made_up(value: str, least: float) -> bool:
    return value.lower() in COMMON_PASSWORDS or (len(value) >= 20 and _entropy(value) < least)


def _looks_random(value: str) -> bool:
    """Whether a quoted value is more likely a key than a name, a path, a URL or a sentence."""
    if _is_placeholder(value) or "://" in value or value.startswith(("/", "./", "../", "--")):
        return False
    has_digit = any(c.isdigit() for c in value)
    has_letter = any(c.isalpha() for c in value)
    # Hexadecimal has four bits a character at most, and short values stay well below.
    least = _MIN_ENTROPY if _HEX.fullmatch(value) else _MIN_ASSIGNED_ENTROPY
    if not (has_digit and has_letter) or _entropy(value) < least:
        return False
    digits = sum(c.isdigit() for c in value)
    words = re.findall(r"[a-z]{5,}|[A-Z][a-z]{4,}|[A-Z]{5,}", value)
    is_dense = digits >= 3 or _entropy(value) >= _DENSE_ENTROPY
    return is_dense and sum(len(word) for word in words) < len(value) * 0.5


def _entropy(value: str) -> float:
    """Shannon entropy, bits a character."""
    counts = Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())


def _is_dotenv(path: str) -> bool:
    name = path.rpartition("/")[2]
    return bool(_DOTENV.search(path)) and not _DOTENV_EXAMPLE.search(name)


def _dotenv_values(text: str) -> Iterator[tuple[int, int, str]]:
    at = 0
    for line in text.split("\n"):
        match = DOTENV_LINE.match(line[:5000]) if "=" in line[:200] else None
        if match is not None and _gives_away(match["secret"]):
            end = len(line.rstrip("\r"))
            yield at + match.start("secret"), at + end, "dotenv value"
        at += len(line) + 1


def _gives_away(value: str) -> bool:
    return not value.startswith(REDACTION_MARK) and not DOTENV_HARMLESS.fullmatch(value.strip())


def _private_keys(text: str) -> Iterator[tuple[int, int, str]]:
    """Bodies of private keys, between their BEGIN and END lines, or up to where they stop."""
    at = 0
    while (begin := KEY_BEGIN.search(text, at)) is not None:
        limit = _line_end(text, begin.end(), KEY_MAX_LINES)
        end = KEY_END.search(text, begin.end(), limit)
        following = KEY_BEGIN.search(text, begin.end(), end.start() if end else limit)
        stop = end.start() if end is not None and following is None else None
        if stop is None:
            stop = following.start() if following is not None else limit
            stop = _body_end(text, begin.end(), stop)
        body = text[begin.end() : stop]
        if KEY_BODY.search(body):
            lead = len(body) - len(body.lstrip("\r\n \t\"'+"))
            trail = len(body.rstrip("\r\n \t\"'+"))
            yield begin.end() + lead, begin.end() + max(lead, trail), "private key"
        at = max(stop, begin.end())


def _line_end(text: str, at: int, lines: int) -> int:
    for _ in range(lines):
        found = text.find("\n", at)
        if found < 0:
            return len(text)
        at = found + 1
    return at


def _body_end(text: str, start: int, stop: int) -> int:
    """End of the last line that looks like a key's body, for keys that are never closed."""
    at, last = start, start
    while at < stop:
        found = text.find("\n", at, stop)
        end = stop if found < 0 else found
        line = text[at:end]
        if line.strip() and not KEY_BODY.search(line):
            break
        if line.strip():
            last = end
        at = end + 1
    return last
