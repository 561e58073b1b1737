"""Files of a repository -> its issue templates, and what each of them asks for.

Markdown templates ask by headings, by bold lines, by lines that end in a colon and by lists such as
"- OS:"; all that stands there besides is filler, which an issue repeats when nobody has answered.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from bathy.agent.modes.triage.finding.forms import (
    MAX_CHARS,
    MOST_FIELDS,
    Field,
    Kind,
    filler_of,
    load_yaml,
    one_line,
    read_form,
    read_head,
)

__all__ = ["TEMPLATE_PATHS", "Field", "Part", "Template", "parts_of", "read_templates"]

TEMPLATE_PATHS = (
    ".github/ISSUE_TEMPLATE/*.md",
    ".github/ISSUE_TEMPLATE/*.yml",
    ".github/ISSUE_TEMPLATE/*.yaml",
    ".github/ISSUE_TEMPLATE.md",
    "ISSUE_TEMPLATE.md",
    "docs/ISSUE_TEMPLATE.md",
)
"""Where GitHub looks for them, in any case of letters; an asterisk does not stand for a slash."""

_MOST_TEMPLATES = 40
_NOT_TEMPLATES = frozenset({"config.yml", "config.yaml"})
_HEAD = re.compile(r"\A\s{0,100}---[ \t]*\r?\n(.*?\n)---[ \t]*(?:\r?\n|\Z)", re.S)
_COMMENT = re.compile(r"<!--(.*?)(?:-->|\Z)", re.S)
_BOX = re.compile(r"[-*+]\s*\[[ xX]?\]")
_FENCE = re.compile(r"\s{0,8}(?:`{3,}|~{3,})")
_HEADING = re.compile(
    r"\s{0,3}(?:#{1,6}[ \t]+(?P<hash>\S[^\n]{0,200})"
    r"|(?P<bold>\*\*[^*\n]{1,100}\*\*:?|__[^_\n]{1,100}__:?)[ \t]*\Z"
    r"|(?P<bare>[A-Z][\w /-]{1,40}:)[ \t]*\Z)"
)
_LINE = re.compile(
    r"\s{0,8}[-*+][ \t]+(?!\[[ xX]?\])"
    r"(?:\*\*|__)?(?P<key>[A-Za-z][\w .()/+-]{1,50})(?:"
    r"(?:\*\*|__)?[ \t]*:[ \t]*(?:\*\*|__)?(?P<value>[^\n]{0,300})"
    r"|[ \t]?(?P<example>\[[^\]\n]{1,200}\])(?:\*\*|__)?:?(?P<after>[^\n]{0,300}))\Z"
)
_MARKS = re.compile(r"[*_#`]{1,6}")


@dataclass(frozen=True, slots=True)
class Template:
    """An issue template.

    Attributes:
        source: Its path.
        name: As it is offered to reporters; "" if it has none.
        labels: That issues of it get.
        comments: Its HTML comments, without their marks.
        fields: What it asks for, in order.
    """

    source: str
    name: str = ""
    labels: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of Markdown: what stands below a heading, or behind the key of a list's line."""

    name: str
    kind: Kind
    lines: tuple[str, ...]


def read_templates(files: Mapping[str, str]) -> tuple[Template, ...]:
    """Read the issue templates among files.

    Args:
        files: Texts by path; other files are passed over.

    Returns:
        By path; what is too long or cannot be read is left out. Linear in the texts.
    """
    paths = sorted(path for path in files if _is_template(path))[:_MOST_TEMPLATES]
    found = (_read(path, files[path]) for path in paths if len(files[path]) <= MAX_CHARS)
    return tuple(template for template in found if template is not None)


def parts_of(text: str) -> tuple[Part, ...]:
    """Cut Markdown at its headings and at the keys of its lists; fenced code belongs to its part.

    Args:
        text: Of a template, or of an issue; comments are no part of it.

    Returns:
        In order; the first has no name and holds what stands above all headings.
    """
    parts: list[tuple[str, Kind, list[str]]] = [("", "heading", [])]
    is_code = False
    for line in _COMMENT.sub("", text).splitlines():
        if _FENCE.match(line):
            # A fence that is closed in its own line opens nothing.
            is_code ^= line.count("```") < 2
        found = None if is_code else _begun(line)
        if found is None:
            parts[-1][2].append(line)
        else:
            parts.append(found)
    return tuple(Part(name, kind, tuple(lines)) for name, kind, lines in parts)


def _is_template(path: str) -> bool:
    bare = path.lower()
    if bare.rpartition("/")[2] in _NOT_TEMPLATES:
        return False
    return any(
        fnmatchcase(bare, pattern.lower()) and bare.count("/") == pattern.count("/")
        for pattern in TEMPLATE_PATHS
    )


def _read(path: str, text: str) -> Template | None:
    if not path.lower().endswith(".md"):
        form = read_form(text)
        if form is None:
            return None
        return Template(path, form.name, form.labels, fields=form.fields)
    head = _HEAD.match(text)
    form = read_head(load_yaml(head[1]) if head else None)
    body = text[head.end() :] if head else text
    comments = tuple(c.strip() for c in _COMMENT.findall(body) if c.strip())
    fields = tuple(_fields(body))[:MOST_FIELDS]
    return Template(path, form.name, form.labels, comments, fields)


def _fields(body: str) -> Iterator[Field]:
    """What a Markdown template asks for; its comments count as filler, and tell what is asked."""
    shown = _COMMENT.sub(lambda c: "\n".join(f"\0{x}" for x in c[1].strip().splitlines()), body)
    for part in parts_of(shown):
        if not part.name:
            continue
        is_line = part.kind == "line"
        hidden = [x.lstrip("\0 ").strip() for x in part.lines if x.startswith("\0")]
        seen = [x.strip() for x in part.lines if not x.startswith("\0") and not _FENCE.match(x)]
        said = [x for x in seen if x and not _BOX.match(x)]
        field = Field(part.name, filler=filler_of(*hidden, *said), kind=part.kind)
        if not is_line:
            field = replace(field, question=_question(hidden) or _question(said))
        is_required = "required" in part.name.lower() or part.name.endswith("*")
        yield replace(field, is_required=is_required)


def _question(lines: list[str]) -> str:
    """The first paragraph, if it is a sentence."""
    text = one_line(" ".join(lines), 280)
    return text if text.count(" ") > 1 and text[:1].isalpha() else ""


def _begun(line: str) -> tuple[str, Kind, list[str]] | None:
    if len(line) > 500 or line.startswith("\0"):
        return None
    if heading := _HEADING.match(line):
        written = heading["hash"] or heading["bold"] or heading["bare"]
        return _name(written), "heading", []
    if found := _LINE.match(line):
        rest = (found["value"], found["example"], found["after"])
        return _name(found["key"]), "line", [x.strip("*_ \t") for x in rest if x]
    return None


def _name(written: str) -> str:
    """A heading without marks, and without the example in brackets that axios and others add."""
    bare = _MARKS.sub(" ", written).strip().rstrip(":").strip()
    return one_line(bare.partition(" [e.g")[0])
