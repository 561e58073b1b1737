"""An issue, its comments and the repository's templates -> what its author should still be asked.

Nothing is asked that the author has told anywhere, and what was asked before is marked as asked.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bathy.agent.modes.triage.dossier import MEMBERS, Comment, Issue
from bathy.agent.modes.triage.finding.needs import (
    QUESTIONS,
    Need,
    Sort,
    is_of_project,
    need_of,
    needs_in,
    sort_of,
    tells,
    tells_some_version,
)
from bathy.agent.modes.triage.finding.own_words import one_line
from bathy.agent.modes.triage.finding.pointing import names_case, points_at_code, tells_crash
from bathy.agent.modes.triage.finding.templates import Field, Template, parts_of
from bathy.agent.modes.triage.finding.told import (
    COMMENT,
    answers_of,
    key_of,
    own_text,
    says,
    says_any,
)
from bathy.agent.modes.triage.opinion import MissingOpinion
from bathy.agent.modes.triage.report import Missing

MOST_ASKED = 5
"""More questions than this are answered by nobody."""

_MAX_CHARS, _ASKED_CHARS, _MOST_CHARS, _FEW_WORDS = 60_000, 5_000, 280, 12
_FEW_TITLE_WORDS = 3
_WORD = re.compile(r"\w+")
_PICTURE = re.compile(r"!\[[^\]\n]*\]\([^)\n]*\)|<img\b[^>]*>", re.I)
_ANYTHING = "What do you do, what happens, and what did you expect to happen?"
_BLANKS = frozenset({"", "no response", "todo", "tbd", "paste here", "unknown", "not sure"})
_NONES = frozenset({"n a", "na", "none", "no", "not applicable", "nothing"})
_EXTRA = re.compile(
    r"additional|alternative|screenshot|anything else|other information|possible (?:fix|solution)"
    r"|related|checklist|code of conduct|willing|searched|before asking|context\b",
    re.I,
)
_NARRATIVE = re.compile(
    r"what happened|descri|summary|expected|actual|observed|current behavio|\bissue\b|problem", re.I
)
_ASKS = re.compile(r"\?|\b(?:please|can you|could you|provide|share|post|need|what|which)\b", re.I)
_LISTED = re.compile(r"\s*(?:[-*+]|\d{1,2}[.)])\s")
_SECRET = re.compile(
    r"\b(?:passwords?|passphrases?|passcodes?|tokens?|secrets?|api[ _-]?keys?|credentials?|cookies?"
    r"|(?:private|ssh|access|signing|license|recovery|seed) (?:keys?|codes?|phrases?|words)"
    r"|log[ -]?in (?:details|data|names?)|2fa|otp|id_(?:rsa|ed25519|ecdsa)|netrc|npmrc|pypirc"
    r"|kubeconfig|keychain|wallets?|credit cards?|bank|(?:e-?mail|mail|dm) (?:it|them|these|us|me)"
    r"|environment variables?|auth\w{0,12} headers?)\b|(?<!\w)\.(?:env|ssh|aws|gnupg)\b",
    re.I,
)


def chosen_template(issue: Issue, templates: Sequence[Template]) -> Template | None:
    """Find the template that an issue was written with, or should have been.

    Args:
        issue: The issue.
        templates: Of its repository.

    Returns:
        The one whose headings and comments it holds most of; else the one for issues of its labels
        or its sort; None if there is none. The first by order among equals.
    """
    shares = [_share(issue, template) for template in templates]
    if shares and max(shares) > 0:
        return templates[shares.index(max(shares))]
    labels = {label.lower() for label in issue.labels}
    for template in templates:
        if labels & {label.lower() for label in template.labels}:
            return template
    sort = sort_of(issue)
    fitting = [t for t in templates if sort != "other" and sort in _sorts_of(t)]
    only = [t for t in templates if t.fields and not _sorts_of(t)] if sort == "bug" else []
    return next(iter((*fitting, *only)), None)


def find_missing(
    issue: Issue,
    comments: Sequence[Comment],
    own_comment: str,
    templates: Sequence[Template],
    opinions: Sequence[MissingOpinion] = (),
) -> tuple[Missing, ...]:
    """Find what the author of an issue has not told.

    Args:
        issue: The issue.
        comments: All that are known, in any order.
        own_comment: What this program said before; "" if nothing.
        templates: Of the repository.
        opinions: Of a model; taken where they add something that is missing.

    Returns:
        At most `MOST_ASKED`, blocking ones first, then in the template's order, then a model's.
        Questions are words of the template or the model, one line each. The same for the same
        arguments; linear in the texts.
    """
    template = chosen_template(issue, templates)
    case = _Case.of(issue, comments, own_comment, template)
    found = list(_asked_by(template, case) if template else _asked_anyway(case))
    if case.is_empty and not found:
        found = [_missing("Description", _ANYTHING, None, case, None)]
    found.sort(key=lambda missing: not missing.blocking)
    found += _of_model(opinions, found, case, template)
    return tuple(found)[:MOST_ASKED]


@dataclass(frozen=True, slots=True)
class _Case:
    """What the author told, and what was asked.

    Attributes:
        sort: What the issue reads like.
        told: By its author, without filler.
        replies: By its author, in comments.
        answers: What stands at each of the template's fields, by key.
        own: Our own earlier comment.
        asked: Comments of maintainers that ask something.
    """

    sort: Sort
    told: str
    replies: str
    answers: Mapping[str, str]
    own: str
    asked: tuple[str, ...]

    @classmethod
    def of(
        cls, issue: Issue, comments: Iterable[Comment], own: str, template: Template | None
    ) -> "_Case":
        body = issue.body[:_MAX_CHARS].replace("\r\n", "\n")
        fields = template.fields if template else ()
        written, asked = list[str](), list[str]()
        for comment in comments:
            text = comment.body[:_MAX_CHARS]
            if comment.author == issue.author and issue.author:
                written.append(text)
            elif comment.association in MEMBERS and _ASKS.search(text):
                asked.append(text[:_ASKED_CHARS])
        told = f"{issue.title[:500]}\n{own_text(body, fields)}"
        replies = "\n".join(written)[:_MAX_CHARS]
        answers = answers_of(body, fields)
        return cls(sort_of(issue), told, replies, answers, own[:_MAX_CHARS], tuple(asked))

    @property
    def is_nearly_empty(self) -> bool:
        """There is almost nothing to go by."""
        text = f"{self.told}\n{self.replies}"
        return len(_WORD.findall(text)) < _FEW_WORDS and not points_at_code(text)

    @property
    def is_empty(self) -> bool:
        """There is nothing but a title, and one that says little; pictures say nothing here."""
        title, _, body = self.told.partition("\n")
        if _WORD.search(_PICTURE.sub("", f"{body}\n{self.replies}")):
            return False
        return self.sort == "other" or len(_WORD.findall(title)) < _FEW_TITLE_WORDS

    @property
    def can_be_followed(self) -> bool:
        """There is a traceback, an error's message, or a call and its case."""
        return self.tells("traceback", "") or names_case(f"{self.told}\n{self.replies}")

    def tells(self, need: Need, name: str) -> bool:
        """Whether the author told it anywhere; a reply may be nothing but a number."""
        if need == "version" and tells_some_version(self.replies):
            return True
        return tells(need, f"{self.told}\n{self.replies}", name)

    def was_asked(self, name: str, question: str, need: Need | None) -> bool:
        """Whether we, or a maintainer, asked for it before."""
        key, words = key_of(name), key_of(question)
        if words and words in key_of(self.own):
            return True
        if any(_LISTED.match(line) and says(key, line) for line in self.own.splitlines()):
            return True
        return any(says(key, text) or need in needs_in(text) for text in self.asked)


