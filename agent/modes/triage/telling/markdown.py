"""A report -> all of it in Markdown, for a terminal, a file or a step's summary."""

import json
import re
from collections.abc import Iterator, Sequence

from bathy.agent.modes.triage.report import Action, Choice, Report
from bathy.agent.modes.triage.telling import words
from bathy.agent.modes.triage.telling.comment import (
    NOTHING_TO_SAY,
    is_warned,
    place_of,
    why_of,
)
from bathy.agent.modes.triage.untrusted.safe import Links, safe_line, safe_text

_COMMAND = re.compile(r"^(\s*):(?=:)|##(?=\[)", re.MULTILINE)
_MODES = {
    "plan": "nothing was written",
    "suggest": "labels are suggested, for people to accept",
    "apply": "what was asked for is written",
}
_MOST_BODY = 160


def report_markdown(report: Report, *, title: bool = True) -> str:
    """Return the whole report as Markdown.

    Args:
        report: Any; strings in it are hostile.
        title: Whether it begins with the issue's title as a heading.

    Returns:
        Sections with headings, ending in LF. No line begins with "::", which a runner of GitHub
        Actions would take for a command. The same for the same arguments.
    """
    parts = [_title(report)] if title else []
    parts += [_about(report), *(part for part in _sections(report) if part)]
    return _without_commands("\n\n".join(parts)) + "\n"


def _without_commands(text: str) -> str:
    return _COMMAND.sub(lambda found: f"{found[1]}\\:" if found[1] is not None else "#\\#", text)


def _title(report: Report) -> str:
    number = "an issue" if is_warned(report, "no_number") else f"#{report.issue.number}"
    return f"# Triage of {number}: {safe_line(report.issue.title, 200) or 'no title'}"


def _about(report: Report) -> str:
    run, repo, issue = report.run, report.repo, report.issue
    name = "the one here" if is_warned(report, "no_name") else safe_line(repo.full_name)
    lines = [
        f"**{words.STATUS[report.status].capitalize()}**"
        + (f": {safe_line(report.skip_reason)}" if report.skip_reason else ""),
        "",
        f"- Repository: {name} at `{_hex(repo.commit)}`",
        f"- Mode: {run.mode} ({_MODES[run.mode]})",
        f"- Model: {_model(report)}",
        f"- Read: {issue.comments_read} comments{', cut' if issue.truncated else ''}",
    ]
    return "\n".join(lines)


def _model(report: Report) -> str:
    if not report.run.model:
        return "none"
    failed = is_warned(report, "model")
    return safe_line(report.run.model) + (" (its run failed, see the warnings)" if failed else "")


def _sections(report: Report) -> Iterator[str]:
    yield _classification(report)
    yield _labels(report)
    yield _rejected(report)
    yield _duplicates(report)
    yield _missing(report)
    yield _suspects(report)
    yield _hypothesis(report)
    yield _reply(report)
    yield _actions(report.actions)
    yield _flags(report)
    yield _list("Warnings", [safe_line(one.message) for one in report.warnings])


def _classification(report: Report) -> str:
    found = report.classification
    rows = [_choice("type", found.type), _choice("priority", found.priority)]
    rows += [_choice("area", area) for area in found.areas]
    rows = [row for row in rows if row]
    if found.regression is not None:
        rows.append(("regression", "yes" if found.regression else "no", "", ""))
    if found.affected_versions:
        rows.append(("versions", safe_line(", ".join(found.affected_versions)), "", ""))
    return _table("What it is", ("", "taken for", "confidence", "because"), rows)


def _choice(name: str, choice: Choice) -> tuple[str, ...]:
    value = choice.value or choice.label
    if not value:
        return ()
    return name, safe_line(value), choice.confidence, safe_line("; ".join(choice.evidence))


def _labels(report: Report) -> str:
    labels = report.labels
    rows: list[tuple[str, ...]] = [
        ("add", safe_line(one.name), one.facet, one.confidence, safe_line(one.rationale))
        for one in labels.add
    ]
    rows += [
        ("remove", safe_line(one.name), "", "", words.REMOVED[one.reason]) for one in labels.remove
    ]
    rows += [("keep", safe_line(name), "", "", "") for name in labels.keep]
    return _table("Labels", ("", "label", "kind", "confidence", "because"), rows)


