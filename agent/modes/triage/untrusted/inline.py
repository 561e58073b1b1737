"""One line of an untrusted text -> words of Markdown: escaped text, code spans, allowed links."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import unquote

from bathy.agent.modes.triage.untrusted.inert import ends_closing, inert_code, seen_end
from bathy.agent.modes.triage.untrusted.invisible import strip_invisible

_LINK = re.compile(
    r"(?P<picture>!?)\[(?P<label>[^\[\]]{0,300})\]\((?P<to>[^()\s<>]{0,600})[^()]{0,300}\)"
)
_WEB = re.compile(r"(?i)(?:https?:)?//")
_RUNS = re.compile(r"`+")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_ACTIVE = re.compile(
    r"[@\uff20$]|://|(?i:www\.)|(?i:\b(?:mailto|xmpp|javascript|data|vbscript|tel):)"
    r"|(?i:\bGH-\d)|^::|^/[A-Za-z]|##\[|<!--"
)
_NUMBER = re.compile(r"#(\d+)")
_ONLY_NUMBERS = re.compile(
    r"[(\[\"']{0,2}#\d{1,9}(?:[,/&+]#\d{1,9}){0,9}(?:'s)?[)\]\"'.,;:!?]{0,3}"
)
_SPECIAL = re.compile(r"[\\*\[\]<>~|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|&(?=[#A-Za-z])")
_MARKS_A_LINE = re.compile(r"[-+=:>.]|#(?!\d)|\d{1,9}(?=[.)])")
_BARE_URL = re.compile(r"(https://[^\s]+?)([.,;:!?]{0,3})")
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PATH = re.compile(r"[A-Za-z0-9_.~%+/-]*")
_FRAGMENT = re.compile(r"L\d{1,7}(?:-L\d{1,7})?|issuecomment-\d{1,15}")
_PAGE = re.compile(r"(?:issues|pull|discussions)/(\d{1,9})")
_OF_FILES = ("blob", "tree", "blame", "commit")
_MOST_WORD, _MOST_CODE = 200, 400


@dataclass(frozen=True, slots=True)
class Links:
    """What may be linked to.

    Attributes:
        host: Such as "github.com".
        full_name: "OWNER/NAME".
        commit: Full SHA that links to files must name; "" for any full SHA. Pages of a fork's
            commits stand under the same address, so that any is less safe.
    """

    host: str
    full_name: str
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """What may stay: links, numbers of issues; and whether the line must suit a table's cell."""

    links: Links | None = None
    numbers: frozenset[int] = field(default_factory=frozenset)
    is_cell: bool = False


@dataclass(frozen=True, slots=True)
class _Piece:
    kind: Literal["text", "code", "raw"]
    text: str


def inline(line: str, rules: Rules, before: str = "") -> Iterator[str]:
    """Write a line's words one by one, to be joined by blanks.

    Args:
        line: Without LF and invisible characters.
        rules: What may stay.
        before: What is seen before the line, of which the end matters.

    Yields:
        Markdown that stays what it is wherever it stands in a line; the first one begins no block.
    """
    is_first = True
    for word in _words(line, rules):
        # What is glued to a bare address would become part of it.
        own = rules if len(word) == 1 else replace(rules, links=None)
        pieces = [part for piece in word for part in _defused(piece, own, before) if part.text]
        # A word begins behind code that it touches.
        before = seen_end(before, " ".join(piece.text for piece in word))
        written = "".join(_written(piece, rules) for piece in _merged(pieces))
        if not written:
            continue
        if is_first and pieces[0].kind == "text" and _MARKS_A_LINE.match(written):
            written = _MARKS_A_LINE.sub(_escaped_mark, written, count=1)
        is_first = False
        yield written


def allowed_url(url: str, rules: Rules) -> bool:
    """Whether a link to it may stay: a page of the repository that a reader can know it by."""
    if rules.links is None:
        return False
    root = f"https://{rules.links.host}/{rules.links.full_name}/"
    if not url.lower().startswith(root.lower()):
        return False
    path, _, fragment = url[len(root) :].partition("#")
    path = path.removesuffix("?plain=1")
    if not _PATH.fullmatch(path) or (fragment and not _FRAGMENT.fullmatch(fragment)):
        return False
    real = unquote(path)
    if "\\" in real or any(part in ("", ".", "..") for part in real.rstrip("/").split("/")):
        return False
    if page := _PAGE.fullmatch(path):
        return int(page[1]) in rules.numbers
    kind, _, rest = path.partition("/")
    commit = rest.partition("/")[0]
    if kind not in _OF_FILES:
        return kind == "releases" and rest.startswith("tag/")
    return commit == rules.links.commit if rules.links.commit else bool(_SHA.fullmatch(commit))


