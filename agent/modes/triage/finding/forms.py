"""An issue form or the head of a template, as YAML of strangers -> what it asks for.

Aliases are refused, since a few lines of them expand to gigabytes; so is what nests deeply or is
long. What is not shaped as a form should be, is passed over.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import yaml

MAX_CHARS = 100_000
"""A longer template is none."""

MOST_FIELDS = 60
"""Of one template."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Kind = Literal["input", "textarea", "dropdown", "checkboxes", "heading", "line"]

_KINDS: Mapping[str, Kind] = {
    "input": "input",
    "textarea": "textarea",
    "dropdown": "dropdown",
    "checkboxes": "checkboxes",
}
_DEEPEST, _MOST_EVENTS, _NAME_CHARS, _QUESTION_CHARS, _MOST_LABELS = 20, 20_000, 100, 280, 50
_LARGEST = 10**9


@dataclass(frozen=True, slots=True)
class Field:
    """Something that a template asks for.

    Attributes:
        name: Heading, label or key, one line.
        question: What is asked, in the template's words, one line; "" if only the name says it.
        is_required: The template insists on it.
        filler: Lines that stand there before anybody has answered.
        kind: Of a form's element; in Markdown a "heading" or a "line" such as "- OS:".
    """

    name: str
    question: str = ""
    is_required: bool = False
    filler: tuple[str, ...] = ()
    kind: Kind = "heading"


@dataclass(frozen=True, slots=True)
class Form:
    """A form, or the head of a Markdown template, which has no fields."""

    name: str
    labels: tuple[str, ...]
    fields: tuple[Field, ...] = ()


def read_form(text: str) -> Form | None:
    """Read an issue form.

    Args:
        text: YAML; anything at all.

    Returns:
        The form; None if it is none, or cannot be read safely.
    """
    content = load_yaml(text)
    if not isinstance(content, dict) or not isinstance(content.get("body"), list):
        return None
    fields = (field for element in content["body"] for field in _fields(element))
    head = read_head(content)
    return Form(head.name, head.labels, tuple(fields)[:MOST_FIELDS])


def read_head(content: object) -> Form:
    """Read the name and the labels of a template from its YAML, loaded."""
    if not isinstance(content, dict):
        return Form("", ())
    labels = content.get("labels")
    given = labels.split(",") if isinstance(labels, str) else labels
    names = (one_line(each) for each in given) if isinstance(given, list) else ()
    return Form(one_line(content.get("name")), tuple(n for n in names if n)[:_MOST_LABELS])


def load_yaml(text: str) -> object:
    """Load YAML that strangers may have written.

    Returns:
        Plain values; None for what is empty, broken, too long, nested deeply or holds an alias.
    """
    if len(text) > MAX_CHARS:
        return None
    try:
        return yaml.load(text, Loader=_Loader) if _is_plain(text) else None  # noqa: S506
    except (yaml.YAMLError, ValueError, OverflowError):
        return None


def one_line(value: object, most: int = _NAME_CHARS) -> str:
    """Return a text or number as one line; "" for anything else."""
    if isinstance(value, int | float):
        # Longer ones are no versions, and the longest cannot even be written in digits.
        value = str(value) if abs(value) < _LARGEST else ""
    return " ".join(value.split())[:most] if isinstance(value, str) else ""


def filler_of(*texts: object) -> tuple[str, ...]:
    """Return the lines of placeholder texts, each once."""
    lines = (line.strip() for text in texts if isinstance(text, str) for line in text.splitlines())
    return tuple(dict.fromkeys(line for line in lines if line))


def _is_plain(text: str) -> bool:
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or depth > _DEEPEST or count > _MOST_EVENTS:
            return False
    return True


def _fields(element: object) -> Iterator[Field]:
    if not isinstance(element, dict) or not isinstance(element.get("attributes"), dict):
        return
    kind = _KINDS.get(str(element.get("type")))
    asked = element["attributes"]
    name = one_line(asked.get("label"))
    if kind is None or not name:
        return
    yield Field(
        name=name,
        question=one_line(asked.get("description"), _QUESTION_CHARS),
        is_required=_is_required(element, asked),
        filler=filler_of(asked.get("placeholder"), asked.get("value")),
        kind=kind,
    )


def _is_required(element: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    validations, options = element.get("validations"), asked.get("options")
    if isinstance(validations, dict) and validations.get("required") is True:
        return True
    boxes = options if isinstance(options, list) else []
    return any(isinstance(box, dict) and box.get("required") is True for box in boxes)
