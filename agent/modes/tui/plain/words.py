"""Events -> lines, one for each fact. Pure.

Text of the model that streams is none of this: it is `streaming`, and what takes a while `steps`.
"""

import json
import math
from collections.abc import Iterator, Sequence

from bathy.agent.loop.citations import CheckedCitation
from bathy.agent.loop.events import (
    CitationsChecked,
    Finished,
    LimitReached,
    PatchApplied,
    PatchProposed,
    Retry,
    Shortened,
    ToolFinished,
    TurnStarted,
    UsageReported,
)
from bathy.agent.loop.evidence import Span
from bathy.agent.modes.tui.events import (
    EvidenceFound,
    Opened,
    Packed,
    RefitFailed,
    SessionNamed,
    Told,
    TurnEnded,
    UiEvent,
)
from bathy.agent.modes.tui.panels.figures import count_word, one_line, percent_word, usd_word
from bathy.agent.modes.tui.sayings import BEGINS_HERE, guessed_words, session_words
from bathy.agent.modes.tui.state import Cited
from bathy.tools.workspace import quote_path

_SESSION_CHARS = 8
_ARGUMENT_CHARS = 60


def lines_of(event: UiEvent) -> Iterator[str]:
    """Say an event in lines; none where there is nothing to say."""
    match event:
        case Opened() | Packed() | RefitFailed() | SessionNamed():
            yield from _of_repository(event)
        case EvidenceFound():
            yield from _of_evidence(event.spans)
        case TurnStarted() | UsageReported() | Retry() | Finished():
            yield from _of_requests(event)
        case PatchProposed() | PatchApplied():
            yield _edit_words(event)
        case CitationsChecked():
            yield from citation_lines(event.citations)
        case Shortened() | LimitReached():
            yield event.reason
        case Told():
            yield event.text
        case TurnEnded():
            yield f"{event.how}: {event.text}" if event.text else event.how
            if event.may_retry:
                yield "the same question may work later"


def _of_repository(event: Opened | Packed | RefitFailed | SessionNamed) -> Iterator[str]:
    match event:
        case Opened():
            at = f"commit {event.commit[:12]}" if event.commit else "no commit"
            changed = ", with uncommitted changes" if event.is_dirty else ""
            files = count_word(len(event.paths), "file")
            yield f"repository: {quote_path(event.name)}, {at}{changed}, {files}"
            if event.why_offline:
                yield f"offline: {event.why_offline}; no model is asked"
                yield "questions are answered with places from the index; /open e1 reads the first"
            else:
                yield f"model: {event.model}, effort {event.effort}"
        case Packed():
            yield f"packed: {size_words(event)}"
            if event.cold_usd:
                yield price_words(event)
            if told := session_words(event):
                yield told
        case RefitFailed():
            yield f"the pack stays as it was: {event.text}"
        case SessionNamed() if event.session_id:
            if event.is_other:
                yield BEGINS_HERE
            yield f"session: {event.session_id[:_SESSION_CHARS]}"


def size_words(packed: Packed) -> str:
    """Say how long a pack is, and of how many files."""
    files = count_word(len(packed.manifest.files), "file")
    return f"{count_word(packed.tokens, 'token')} of {files}"


def price_words(packed: Packed) -> str:
    """Say what it costs to send a pack."""
    cold, warm = usd_word(packed.cold_usd), usd_word(packed.warm_usd)
    return f"price: {cold} the first time, {warm} from the cache"


def _of_evidence(spans: Sequence[Span]) -> Iterator[str]:
    for number, span in enumerate(spans, 1):
        symbol = f", {span.symbol}" if span.symbol else ""
        yield f"evidence e{number}: {place(span.path, span.start_line, span.end_line)}{symbol}"
    if not spans:
        yield "evidence: nothing in the index fits the question"


def _of_requests(event: TurnStarted | UsageReported | Retry | Finished) -> Iterator[str]:
    match event:
        case TurnStarted() if event.turn < 2:
            what = "asking" if event.turn else "putting the repository into the cache"
            usd = event.expected_cost_usd
            price = f", {usd_word(usd)} expected" if usd else ""
            why = f" ({event.reason})" if event.reason else ""
            yield f"{what}: about {count_word(event.prompt_tokens, 'token')}{price}{why}"
        case UsageReported() if event.is_estimate and event.cost_usd:
            yield guessed_words(event)
        case UsageReported() if event.turn and _is_missed(event):
            yield f"less came from the cache than expected: {event.cause}"
        case Retry():
            wait = count_word(math.ceil(event.wait_s), "second")
            when = f"in {wait}" if event.wait_s else "now"
            yield f"attempt {event.attempt} failed: {event.reason}"
            yield f"what the model has said since it was asked is void; trying again {when}"
        case Finished() if event.usage.prompt_tokens:
            used = event.usage
            cached = percent_word(used.cache_hit_tokens, used.prompt_tokens)
            price = f", {usd_word(event.cost_usd)}" if event.cost_usd else ""
            yield (
                f"used: {count_word(event.turns, 'request')},"
                f" {count_word(used.prompt_tokens, 'token')} read, {cached} of them cached,"
                f" {used.completion_tokens:,} written{price}"
            )


def _is_missed(event: UsageReported) -> bool:
    return bool(event.cause) and event.usage.cache_hit_tokens < event.expected_hit_tokens


def _edit_words(event: PatchProposed | PatchApplied) -> str:
    paths = ", ".join(map(quote_path, event.paths))
    if isinstance(event, PatchProposed):
        return f"edits proposed, not written: {paths}; /review goes through them"
    return f"written: {paths}; /undo, or 'bathy undo {event.entry}', takes it back"


def tool_words(event: ToolFinished, arguments: str) -> str:
    """Say what a tool was asked for, and what came of it.

    Args:
        event: The end of a call.
        arguments: JSON text, as the model wrote it.
    """
    state = "failed" if event.is_error else "done"
    return f"tool {event.name} {state}: {event.summary}; {_arguments(arguments)}"


def _arguments(text: str) -> str:
    """Names and values, each value short enough to be listened to."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        return _cut(text)
    return ", ".join(f"{name} {_cut(str(value))}" for name, value in values.items())


def _cut(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= _ARGUMENT_CHARS else f"{text[:_ARGUMENT_CHARS]}..."


def citation_lines(citations: Sequence[CheckedCitation]) -> Iterator[str]:
    """Say the places of an answer, each under the number by which it is opened."""
    for number, each in enumerate(citations, 1):
        where = place(each.path, each.start_line, each.end_line)
        written = f", written as {each.written}" if each.status == "repaired" else ""
        yield f"citation {number} {each.status}: {where}{written}"


def cited_lines(cited: Sequence[Cited]) -> Iterator[str]:
    """Say the places of the last answer again."""
    for each in cited:
        where = place(each.path, each.start_line, each.end_line)
        yield f"citation {each.number} {each.status}: {where}"
    if not cited:
        yield "the last answer cites nothing"


def place(path: str, first: int, last: int) -> str:
    """Name lines of a file, as a citation does."""
    return f"{quote_path(path)}:{first}-{last}" if last > first else f"{quote_path(path)}:{first}"
