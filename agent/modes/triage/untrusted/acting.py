"""A comment that is about to be posted -> why it must not be, as far as GitHub would act on it.

What we write ourselves is made so that nothing in it acts (`safe.py`). This looks at the result
with a parser that knows nothing of how it was made: a report may come from a job that was taken
over.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

from bathy.agent.modes.triage.untrusted.inert import CLOSING_WORD, inert_code, inert_code_block
from bathy.agent.modes.triage.untrusted.inline import Links, Rules, allowed_url
from bathy.agent.modes.triage.untrusted.safe import LANGUAGES

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MOST_COMMENT_CHARS = 40_000
"""Twice of what we write at most; GitHub takes 65,536."""

_BLOCKS = frozenset({
    "paragraph_open", "paragraph_close", "bullet_list_open", "bullet_list_close", "inline",
    "ordered_list_open", "ordered_list_close", "list_item_open", "list_item_close", "fence",
    "code_block", "html_block",
})  # fmt: skip
_INLINE = frozenset({
    "text", "text_special", "code_inline", "softbreak", "hardbreak", "link_open", "link_close",
    "strong_open", "strong_close", "em_open", "em_close", "html_inline",
})  # fmt: skip
_OWN_HTML = re.compile(
    r"<!-- bathy-triage:v1 digest=sha256:[0-9a-f]{64} -->|</?(?:details|summary)>"
)
_PLAIN = re.compile(r"[\w\s.,:'()-]*")
_CODE, _POLICY = "\N{OBJECT REPLACEMENT CHARACTER}", "security/policy"
_ACTS = (
    (re.compile(r"[@\uff20]\w"), "it mentions somebody"),
    (re.compile(r"(?i)://|\bwww\.|\bmailto:"), "it holds a link that leads elsewhere"),
    (
        re.compile(rf"(?i)\b(?:{CLOSING_WORD.pattern}):?\s+#\d"),
        "it holds words that close an issue",
    ),
    (re.compile(r"(?i)\w#\d|\bgh-\d"), "it refers to another repository"),
    (re.compile(r"(?m)^\s*(?:::|/[A-Za-z][\w-]*(?:\s|$))|##\["), "it holds a command"),
)
_ISSUE = re.compile(r"/(?:issues|pull|discussions)/(\d{1,9})$")
_BEHIND = ".,:;!?"
"""What GitHub takes for no part of a bare address that it ends."""
_ACTING_CODE = "it holds code that bots may take for a command"
_REFERENCE = re.compile(r"#(\d+)")


def acting_in(comment: str, links: Links, numbers: Collection[int]) -> str:
    """Say why a comment must not be posted.

    Args:
        comment: Markdown, with or without our marker at its end.
        links: What may be linked to.
        numbers: Issues of the repository that may be referred to.

    Returns:
        A clause that holds nothing of the comment, or "" if nothing in it acts on anybody or
        anything. The same for the same arguments.
    """
    if len(comment) > MOST_COMMENT_CHARS:
        return f"it has more than {MOST_COMMENT_CHARS:,} characters"
    rules = Rules(links, frozenset(numbers))
    return next(_reasons(_parser().parse(comment), rules), "")


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    parser = MarkdownIt("gfm-like", {"html": True})
    if parser.linkify is not None:
        # With bare words such as a.py every file name would be a link; GitHub makes none of //a.
        parser.linkify.set({"fuzzy_link": False}).add("//", None)
    return parser


def _reasons(tokens: "Sequence[Token]", rules: Rules) -> Iterator[str]:
    for token in tokens:
        if token.type not in _BLOCKS:
            yield "it holds markup that is not ours"
        elif token.type == "fence" and token.info not in LANGUAGES | {""}:
            yield "it holds code that is drawn"
        elif token.type in ("fence", "code_block") and not _is_inert(token.content):
            yield _ACTING_CODE
        elif token.type == "html_block" and not _is_own(token.content):
            yield "it holds HTML"
        elif token.type == "inline":
            yield from _of_inline(token.children or [], rules)


def _of_inline(tokens: "Sequence[Token]", rules: Rules) -> Iterator[str]:
    seen = list[str]()
    for token in tokens:
        to = str(token.attrs.get("href")).rstrip(_BEHIND)
        if token.type == "link_open" and (page := _ISSUE.search(to)):
            # A word that closes an issue works in front of its address as well.
            seen.append(f"#{page[1]} ")
        if token.type not in _INLINE:
            yield "it holds a picture, or markup that is not ours"
        elif token.type == "link_open" and not _may_link(to, rules):
            yield "it holds a link that leads elsewhere"
        elif token.type == "html_inline" and not _is_own(token.content):
            yield "it holds HTML"
        elif token.type == "code_inline" and inert_code(token.content) != token.content:
            yield _ACTING_CODE
        elif token.type in ("text", "text_special"):
            seen.append(token.content)
        elif token.type.endswith("break"):
            seen.append("\n")
        elif token.type in ("code_inline", "link_close"):
            # GitHub looks for references in each stretch of text by itself.
            seen.append(_CODE)
    text = _without_links("".join(seen), rules)
    yield from (reason for pattern, reason in _ACTS if pattern.search(text))
    if any(int(number) not in rules.numbers for number in _REFERENCE.findall(text)):
        yield "it refers to another issue"


def _may_link(address: str, rules: Rules) -> bool:
    links = rules.links
    is_policy = links and address == f"https://{links.host}/{links.full_name}/{_POLICY}"
    return bool(is_policy) or allowed_url(address, rules)


def _without_links(text: str, rules: Rules) -> str:
    """The text without addresses that may stand there, which are links of their own."""
    words = re.split(rf"(\s+|{_CODE})", text)
    return "".join("" if _may_link(word.strip("()[]\"'.,;:!?"), rules) else word for word in words)


def _is_inert(code: str) -> bool:
    """Whether bots that match bare text find nothing in code."""
    return inert_code_block(code) == "\n".join(line.rstrip() for line in code.split("\n"))


def _is_own(markup: str) -> bool:
    return bool(_PLAIN.fullmatch(_OWN_HTML.sub(" ", markup)))