def _asked_by(template: Template, case: _Case) -> Iterator[Missing]:
    """What a template asks for and the issue does not tell; each need once, but for versions."""
    answered = {key for key, text in case.answers.items() if key_of(text) not in _BLANKS | _NONES}
    seen = {need_of(field.name) for field in template.fields if key_of(field.name) in answered}
    seen -= {"version", None}
    for field, following in pairwise((*template.fields, None)):
        if field is None or field.kind == "checkboxes":
            continue
        if following and following.kind == "line" and field.kind == "heading" and not field.filler:
            continue
        need = need_of(field.name)
        is_again = need in seen and not (need == "version" and field.kind == "line")
        if (need and is_again) or not _is_missing(field, need, case):
            continue
        seen.add(need)
        yield _missing(field.name, _question(field, need), need, case, template.source)


def _asked_anyway(case: _Case) -> Iterator[Missing]:
    needs: tuple[Need, ...] = ("version", "reproduction")
    for need in needs if case.sort == "bug" else ():
        name = need.capitalize()
        if not case.tells(need, name):
            yield _missing(name, QUESTIONS[need], need, case, None)


def _is_missing(field: Field, need: Need | None, case: _Case) -> bool:
    is_bug = case.sort in ("bug", "other")
    if need == "traceback" and not (is_bug and tells_crash(case.told)):
        return False
    if need == "reproduction" and not is_bug and not field.is_required:
        return False
    if _EXTRA.search(field.name) and not field.is_required:
        return False
    is_main = need != "version" or is_of_project(field.name)
    is_essential = is_main and need in ("version", "reproduction", "traceback")
    answer = case.answers.get(key_of(field.name))
    if need and case.tells(need, field.name):
        return False
    if answer is None:
        return _is_absent(field, need, case, is_essential=is_essential and case.sort == "bug")
    if key_of(answer) in _NONES:
        # "None" is an answer wherever there may be none.
        return is_essential
    if key_of(answer) not in _BLANKS or says_any(field.name, case.replies):
        return False
    is_asked = field.kind in ("heading", "line") and (need is not None or field.kind == "heading")
    return field.is_required or is_essential or is_asked


