"""A report -> the one comment under the issue, in our template.

Whatever comes from strangers or a model goes through `safe_line` or `safe_text`; the markup between
is ours alone. A report that is nobody's business in public gives no text.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from bathy.agent.modes.triage.marker import MARKER_CHARS
from bathy.agent.modes.triage.report import Duplicate, Missing, Reply, Report, Signal, Suspect
from bathy.agent.modes.triage.telling.words import CAUSES, RELATIONS, SIGNALS
from bathy.agent.modes.triage.untrusted.leaks import leak_in
from bathy.agent.modes.triage.untrusted.safe import Links, safe_line, safe_text

MOST_CHARS = 20_000 - MARKER_CHARS
"""Of a comment without its marker."""

MOST_SHOWN, MOST_QUESTIONS = 3, 10
"""Suspects and questions in a comment; the report has all."""

CHECKLIST = "**Labels suggested**"
"""How the list of labels begins, by which it is found again."""

OUTRIGHT: frozenset[Signal] = frozenset(("path_in_issue", "error_string"))
"""Signals by which the issue itself points at a file."""

TELLING: frozenset[Signal] = OUTRIGHT | {"traceback", "symbol_in_issue"}
"""Signals that are enough for the likeliest file. Further ones that a call or a symbol leads to are
bystanders more often than not, and words in common are no reason to bother readers of a tracker."""

NOTHING_TO_SAY = "there is nothing to say"

Audience = Literal["reporter", "maintainer"]

_MOST_PROOFS = 5
_SILENT = ("spam", "out_of_scope", "skipped", "error")
_BUILT = re.compile(r"(?:^|/)(?:dist|build|bundles?)/|\.d\.[cm]?ts\Z|\.min\.\w+\Z")
_LINK_REST = re.compile(r"[\w./~%+-]+(?:\?plain=1)?#L[0-9]+(?:-L[0-9]+)?", re.ASCII)


def reply_of(report: Report, *, draft: str = "", leak: Callable[[str], str] = leak_in) -> Reply:
    """Decide what is posted, and whether it is.

    Args:
        report: All but its reply, which is not read.
        draft: What a model would write to the reporter; "" for nothing.
        leak: Says why a text must not be posted, or "".

    Returns:
        A reply with a text if it may be posted, else with the reason why there is none.
    """
    audience: Audience = "reporter" if report.missing_info else "maintainer"
    if report.status in _SILENT:
        return Reply(audience, withheld_reason=f"the issue's status is {report.status}")
    body = comment_body(report, draft=draft)
    if not body:
        return Reply(audience, withheld_reason=NOTHING_TO_SAY)
    if reason := leak(body):
        return Reply(audience, withheld_reason=reason)
    return Reply(audience, body, post=True)


def checklist_reply(report: Report) -> str:
    """Return the report's own reply with the labels as a list behind it; "" if none may be posted.

    Labels are something to say, so they go out where the reply alone had nothing.
    """
    reply, tail = report.reply, checklist_of(report)
    if reply.post and reply.markdown:
        return "\n\n".join(part for part in (reply.markdown, tail) if part)
    return comment_body(report, checklist=True) if reply.withheld_reason == NOTHING_TO_SAY else ""


def comment_body(report: Report, *, draft: str = "", checklist: bool = False) -> str:
    """Return the comment without its marker; "" if there is nothing to say.

    Args:
        report: All but its reply, which is not read.
        draft: What a model would write to the reporter; "" for nothing.
        checklist: Whether the labels are listed, for people to set.

    Returns:
        At most `MOST_CHARS` characters: whole sections are left out from the end, but not the
        checklist. The same for the same arguments.
    """
    if report.status in _SILENT:
        return ""
    if report.status == "security_private":
        return _policy(report)
    tail = checklist_of(report) if checklist else ""
    sections = [part for part in _sections(report, draft) if part]
    if not sections and not tail:
        return ""
    room = MOST_CHARS - (len(tail) + 2 if tail else 0)
    return "\n\n".join([*_fitting([_head(report), *sections], room), *([tail] if tail else [])])


def checklist_of(report: Report) -> str:
    """Return the labels as a list to tick off; "" if there are none to be shown in public."""
    if report.status in (*_SILENT, "security_private") or not report.labels.add:
        return ""
    lines = [
        f"- [ ] {safe_line(label.name, 100)} ({label.confidence} confidence)"
        f"{_behind(': ', label.rationale)}"
        for label in report.labels.add
    ]
    return "\n".join([f"{CHECKLIST} (set those that fit)", "", *lines])


def _head(report: Report) -> str:
    return (
        f"_An automatic first look at commit `{report.repo.commit[:12]}`. It is advice only:"
        " nothing is closed, assigned or decided by it, and it does not answer replies._"
    )


def _policy(report: Report) -> str:
    place = f"https://{report.repo.host}/{report.repo.full_name}/security/policy"
    policy = "security policy" if is_warned(report, "no_name") else f"[security policy]({place})"
    return (
        "_An automatic first look._\n\nThis may concern security. Please leave out further details"
        f" here, and report it as the {policy} of this repository says."
    )


def _fitting(sections: Sequence[str], room: int) -> Iterator[str]:
    for section in sections:
        room -= len(section) + 2
        if room < 0:
            return
        yield section


def _sections(report: Report, draft: str) -> Iterator[str]:
    """What there is to say, most important first."""
    links = Links(report.repo.host, report.repo.full_name, report.repo.commit)
    known = tuple(duplicate.number for duplicate in report.duplicates)
    yield safe_text(draft, links, numbers=known) if draft.strip() else ""
    yield _questions(report.missing_info)
    yield _duplicates(report.duplicates)
    yield _suspects(report)
    yield _hypothesis(report, links, known)
    yield _proof(report)


def _questions(missing: Sequence[Missing]) -> str:
    lines = list[str]()
    for one in missing[:MOST_QUESTIONS]:
        notes = (("needed to go on", one.blocking), ("asked before", one.already_asked))
        about = ", ".join(note for note, holds in notes if holds)
        lines.append(f"- {safe_line(one.question)}{f' ({about})' if about else ''}")
    return "\n".join(["**What is still missing**", "", *lines]) if lines else ""


def _duplicates(duplicates: Sequence[Duplicate]) -> str:
    lines = list[str]()
    for one in duplicates:
        about = f"{one.state}, {RELATIONS[one.relation]}, {one.confidence} confidence"
        lines.append(f"- #{one.number}{_behind(' ', one.title)} ({about})")
        lines += [
            f"  - {word}: {safe_line(text)}"
            for word, text in (("Same", one.same), ("Different", one.different))
            if text.strip()
        ]
    return "\n".join(["**Issues like this one**", "", *lines]) if lines else ""


def _suspects(report: Report) -> str:
    lines = [
        f"{number}. {place_of(report, suspect)}{_behind(', ', suspect.symbol or '')}"
        f": {why_of(suspect)}"
        for number, suspect in enumerate(shown_suspects(report), 1)
    ]
    return "\n".join(["**Where to look**", "", *lines]) if lines else ""


def shown_suspects(report: Report) -> Sequence[Suspect]:
    """Return the suspects of a comment, by rank: few, and rather none than unlikely ones.

    Those are a model's, the likeliest of the index if something telling speaks for it, and of the
    next ones those that the issue points at. What is built from sources is passed over.
    """
    shown, seen = list[Suspect](), 0
    for one in report.suspects:
        if "model" in one.evidence:
            shown.append(one)
        elif "path_in_issue" in one.evidence or not _BUILT.search(one.path):
            enough = TELLING if seen == 0 else OUTRIGHT
            if seen < MOST_SHOWN and not enough.isdisjoint(one.evidence):
                shown.append(one)
            seen += 1
    return shown[:MOST_SHOWN]


def place_of(report: Report, suspect: Suspect) -> str:
    """Return a suspect's lines as Markdown: a link if it leads to the report's own commit."""
    first, last = suspect.start_line, suspect.end_line
    text = safe_line(f"{suspect.path}:{first}" + (f"-{last}" if last != first else ""), 200)
    root = f"https://{report.repo.host}/{report.repo.full_name}/blob/{report.repo.commit}/"
    rest = suspect.permalink.removeprefix(root)
    is_own = suspect.permalink.startswith(root) and bool(_LINK_REST.fullmatch(rest))
    is_own = is_own and ".." not in rest.split("/") and not is_warned(report, "no_name")
    return f"[{text}]({suspect.permalink})" if is_own and len(rest) < 1_000 else text


def is_warned(report: Report, code: str) -> bool:
    """Whether a report has a warning: "no_number" and "no_name" stand for what nobody knows."""
    return any(warning.code == code for warning in report.warnings)


def why_of(suspect: Suspect) -> str:
    """Return why lines are suspected, as safe Markdown."""
    return safe_line(suspect.why) or ", ".join(SIGNALS[signal] for signal in suspect.evidence)


def _hypothesis(report: Report, links: Links, known: Sequence[int]) -> str:
    found = report.hypothesis
    if found.state == "unknown" or not (found.text or "").strip():
        return ""
    shown = {one.rank: number for number, one in enumerate(shown_suspects(report), 1)}
    cited = ", ".join(str(shown[rank]) for rank in found.citations if rank in shown)
    about = f"{CAUSES[found.state].lower()}, {found.confidence} confidence"
    text = safe_text(found.text or "", links, numbers=tuple(known))
    return f"**Possible cause** ({about}{f'; see {cited} above' if cited else ''})\n\n{text}"


def _proof(report: Report) -> str:
    found = report.hypothesis
    if found.state == "unknown":
        return ""
    lines = [
        f"- {word}: {safe_line(text)}"
        for word, texts in (
            ("Confirms it", found.would_confirm),
            ("Refutes it", found.would_refute),
        )
        for text in texts[:_MOST_PROOFS]
    ]
    head = "<details><summary>What would settle it</summary>\n"
    return "\n".join([head, *lines, "", "</details>"]) if lines else ""


def _behind(mark: str, text: str) -> str:
    line = safe_line(text)
    return f"{mark}{line}" if line else ""
