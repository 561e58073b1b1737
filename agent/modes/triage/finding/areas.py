"""The words of a label -> whether an issue is about that area, by its text and its suspects."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from bathy.agent.index.terms import parts_of, stem, words_of
from bathy.agent.modes.triage.dossier import Label
from bathy.agent.modes.triage.finding.facets import value_of
from bathy.agent.modes.triage.finding.spoken import (
    Spoken,
    plain_words,
    topics,
    without_headings,
)
from bathy.agent.modes.triage.report import Confidence

_FIRST_PATHS, _TOP_PATHS = 5, 3
"""Suspects that are looked at, and those that are likely enough to speak for an area."""

_ENOUGH_DESCRIBED = 2
_MOST_EVIDENCE = 4
_ALTERNATIVES = re.compile(r"[,/&+]|\band\b")
_SETTING = re.compile(r"^\s*(?:\[[\w:. -]{1,80}\]|[\w.-]{1,60}\s*=).*$", re.M)
_COMMAND_LINE = re.compile(r"\bcommand[ -]line\b|\bCLI\b", re.I)
_CLI = frozenset(stem(word) for word in ("cli", "command", "line"))
_NO_AREA = frozenset(("other", "others", "misc", "miscellaneous", "general", "unknown", "all"))


@dataclass(frozen=True, slots=True)
class Match:
    """How well a label fits.

    Attributes:
        confidence: In it.
        evidence: Single words of the label itself.
        in_paths: The likeliest suspects belong to it.
        is_near: One of the suspects that are looked at does.
        is_said: Title or text speak of it.
        is_titled: The title does.
    """

    confidence: Confidence
    evidence: tuple[str, ...]
    in_paths: bool
    is_near: bool
    is_said: bool
    is_titled: bool


@dataclass(frozen=True)
class Topics:
    """What an issue is about.

    Attributes:
        spoken: Its text.
        paths: Of the suspects, likeliest first.
    """

    spoken: Spoken
    paths: Sequence[str]

    @cached_property
    def titled(self) -> frozenset[str]:
        """Stems of the title; one that names a command which the text shows is about commands."""
        title = self.spoken.title
        shown = any(command in title.lower() for command in self.spoken.commands)
        return _roots(topics(title)) | (
            _CLI if shown or _COMMAND_LINE.search(title) else frozenset()
        )

    @cached_property
    def said(self) -> frozenset[str]:
        """Stems of title and text, without what a template or a settings file says."""
        prose = _SETTING.sub("", without_headings(self.spoken.prose)[0])
        spoken = _CLI if _COMMAND_LINE.search(prose) else frozenset()
        return self.titled | _roots(topics(prose)) | spoken

    @cached_property
    def walked(self) -> tuple[frozenset[str], ...]:
        """Stems of each path's folders and name, without its suffix."""
        return tuple(_stems(re.sub(r"\.\w+$", "", path)) for path in self.paths[:_FIRST_PATHS])

    def match(self, label: Label) -> Match | None:
        """Compare a label with what the issue is about.

        Args:
            label: Its description counts for little: words that the issue has, too.

        Returns:
            None if nothing speaks for it.
        """
        options = _options(value_of(label.name))
        paths = [any(option <= path for option in options) for path in self.walked]
        titled = any(option <= self.titled for option in options)
        said = any(option <= self.said for option in options)
        described = len(_roots(topics(label.description)) & self.said) >= _ENOUGH_DESCRIBED
        top = any(paths[:_TOP_PATHS])
        if not (any(paths) or said or described):
            return None
        confidence: Confidence = "low"
        if top and said:
            confidence = "high"
        elif titled or paths[:1] == [True] or sum(paths) + described > 1 or (said and described):
            confidence = "medium"
        words = plain_words(words_of(value_of(label.name)), _MOST_EVIDENCE)
        evidence = words if any(paths) or said else ()
        return Match(confidence, evidence, top, any(paths), said, titled)


def _options(value: str) -> list[frozenset[str]]:
    """The words of each part of "io, files", any of which will do."""
    parts = (_stems(part) for part in _ALTERNATIVES.split(value) if part.strip() not in _NO_AREA)
    return [stems for stems in parts if stems]


def _stems(text: str) -> frozenset[str]:
    return _roots(stem(part) for word in words_of(text) for part in parts_of(word))


def _roots(stems: Iterable[str]) -> frozenset[str]:
    """One form for `templater` and `templating`; of a short word its end is no ending."""
    return frozenset(re.sub(r"(?<=\w{6})er$", "", one) for one in stems)
