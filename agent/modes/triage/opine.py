"""What is known of an issue -> what a model makes of it, checked by nothing but the schema yet.

The model gets no token and no address: git objects of one commit, and the tools that read them. The
prompt begins as every other question's does, so that what the service keeps of the repository is
found by each of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

from bathy.agent.config import Service, Settings
from bathy.agent.loop.events import Event, Finished
from bathy.agent.modes.ask import open_run
from bathy.agent.modes.compose import Bench
from bathy.agent.modes.first_prompt import Task
from bathy.agent.modes.headless import allow_run
from bathy.agent.modes.narrator import Narrator
from bathy.agent.modes.triage.ground import Ground
from bathy.agent.modes.triage.opinion import NO_OPINION, SCHEMA, Opined, read_opinion
from bathy.agent.modes.triage.untrusted.fence import fenced
from bathy.agent.modes.triage.untrusted.visible import visible
from bathy.agent.modes.working import work_off

MOST_TURNS = 20
"""Requests for one issue, where no --max-turns is given."""

MOST_SECONDS = 900.0
"""What one issue may take of a model's time, where no --time-limit is given."""

_BODY_CHARS, _COMMENT_CHARS, _EARLIER_CHARS, _COMMENTS = 24_000, 4_000, 1_200, 30
_LABELS, _EARLIER, _LINE_CHARS = 300, 8, 400


def model_settings(settings: Settings) -> Settings:
    """Return the settings that a model is asked with: it answers data and changes nothing."""
    return replace(
        settings,
        output_schema=SCHEMA,
        keep_session=False,
        resume=None,
        apply=False,
        apply_all=False,
        patch_out=None,
        images=(),
        max_turns=settings.max_turns or MOST_TURNS,
        time_limit_s=settings.time_limit_s or MOST_SECONDS,
    )


def opine(bench: Bench, service: Service, ground: Ground) -> Opined:
    """Ask a model about an issue.

    Args:
        bench: The repository at the commit, with `model_settings`.
        service: The model.
        ground: What is known.

    Raises:
        ConfigError: The repository may not be sent.
    """
    ends = list[Finished]()

    def tell(narrator: Narrator) -> Callable[[Event], None]:
        def take(event: Event) -> None:
            narrator.tell(event)
            if isinstance(event, Finished):
                ends.append(event)

        return take

    with open_run(
        bench,
        service,
        task_about(ground),
        allow=lambda to, start, tokens: allow_run(to, start, tokens, bench.progress),
    ) as asked:
        work_off(asked, tell(Narrator(bench.progress, asked.model)))
    end = ends[-1]
    usage = {**asdict(end.usage), "num_turns": end.turns, "cost_usd": round(end.cost_usd, 6)}
    if end.subtype != "success":
        why = end.error or f"the model's run ended early ({end.subtype})"
        return Opined(NO_OPINION, asked.model.id, usage, why, end.exit_code or 1)
    try:
        return Opined(read_opinion(end.text), asked.model.id, usage)
    except ValueError:
        why = "the model's answer does not fit; the report is made without it"
        return Opined(NO_OPINION, asked.model.id, usage, why, 1)


def task_about(ground: Ground) -> Task:
    """Return what a model is asked: the task, then all that strangers wrote between marks."""
    words = Path(__file__).with_name("prompt.md").read_text(encoding="utf-8").strip()
    return Task(f"{words}\n\n{fenced(list(_sections(ground)))}", about=ground.text)


def _sections(ground: Ground) -> Iterator[tuple[str, str]]:
    dossier, issue = ground.dossier, ground.dossier.issue
    labels = [f"{lb.name}: {lb.description}".rstrip(": ") for lb in dossier.labels[:_LABELS]]
    yield "labels of the repository, one a line", "\n".join(map(_line, labels))
    by_number = {other.number: other for other in dossier.others}
    for one in ground.similar[:_EARLIER]:
        earlier = by_number[one.number]
        shown = visible(earlier.body).text[:_EARLIER_CHARS]
        yield f"earlier issue {one.number} ({earlier.state})", f"{_line(earlier.title)}\n{shown}"
    if ground.template is not None:
        asked = "\n".join(f.name for f in ground.template.fields)
        yield "what the repository's template asks for", asked
    yield "title", _line(issue.title)
    yield "body", visible(issue.body).text[:_BODY_CHARS]
    for number, comment in enumerate(dossier.comments[-_COMMENTS:], 1):
        by = "its author" if comment.author == issue.author else comment.association.lower()
        yield f"comment {number}, by {by}", visible(comment.body).text[:_COMMENT_CHARS]


def _line(text: str) -> str:
    """What people see of a text, in one line."""
    return " ".join(visible(text).text.split())[:_LINE_CHARS]
