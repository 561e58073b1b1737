"""A commit's message -> what somebody who wanted the change might have asked, or why it is none.

Nothing here looks at files. Messages were written by strangers: they are cut, never followed.
"""

import re

from bathy.agent.index.history import is_bot
from bathy.agent.index.terms import NOT_INDEXED, parts_of, words_of

LEAST_WORDS = 3
"""A message with fewer different words says nothing that a file could be found by."""

MAX_CHARS = 20_000
"""Longer messages are cut here: what follows is lists of what a branch held."""

BOT = "made by a bot"
MERGE = "a merge without a message of its own"
REVERT = "a revert"
VERSION = "a change of versions"
FEW_WORDS = "a message of too few words"

_MERGE = re.compile(
    r"Merge pull request [#!]?\d|Merge(?:d)? PR [#!]?\d|Merged in \S{1,200} \(pull request #"
    r"|Merge (?:remote(?:-tracking)? )?branch(?:es)? (?:['\"`]|\S{1,200} (?:into|of) )"
    r"|Merge (?:tag|commit)s? ['\"`]|Merge \S{1,200} into \S{1,200}$|Merge \S{1,200}$",
    re.IGNORECASE,
)
_TRAILER = re.compile(r"[A-Za-z]{1,30}(?:-[A-Za-z]{1,30}){1,4}: \S")
_SIGNED = re.compile(
    r"(?:[A-Za-z]{1,30}-){1,3}(?:by|to|id|link|url): |git-svn-id: |cc: \S{0,200}@"
    r"|\(cherry picked from commit |See merge request |Pull Request resolved: ",
    re.IGNORECASE,
)
_REFERENCE = r"(?:[\w.-]{1,60}/[\w.-]{1,60})?(?:#|\bgh-|!)\d{1,9}"
_NUMBER = re.compile(rf"(?<![(\s])\s{{0,9}}\((?:{_REFERENCE}[,\s]{{0,2}}){{1,5}}\)", re.IGNORECASE)
_REFERRED = re.compile(
    rf"(?:{_REFERENCE}|https?://\S{{1,500}})[.)]?|(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?|refs?"
    r"|see|issues?|related|part|to|of|and)?:?|\W",
    re.IGNORECASE,
)
_REFERRING = re.compile(r"[#!]\d|gh-\d|://", re.IGNORECASE)
_BOTS = re.compile(r"\[(?:pre-commit\.ci|[\w-]{0,40}bot)\]|(?:chore|build|ci)\(deps[\w-]{0,20}\)")
_REVERT = re.compile(r"(?:revert|back ?out)\b", re.IGNORECASE)
_VERSION = re.compile(
    r"(?:\w{1,20}(?:\([\w./-]{1,40}\))?!?: )?(?:bump\b|start version|back to development"
    r"|prep(?:are)? (?:for |to )?(?:the )?(?:next )?(?:release|version)"
    r"|(?:set |update |new )?version (?:to )?v?\d|releas(?:e|ing)(?: version)?:? ?v?\d|release$"
    r"|v?\d{1,9}(?:\.\d{1,9}){1,3}\S{0,20}$)",
    re.IGNORECASE,
)


def clean_message(message: str) -> str:
    """Return what a message says of its change.

    Args:
        message: All of it. What a service wrote above a merge goes, so that the body speaks.

    Returns:
        Subject and body without trailers (`Signed-off-by`), numbers of pull requests, and lines
        that only refer to something; "" if nothing is left. Cleaning it again changes nothing.
    """
    text, before = message[:MAX_CHARS].replace("\r\n", "\n").replace("\r", "\n"), ""
    # What is taken out may uncover more of the same.
    while text != before:
        text, before = _cleaned(text), text
    return text


def _cleaned(text: str) -> str:
    lines = text.strip().split("\n")
    while lines and (not lines[0].strip() or _MERGE.match(lines[0])):
        del lines[0]
    kept = _without_trailers([line.rstrip() for line in lines if not _SIGNED.match(line)])
    told = (line.rstrip() for line in _NUMBER.sub("", "\n".join(kept)).split("\n"))
    text = "\n".join(line for line in told if not line or not _only_refers(line)).strip()
    return re.sub(r"\n{3,}", "\n\n", text)


def _only_refers(line: str) -> bool:
    """Whether a line says nothing but "closes" and which issues or pages."""
    words = re.split(r"[\s,;]+", line)
    return bool(_REFERRING.search(line)) and all(_REFERRED.fullmatch(word) for word in words)


def why_unfit(author: str, message: str) -> str:
    """Say why a commit is no question, by its author and message alone; "" if it is one.

    Args:
        author: Their name.
        message: As it was written.
    """
    subject = message.strip().split("\n")[0]
    told = clean_message(message)
    # A person may have merged what a bot wrote.
    if is_bot(author) or _BOTS.match(told):
        return BOT
    if not told and _MERGE.match(subject):
        return MERGE
    first = told.split("\n")[0]
    if _REVERT.match(first) or told[len(first) :].lstrip().startswith("This reverts commit"):
        return REVERT
    if _VERSION.match(first):
        return VERSION
    return "" if len(_words(told)) >= LEAST_WORDS else FEW_WORDS


def _words(text: str) -> set[str]:
    parts = {part for word in words_of(text) for part in parts_of(word)}
    return {part for part in parts if len(part) > 1 and part not in NOT_INDEXED}


def _without_trailers(lines: list[str]) -> list[str]:
    """Drop paragraphs at the end of which every line is a trailer, and blank lines there.

    The first paragraph is the subject, whatever it looks like.
    """
    end = start = _end(lines, len(lines))
    while start and lines[start - 1].strip():
        start -= 1
        if start and not lines[start - 1].strip():
            if not all(_TRAILER.match(line) for line in lines[start:end]):
                break
            end = start = _end(lines, start)
    return lines[:end]


def _end(lines: list[str], end: int) -> int:
    """Where the blank lines before an end begin."""
    while end and not lines[end - 1].strip():
        end -= 1
    return end
