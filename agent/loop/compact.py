"""A conversation that is too long -> a shorter one that begins with the same bytes.

What has been read goes first, since it can be read again; then the steps that led to earlier
answers; then what the index found for earlier questions. Nothing is ever summarised: what stays,
stays as it was. Every change breaks the cached prefix where it stands, so one call goes all the way
to the target, and the target should leave room for many turns.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from bathy.agent.model.messages import Message
from bathy.tools.registry import WRITE_TOOLS

RESULT_DROPPED = "[this result was dropped to make room; make the call again if you need it]"

BLOCKS_DROPPED = {
    "evidence": "[the places that the index found were dropped to make room]",
    "diff": "[the diff that went with this question was dropped to make room]",
}
"""What stands in place of a block of an earlier question, by its tag."""

# The first four tell what the repository holds now, and the fifth is the user's own text.
_OPENING = re.compile(
    r"^<(?:(changes|change|commit|uncommitted|stdin)(?=[ >])[^\n]*|(evidence|diff)>)$", re.MULTILINE
)

TokensOf = Callable[[Message], int]


@dataclass(frozen=True, slots=True)
class Compacted:
    """A conversation that was made shorter.

    Attributes:
        messages: What is left, fit to be sent; messages that did not change are the same objects.
        asked: Index of the question that is being answered, 0-based.
        reason: A sentence for the log: what was dropped, and how many tokens that won.
    """

    messages: tuple[Message, ...]
    asked: int
    reason: str


def compact(
    messages: Sequence[Message],
    *,
    frozen: int,
    asked: int,
    tokens_of: TokensOf,
    target_tokens: int,
) -> Compacted | None:
    """Make a conversation shorter, by no more steps than it takes.

    1. Results of calls, the oldest first, until the target is reached. Those of the last reply with
       calls stay, since the model has yet to read them, and so do those of edits, which say whether
       a change was made; making such a call again would be wrong.
    2. Every reply with calls, and their results, that led to an answer which has been given.
       Questions and answers stay, and so do replies that edit: what was changed must stay known.
    3. Evidence and diffs in the questions that have been answered.

    Args:
        messages: The conversation; every call has its result.
        frozen: Messages at the start that are never touched.
        asked: Index of the question that is being answered, 0-based, not less than `frozen`. What
            follows it loses results at most. It has to be told, because the user's turns by which a
            run asks for a better answer cannot be told from questions.
        tokens_of: Tokens of a message.
        target_tokens: Wanted of all messages together.

    Returns:
        The shorter conversation, which may still be longer than the target; None if nothing could
        be won, or the target is reached already. The same for the same arguments.
    """
    head, body, under_way = messages[:frozen], list(messages[frozen:]), len(messages) - asked
    excess = sum(map(tokens_of, messages)) - target_tokens
    said, all_won = list[str](), 0
    for drop in (_drop_results, _drop_steps, _drop_evidence):
        if excess <= 0:
            break
        shorter, what = drop(body, len(body) - under_way, tokens_of, excess)
        won = sum(map(tokens_of, body)) - sum(map(tokens_of, shorter))
        if won > 0:
            said.append(f"{what} ({won:,} tokens)")
            body, excess, all_won = shorter, excess - won, all_won + won
    if not said:
        return None
    reason = f"dropped {', '.join(said)} to make room; {all_won:,} tokens won"
    return Compacted((*head, *body), frozen + len(body) - under_way, reason)


def _drop_results(
    body: Sequence[Message], _asked: int, tokens_of: TokensOf, excess: int
) -> tuple[list[Message], str]:
    last = max((at for at, message in enumerate(body) if message.tool_calls), default=0)
    edits = {call.id for message in body for call in message.tool_calls if _is_edit(call.name)}
    kept, number = list(body), 0
    for at, message in enumerate(body[:last]):
        if excess <= 0:
            break
        if message.role == "tool" and message.tool_call_id not in edits:
            shorter = replace(message, content=RESULT_DROPPED)
            won = tokens_of(message) - tokens_of(shorter)
            if won > 0:
                kept[at], excess, number = shorter, excess - won, number + 1
    return kept, f"the results of {_count(number, 'call')}"


def _drop_steps(
    body: Sequence[Message], asked: int, _tokens_of: TokensOf, _excess: int
) -> tuple[list[Message], str]:
    kept, number = list[Message](), 0
    for exchange, is_answered in _exchanges(body[:asked]):
        if not is_answered:
            kept += exchange
            continue
        stays = True
        for message in exchange[:-1]:
            if message.role != "tool":
                edits = any(_is_edit(call.name) for call in message.tool_calls)
                stays = message.role != "assistant" or edits
                number += not stays
            # A result goes or stays with its call.
            kept += [message] * stays
        kept.append(exchange[-1])
    return [*kept, *body[asked:]], f"{_count(number, 'step')} to earlier answers"


def _drop_evidence(
    body: Sequence[Message], asked: int, tokens_of: TokensOf, _excess: int
) -> tuple[list[Message], str]:
    kept, number = list[Message](), 0
    for exchange, is_answered in _exchanges(body[:asked]):
        for message in exchange:
            shorter = message
            if is_answered and message.role == "user":
                shorter = replace(message, content=_without_blocks(message.content))
            is_won = tokens_of(shorter) < tokens_of(message)
            kept.append(shorter if is_won else message)
            number += is_won
    return [*kept, *body[asked:]], f"the evidence of {_count(number, 'earlier question')}"


def _exchanges(messages: Sequence[Message]) -> Iterator[tuple[Sequence[Message], bool]]:
    """(messages up to and with an answer, True) of each answer; (what follows the last, False).

    A question that was never answered is part of the exchange after it.
    """
    start = 0
    for at, message in enumerate(messages):
        if message.role == "assistant" and not message.tool_calls and message.content.strip():
            yield messages[start : at + 1], True
            start = at + 1
    yield messages[start:], False


def _without_blocks(text: str) -> str:
    """Replace the first block of evidence and the first diff; other blocks are skipped whole.

    No line of a file begins a block: in evidence and changes each has its number, in a diff a sign.
    """
    parts, at, left, lines = list[str](), 0, dict(BLOCKS_DROPPED), f"{text}\n"
    while opening := _OPENING.search(text, at):
        tag, end = opening[1] or opening[2], opening.end()
        closing = f"</{tag}>"
        if not opening[0].endswith(closing):
            found = lines.find(f"\n{closing}\n", end)
            if found < 0:
                break
            end = found + 1 + len(closing)
        note = left.pop(tag, None)
        parts += [text[at:end]] if note is None else [text[at : opening.start()], note]
        at = end
    return "".join((*parts, text[at:]))


def _is_edit(name: str) -> bool:
    return name in WRITE_TOOLS


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + "s" * (number != 1)