def _rejected(report: Report) -> str:
    rows = [(safe_line(one.name), words.REJECTED[one.reason]) for one in report.labels.rejected]
    return _table("Labels not given", ("label", "because"), rows)


def _duplicates(report: Report) -> str:
    rows = [
        (
            f"#{one.number}",
            safe_line(one.title),
            one.state,
            words.RELATIONS[one.relation],
            one.confidence,
            safe_line(one.same),
            safe_line(one.different),
        )
        for one in report.duplicates
    ]
    head = ("issue", "title", "state", "relation", "confidence", "same", "different")
    return _table("Issues like this one", head, rows)


def _missing(report: Report) -> str:
    rows = [
        (
            safe_line(one.field),
            safe_line(one.question),
            "yes" if one.blocking else "no",
            "yes" if one.already_asked else "no",
            safe_line(one.template_source or ""),
        )
        for one in report.missing_info
    ]
    head = ("what", "question", "needed to go on", "asked before", "template")
    return _table("What is still missing", head, rows)


def _suspects(report: Report) -> str:
    rows = [
        (str(one.rank), place_of(report, one), safe_line(one.symbol or ""), why_of(one))
        for one in report.suspects
    ]
    return _table("Where to look", ("", "lines", "symbol", "because"), rows)


def _hypothesis(report: Report) -> str:
    found = report.hypothesis
    if found.state == "unknown" or not found.text:
        if report.status in ("security_private", "spam", "skipped"):
            return ""
        why = words.CAUSES["unknown"] if report.run.model else words.NOT_LOOKED_FOR
        return f"## Possible cause\n\n{why}."
    links = Links(report.repo.host, report.repo.full_name, report.repo.commit)
    cited = ", ".join(str(rank) for rank in found.citations)
    about = f"{words.CAUSES[found.state]} ({found.confidence} confidence)"
    lines = [f"- Confirms it: {safe_line(text)}" for text in found.would_confirm]
    lines += [f"- Refutes it: {safe_line(text)}" for text in found.would_refute]
    parts = [
        "## Possible cause",
        f"{about}{f'; see {cited} above' if cited else ''}:",
        safe_text(found.text, links, numbers=_known(report)),
        "\n".join(lines),
    ]
    return "\n\n".join(part for part in parts if part)


def _reply(report: Report) -> str:
    reply = report.reply
    if not reply.markdown:
        reason = safe_line(reply.withheld_reason or NOTHING_TO_SAY)
        return f"## Comment\n\nNone. {reason[:1].upper()}{reason[1:].removesuffix('.')}."
    said = "would be" if report.run.mode == "plan" else "may be"
    lines = "\n".join(f"> {line}".rstrip() for line in reply.markdown.splitlines())
    return f"## Comment\n\nThis {said} posted, for the {reply.audience}:\n\n{lines}"


def _actions(actions: Sequence[Action]) -> str:
    if not actions:
        return "## Requests\n\nNone."
    rows = [
        (
            one.state + (f" ({one.http_status})" if one.http_status else ""),
            one.method,
            safe_line(one.path),
            safe_line(json.dumps(one.body, ensure_ascii=False), _MOST_BODY) if one.body else "",
            safe_line(words.REMOVED.get(one.reason or "", one.reason or "")),
        )
        for one in actions
    ]
    return _table("Requests", ("state", "method", "path", "body", "because"), rows)


def _flags(report: Report) -> str:
    rows = [
        (words.FLAGS[one.code], safe_line(one.where), str(one.count))
        for one in report.security.flags
    ]
    return _table("Take care", ("the text holds", "where", "times"), rows)


def _table(name: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    table = "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)
    return f"## {name}\n\n{table}"


def _cell(text: str) -> str:
    """A cell that stays one; `safe_line` gives one line, in which a bar may stand."""
    return re.sub(r"(?<!\\)\|", r"\\|", text)


def _list(name: str, lines: Sequence[str]) -> str:
    return "\n".join([f"## {name}", "", *(f"- {line}" for line in lines)]) if lines else ""


def _hex(commit: str) -> str:
    return commit if re.fullmatch(r"[0-9a-f]{40,64}", commit) else "unknown"


def _known(report: Report) -> tuple[int, ...]:
    return tuple(duplicate.number for duplicate in report.duplicates)