def _is_absent(field: Field, need: Need | None, case: _Case, *, is_essential: bool) -> bool:
    """Whether a field that the issue has no heading for is missed."""
    if need:
        return is_essential or field.is_required
    if _NARRATIVE.search(field.name):
        return field.is_required and case.is_nearly_empty
    return field.is_required and not says_any(field.name, f"{case.told}\n{case.replies}")


def _missing(
    name: str, question: str, need: Need | None, case: _Case, source: str | None
) -> Missing:
    is_lost = need == "reproduction" and source is not None and not case.can_be_followed
    blocking = case.is_empty or (case.sort == "bug" and (is_lost or case.is_nearly_empty))
    return Missing(name, question, blocking, source, case.was_asked(name, question, need))


def _question(field: Field, need: Need | None) -> str:
    if field.question and (field.question.endswith("?") or field.kind not in ("heading", "line")):
        return field.question
    if need == "version" and field.name.lower() not in ("version", "versions"):
        return f"Which {field.name} do you use?"
    return QUESTIONS[need] if need else f"What belongs to “{field.name}”?"


def _of_model(
    opinions: Iterable[MissingOpinion],
    found: Sequence[Missing],
    case: _Case,
    template: Template | None,
) -> Iterator[Missing]:
    keys = {key_of(missing.field) for missing in found}
    needs = {need_of(missing.field) for missing in found}
    fields = {key_of(field.name) for field in template.fields} if template else set()
    for opinion in opinions:
        name, question = one_line(opinion.field)[:100], one_line(opinion.question)[:_MOST_CHARS]
        key, need = key_of(name), need_of(name)
        if not key or not question or key in keys or _SECRET.search(f"{name} {question}"):
            continue
        if need and (need in needs or case.tells(need, name)):
            continue
        if need == "traceback" and case.sort != "bug":
            continue
        keys.add(key)
        needs.add(need)
        source = template.source if template and key in fields else None
        blocking = opinion.blocking and case.sort == "bug"
        yield Missing(name, question, blocking, source, case.was_asked(name, question, need))


def _share(issue: Issue, template: Template) -> float:
    """How much of a template an issue holds, in headings and comments; 0 for too little to tell."""
    names = {key_of(field.name) for field in template.fields if field.kind != "checkboxes"} - {""}
    body = issue.body[:_MAX_CHARS].replace("\r\n", "\n")
    held = names & {key_of(part.name) for part in parts_of(body)}
    hidden = {key_of(comment) for comment in COMMENT.findall(body)} - {""}
    comments = {key_of(comment) for comment in template.comments} & hidden
    if len(held) < min(2, len(names)) and not comments:
        return 0.0
    return (len(held) + len(comments)) / (len(names) + len(template.comments) or 1)


def _sorts_of(template: Template) -> set[Sort]:
    words = f"{template.name} {template.source.rpartition('/')[2]} {' '.join(template.labels)}"
    lowered = words.lower()
    told: Mapping[Sort, tuple[str, ...]] = {
        "bug": ("bug", "defect", "crash"),
        "feature": ("feature", "enhancement", "idea", "proposal"),
        "question": ("question", "support", "help"),
        "other": ("documentation", "security", "custom"),
    }
    return {sort for sort, names in told.items() if any(name in lowered for name in names)}