def _words(line: str, rules: Rules) -> Iterator[list[_Piece]]:
    """Pieces between blanks; links and code spans hold none."""
    word: list[_Piece] = []
    for piece in _pieces(line, rules):
        if piece.kind != "text":
            word.append(piece)
            continue
        plain = strip_invisible(_ENTITY.sub(_entity, _ESCAPED.sub(r"\1", piece.text)))[0]
        for number, part in enumerate(re.split(r"\s+", plain)):
            if number and word:
                yield word
                word = []
            if part and word and word[-1].kind == "text":
                # A name and a number that a link's brackets kept apart act once they touch.
                word[-1] = _Piece("text", word[-1].text + part)
            elif part:
                word.append(_Piece("text", part))
    if word:
        yield word


def _pieces(line: str, rules: Rules) -> Iterator[_Piece]:
    at = 0
    for found in _LINK.finditer(line):
        is_link = allowed_url(found["to"], rules)
        if not (found["picture"] or is_link or _WEB.match(found["to"])):
            continue
        yield from _spans(line[at : found.start()])
        at = found.end()
        if found["picture"]:
            yield _Piece("text", " [image] ")
            continue
        if not is_link:
            yield from _spans(found["label"])
            yield from (_Piece("text", " ("), _Piece("code", _WEB.sub("", found["to"])))
            yield _Piece("text", ")")
            continue
        label = " ".join(inline(found["label"], Rules(is_cell=rules.is_cell)))
        yield _Piece("raw", f"[{label or 'link'}]({found['to']})")
    yield from _spans(line[at:])


def _entity(found: re.Match[str]) -> str:
    return html.unescape(found[0])


def _spans(text: str) -> Iterator[_Piece]:
    """Code spans and what stands between; a backtick without its like is an apostrophe."""
    runs = [(found.start(), found.end()) for found in _RUNS.finditer(text)]
    later: dict[int, list[int]] = {}
    for start, end in reversed(runs):
        later.setdefault(end - start, []).append(start)
    at = 0
    for start, end in runs:
        if start < at:
            continue
        closers = later[end - start]
        while closers and closers[-1] <= start:
            closers.pop()
        if not closers:
            continue
        yield _Piece("text", text[at:start].replace("`", "'"))
        code = text[end : closers[-1]].strip()
        yield _Piece("code", code) if code else _Piece("text", " ")
        at = closers[-1] + end - start
    yield _Piece("text", text[at:].replace("`", "'"))


def _defused(piece: _Piece, rules: Rules, before: str) -> list[_Piece]:
    """Make code or a link of a piece that GitHub would act on."""
    if piece.kind != "text":
        return [piece]
    if len(piece.text) > _MOST_WORD:
        piece = _Piece("text", piece.text[:_MOST_WORD] + "…")
    url = _BARE_URL.fullmatch(piece.text)
    closes = ends_closing(before)
    if url and not closes and allowed_url(url[1], rules):
        return [_Piece("raw", piece.text)]
    if _ACTIVE.search(piece.text):
        return _as_code(re.sub(r"(?i)https?://", "", piece.text))
    numbers = _NUMBER.findall(piece.text)
    if not numbers:
        return [piece]
    known = _ONLY_NUMBERS.fullmatch(piece.text) and all(int(n) in rules.numbers for n in numbers)
    return [piece] if known and not closes else _as_code(piece.text)


def _as_code(text: str) -> list[_Piece]:
    """Code, with the punctuation around it outside."""
    core = text.strip("()[]\"',;!?.")
    if not core or _ACTIVE.search(text.replace(core, "", 1)):
        return [_Piece("code", text)]
    front, _, behind = text.partition(core)
    return [_Piece("text", front), _Piece("code", core), _Piece("text", behind)]


def _merged(pieces: list[_Piece]) -> Iterator[_Piece]:
    """Join neighbours of one kind, so that backticks of two code spans never touch.

    Marks that would make a picture or a runner's command of a link are kept apart from it.
    """
    done: list[_Piece] = []
    for piece in pieces:
        if done and done[-1].kind == piece.kind == "code":
            done[-1] = _Piece("code", done[-1].text + piece.text)
            continue
        if done and piece.kind == "raw" and done[-1].text.endswith(("!", "#")):
            done.append(_Piece("text", " "))
        done.append(piece)
    yield from done


def _written(piece: _Piece, rules: Rules) -> str:
    if piece.kind == "raw":
        return piece.text
    if piece.kind == "text":
        return _SPECIAL.sub(lambda found: "\\" + found[0], piece.text.replace("`", "'"))
    code = inert_code(" ".join(piece.text.split()))
    code = code if len(code) <= _MOST_CODE else code[:_MOST_CODE] + "…"
    if rules.is_cell:
        code = code.replace("|", "¦")
    if not code:
        return ""
    ticks = "`" * (max((len(run) for run in _RUNS.findall(code)), default=0) + 1)
    gap = " " if "`" in code else ""
    return f"{ticks}{gap}{code}{gap}{ticks}"


def _escaped_mark(found: re.Match[str]) -> str:
    return found[0] + "\\" if found[0].isdigit() else "\\" + found[0]
