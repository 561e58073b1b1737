"""Code of an untrusted text -> code that nothing acts on either.

GitHub acts on nothing inside code, but bots and workflows often match the bare text of a comment.
"""

import re

CLOSING_WORD = re.compile(
    r"clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|duplicates?(?: of)?", re.IGNORECASE
)
"""What closes an issue when a reference follows it."""
_LOOKED_AT = 40
_CLOSING_WORD_LAST = re.compile(rf"\b(?:{CLOSING_WORD.pattern})\W*$", re.IGNORECASE)

_AGENTS = (
    r"claude|codex|copilot|gemini|gemini-cli|cursor|cursoragent|coderabbitai|dependabot|renovate|mergify|mergifyio"
    r"|bathy|dosu|dosubot|sweep|devin|openhands|github-actions|greptile|oz|jules|bors|k8s-ci-robot|rustbot|botio"
)
_SUMMONED = re.compile(rf"@(?=(?:{_AGENTS})\b)", re.IGNORECASE)
_CLOSING = re.compile(
    rf"\b({CLOSING_WORD.pattern})(:?\s{{0,9}})(#|GH-|https?://|[\w.-]{{1,100}}/[\w.-]{{1,100}}#)(?=\w)",
    re.IGNORECASE,
)
_FOREIGN = re.compile(r"(?<=[\w.-])#(?=\d)")
_COMMAND = re.compile(r"\s*(?:::|/[A-Za-z][\w-]*(?:\s|$))")
_IN_FRONT = "· "


def seen_end(before: str, text: str) -> str:
    """Return the end of what is seen once a text has come: as much as `ends_closing` looks at."""
    return f"{before} {text}".rstrip()[-_LOOKED_AT:] if text.strip() else before


def ends_closing(text: str) -> bool:
    """Whether a text ends with words that close the issue which is referred to next.

    So does "Duplicate of": GitHub takes it for a command in a comment.
    """
    return bool(_CLOSING_WORD_LAST.search(text[-_LOOKED_AT:]))


def inert_code(code: str) -> str:
    """Take the sting out of a code span: comments, agents called, closing words, references."""
    code = code.replace("<!--", "<! --").replace("##[", "## [")
    code = _SUMMONED.sub("@ ", code)
    code = _CLOSING.sub(_parted, code)
    return _FOREIGN.sub(" # ", code)


def inert_code_block(code: str) -> str:
    """Do the same for lines of fenced code, of which none must begin with a command either."""
    lines = (line.rstrip() for line in inert_code(code).split("\n"))
    return "\n".join(_IN_FRONT + line.lstrip() if _COMMAND.match(line) else line for line in lines)


def _parted(found: re.Match[str]) -> str:
    word, gap, reference = found[1], found[2], found[3]
    if reference.startswith("http"):
        return f"{word}{gap}{reference.replace('://', ': //')}"
    return f"{word}{gap}{reference.replace('#', ' # ').replace('-', ' ')}".replace("  ", " ")
