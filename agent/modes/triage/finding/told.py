"""An issue's body -> what its author wrote, at which field of a template, without the filler."""

import re
from collections.abc import Collection, Iterable, Sequence

from bathy.agent.modes.triage.finding.templates import Field, parts_of

COMMENT = re.compile(r"<!--(.*?)(?:-->|\Z)", re.S)
"""A comment of HTML, closed or not."""


def answers_of(body: str, fields: Sequence[Field]) -> dict[str, str]:
    """Find what stands at each field of a template.

    Args:
        body: Markdown.
        fields: Of the template.

    Returns:
        By the field's key, without its filler, for the fields that the body has; what the author
        put below headings of their own belongs to the field above.
    """
    known = {key_of(field.name): field for field in fields}
    lines = dict[str, list[str]]()
    key = ""
    for part in parts_of(body):
        found = key_of(part.name)
        if found in known:
            key = found
            lines.setdefault(key, []).extend(_paragraph(part.lines, part.kind == "line"))
        elif key:
            lines[key] += [part.name, *part.lines]
    return {key: own_text("\n".join(found), [known[key]]) for key, found in lines.items()}


def own_text(text: str, fields: Iterable[Field]) -> str:
    """Return a text without comments, filler, unanswered keys and the fields' own headings."""
    filler = {line for field in fields for line in field.filler}
    names = {key_of(field.name) for field in fields}
    kept = list[str]()
    for line in COMMENT.sub("", text).splitlines():
        bare = line.strip()
        is_bare_name = key_of(bare) in names and len(bare) < 120
        if not is_bare_name and not _is_form_filler(bare, filler):
            kept.append(line)
    return "\n".join(kept)


def key_of(text: str) -> str:
    """Return the words of a text, lower-cased, as headings are compared by."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def says(key: str, text: str) -> bool:
    """Whether the words of a key stand in a text, in a row."""
    return bool(key) and f" {key} " in f" {key_of(text)} "


def says_any(name: str, text: str) -> bool:
    """Whether a text speaks of a field in any way."""
    words = {word for word in key_of(name).split() if len(word) > 3} or {key_of(name)}
    return not words.isdisjoint(key_of(text).split())


def _paragraph(lines: Sequence[str], is_line: bool) -> Sequence[str]:
    """The lines; of a list's line only those up to the first blank one."""
    end = next((at for at, line in enumerate(lines) if not line.strip()), len(lines))
    return lines[:end] if is_line else lines


def _is_form_filler(line: str, filler: Collection[str]) -> bool:
    """Whether a line is a key with nothing but the template's example behind it."""
    values = (line.partition(":")[2], line.rpartition(":")[2], line)
    return line == "_No response_" or any(v.strip("*_ \t") in filler for v in values)
