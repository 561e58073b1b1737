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
    r"Merge(?:d in)?\b.{0,300}?(?:\bpull request\b|\bbranch(?:es)?\b|\bremote-tracking\b|\btags?\b"
    r"|\bcommit\b|\bmerge request\b|\bupstream\b|\binto\b|\bfrom\b|^Merge \S{1,200}$)",
    re.IGNORECASE,
)
_TRAILER = re.compile(r"[A-Za-z][A-Za-z]{0,30}(?:-[A-Za-z]{1,30}){1,4}: \S")
_SIGNED = re.compile(
    r"(?:[A-Za-z]{1,30}-){1,3}(?:by|to|id|link|url): |git-svn-id: |Change-Id: |cc: \S{0,200}@"
    r"|\(cherry picked from commit |See merge request |Pull Request resolved: ",
    re.IGNORECASE,
)
_REFERENCE = r"(?:[\w.-]{1,60}/[\w.-]{1,60})?(?:#|\bgh-|!)\d{1,9}"
_NUMBER = re.compile(rf"\s{{0,3}}\((?:{_REFERENCE}[,\s]{{0,2}}){{1,5}}\)", re.IGNORECASE)
_ONLY_REFERENCES = re.compile(
    r"\W{0,4}(?:(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?|refs?|see|issue|related to|part of)\b"
    rf"[:\s]{{0,3}})?(?:(?:{_REFERENCE}|https?://\S{{1,500}})(?:[,.;\s]|and){{0,6}}){{1,9}}",
    re.IGNORECASE,
)
_BOTS = re.compile(r"\[(?:pre-commit\.ci|[\w-]{0,40}bot)\]|(?:chore|build|ci)\(deps[\w-]{0,20}\)")
_REVERT = re.compile(r"(?:revert|back ?out)\b", re.IGNORECASE)
_VERSION = re.compile(
    r"(?:chore\(release\)|bump\b|start version|back to development"
    r"|prepare (?:for )?(?:the )?(?:next )?(?:release|version)"
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
    lines = message[:MAX_CHARS].replace("\r\n", "\n").replace("\r", "\n").strip().split("\n")
    while lines and (not lines[0].strip() or _MERGE.match(lines[0])):
        del lines[0]
    kept = [line.rstrip() for line in lines if not _SIGNED.match(line)]
    while (shorter := _without_trailers(kept)) != kept:
        kept = shorter
    text = "\n".join(kept)
    while (fewer := _NUMBER.sub("", text)) != text:
        text = fewer
    told = (line.rstrip() for line in text.split("\n"))
    text = "\n".join(line for line in told if not _ONLY_REFERENCES.fullmatch(line)).strip()
    text = re.sub(r"\n{3,}", "\n\n", text)
    # What was taken out may have uncovered more of the same.
    return text if text == message else clean_message(text)


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
    if _REVERT.match(first) or "This reverts commit" in message:
        return REVERT
    if _VERSION.match(first):
        return VERSION
    return "" if len(_words(told)) >= LEAST_WORDS else FEW_WORDS


def _words(text: str) -> set[str]:
    parts = {part for word in words_of(text) for part in parts_of(word)}
    return {part for part in parts if len(part) > 1 and part not in NOT_INDEXED}


def _without_trailers(lines: list[str]) -> list[str]:
    """Drop the last paragraph if all of its lines are trailers, and lines left blank at the end."""
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    start = end
    while start and lines[start - 1].strip():
        start -= 1
    # The first paragraph is the subject, whatever it looks like.
    if start and all(_TRAILER.match(line) for line in lines[start:end]):
        return lines[:start]
    return lines[:end]
