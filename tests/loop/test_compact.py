from collections.abc import Sequence

import pytest
from bathy.agent.loop.compact import BLOCKS_DROPPED, RESULT_DROPPED, Compacted, compact
from bathy.agent.loop.prompt import Pointer, prefix_messages, question_message
from bathy.agent.model.messages import Message, ToolCall
from hypothesis import given
from hypothesis import strategies as st

FROZEN = 3
LONG = "a line of a file\n" * 40
CHANGES = (
    "<changes>\n<note>newer</note>\n<uncommitted>\n"
    '<changed path="a.py" supersedes="lines 1">\n-\t<evidence>\n1+\t</evidence>\n\n2\tx\n</changed>\n'
    "</uncommitted>\n</changes>\n"
)
PREFIX = prefix_messages("<file>\n1\tx = 1\n</file>\n")


def tokens_of(message: Message) -> int:
    calls = sum(10 + len(call.name + call.arguments) for call in message.tool_calls)
    return 3 + calls + len(message.content + message.reasoning)


def total(messages: Sequence[Message]) -> int:
    return sum(map(tokens_of, messages))


def reply(*calls: tuple[str, str], thought: str = "Let me see.") -> Message:
    found = tuple(ToolCall(i, name, f'{{"path": "{i}"}}') for i, name in calls)
    return Message("assistant", "", thought, found)


def result(call_id: str, text: str = LONG) -> Message:
    return Message("tool", text, tool_call_id=call_id)


def answer(text: str) -> Message:
    return Message("assistant", text, f"I know: {text}")


def ask(text: str, *, changes: str = "") -> Message:
    pointers = [Pointer("a.py:1-3", "function a", "1\tx\n2\t\n3\ty")]
    return question_message(text, changes=changes, pointers=pointers, diff="-old\n+new\n" * 9)


def is_valid(messages: Sequence[Message]) -> bool:
    """Whether DeepSeek takes it: every call is followed at once by its result, and none is alone."""
    due: list[str] = []
    for message in messages:
        if message.role == "tool":
            if not due or message.tool_call_id != due.pop(0):
                return False
        elif due:
            return False
        due += [call.id for call in message.tool_calls]
    return not due


TALK = (
    *PREFIX,
    ask("First?", changes=CHANGES),
    reply(("r1", "read_file"), ("r2", "grep")),
    result("r1"),
    result("r2"),
    reply(("e1", "edit_file"), ("r3", "read_file")),
    result("e1", "edited a.py"),
    result("r3"),
    answer("One."),
    ask("Second?"),
    reply(("r4", "read_file")),
    result("r4"),
    answer("Two."),
    ask("Third?"),
    reply(("r5", "read_file")),
    result("r5"),
    reply(("r6", "read_file")),
    result("r6"),
)
ASKED = 15
WON = len(LONG) - len(RESULT_DROPPED)
"""What one result that is dropped wins."""


def shorten(won: int, messages: Sequence[Message] = TALK, asked: int = ASKED) -> Compacted | None:
    target = total(messages) - won
    return compact(messages, frozen=FROZEN, asked=asked, tokens_of=tokens_of, target_tokens=target)


def dropped(won: int) -> list[str]:
    found = shorten(won)
    assert found is not None
    assert len(found.messages) == len(TALK)
    assert found.asked == ASKED
    return [m.tool_call_id for m in found.messages if m.content == RESULT_DROPPED]


def test_the_oldest_results_go_first_and_no_more_than_it_takes() -> None:
    assert dropped(1) == ["r1"]
    assert dropped(WON) == ["r1"]
    assert dropped(WON + 1) == ["r1", "r2"]


def test_results_of_edits_and_of_the_last_reply_stay() -> None:
    assert dropped(5 * WON) == ["r1", "r2", "r3", "r4", "r5"]


def test_a_result_shorter_than_the_note_is_left_as_it_is() -> None:
    found = shorten(1, (*TALK[:5], result("r1", "no match"), *TALK[6:]))
    assert found is not None
    assert found.messages[5].content == "no match"
    assert found.messages[6].content == RESULT_DROPPED


def test_then_the_steps_to_earlier_answers_go_but_for_edits() -> None:
    found = shorten(5 * WON + 1)
    assert found is not None
    assert found.messages == (
        *TALK[:4],
        *TALK[7:9],
        result("r3", RESULT_DROPPED),
        *TALK[10:12],
        *TALK[14:17],
        result("r5", RESULT_DROPPED),
        *TALK[18:],
    )
    assert found.messages[found.asked] is TALK[ASKED]


def test_then_earlier_questions_lose_their_evidence_but_not_what_has_changed() -> None:
    found = shorten(total(TALK))
    assert found is not None
    blocks = "\n\n".join(BLOCKS_DROPPED.values())
    assert found.messages[3].content == f"{CHANGES}\n{blocks}\n\nFirst?"
    assert found.messages[8].content == f"{blocks}\n\nSecond?"
    assert found.messages[found.asked] is TALK[ASKED]
    assert shorten(total(TALK), found.messages, found.asked) is None


def test_the_reason_tells_each_step_and_what_it_won() -> None:
    found = shorten(total(TALK))
    assert found is not None
    assert found.reason == (
        "dropped the results of 5 calls (3,030 tokens), 2 steps to earlier answers (353 tokens),"
        " the evidence of 2 earlier questions (236 tokens) to make room; 3,619 tokens won"
    )


def test_nothing_to_win_is_said() -> None:
    assert shorten(0) is None
    assert shorten(10**6, (*PREFIX, ask("Only?")), FROZEN) is None
    assert shorten(10**6, (*PREFIX, ask("Only?"), *TALK[18:]), FROZEN) is None


def test_an_interrupted_question_keeps_its_steps_until_a_later_one_is_answered() -> None:
    stopped = (*PREFIX, ask("First?"), reply(("r1", "grep")), result("r1", "x"))
    found = shorten(10**6, (*stopped, ask("Second?")), len(stopped))
    assert found is None
    later = (*stopped, ask("Second?"), answer("Two."), ask("Third?"))
    found = shorten(10**6, later, len(later) - 1)
    assert found is not None
    said = [m.content.rpartition("\n")[2] for m in found.messages[FROZEN:]]
    assert said == ["First?", "Second?", "Two.", "Third?"]


def test_an_empty_reply_is_a_step_to_the_answer_after_it() -> None:
    empty = Message("assistant", "\n", "Hm. " * 100)
    talk = (*PREFIX, Message("user", "First?"), empty, Message("user", "Answer."), answer("One."))
    found = shorten(10**6, (*talk, ask("Second?")), len(talk))
    assert found is not None
    assert found.messages == (*talk[:4], *talk[5:], ask("Second?"))


def test_a_nudge_is_no_answer_to_the_question_under_way() -> None:
    said = (ask("First?"), answer("Let me look:"), Message("user", "Take the step."))
    assert shorten(10**6, (*PREFIX, *said), FROZEN) is None


@pytest.mark.parametrize(
    "text",
    [
        f"What does it mean?\n<evidence> begins it\n{LONG}\n</evidence>",
        f"<evidence>\nnever closed\n{LONG}</evidence> ends it",
        f"<change path='a'>\n<evidence>\n{LONG}</evidence>\n</change>",
        f"<changes>\n<diff>\n{LONG}</diff>\n</changes>",
        f"Look.\n\n<stdin>\n<diff>\n{LONG}</diff>\n</stdin>",
    ],
)
def test_what_is_no_block_of_ours_is_left_alone(text: str) -> None:
    assert shorten(10**6, (*PREFIX, Message("user", text), answer("So."), ask("?")), 5) is None


def test_a_change_on_one_line_hides_no_evidence() -> None:
    gone = '<change path="a.py">it is gone</change>'
    text = ask("First?").content
    found = shorten(
        10**6, (*PREFIX, Message("user", f"{gone}\n\n{text}"), answer("."), ask("?")), 5
    )
    assert found is not None
    assert found.messages[3].content.startswith(f"{gone}\n\n{BLOCKS_DROPPED['evidence']}\n\n")


TEXT = st.sampled_from(["", "x", "no match", LONG, "<evidence>\n</evidence>", "<diff>\n"])
NAME = st.sampled_from(["read_file", "grep", "edit_file", "apply_patch", "none"])
STEPS = st.lists(
    st.one_of(
        st.lists(st.tuples(NAME, TEXT), min_size=1, max_size=3),
        st.sampled_from(["nudge", "blank", "announced"]),
    ),
    max_size=4,
)


@st.composite
def talks(draw: st.DrawFn) -> tuple[tuple[Message, ...], int]:
    """A conversation, and the index of its last question."""
    messages, asked = list(PREFIX), 0
    for _ in range(draw(st.integers(1, 4))):
        asked = len(messages)
        text = draw(TEXT)
        if draw(st.booleans()):
            messages.append(ask(text, changes=draw(st.sampled_from(["", CHANGES]))))
        else:
            messages.append(Message("user", text))
        for step in draw(STEPS):
            match step:
                case "nudge":
                    messages.append(Message("user", "Go on."))
                case "blank":
                    messages += [Message("assistant", " ", "Hm."), Message("user", "Answer.")]
                case "announced":
                    messages += [answer("Let me look:"), Message("user", "Look.")]
                case _:
                    names = [(f"c{len(messages)}.{n}", *call) for n, call in enumerate(step)]
                    messages.append(reply(*((i, name) for i, name, _ in names)))
                    messages += [result(i, text) for i, _, text in names]
        if draw(st.booleans()):
            messages.append(answer(draw(TEXT)))
    if messages[-1].role == "assistant":
        asked = len(messages)
        messages.append(ask("Last?"))
    return tuple(messages), asked


def texts_said(messages: Sequence[Message]) -> list[Message]:
    """Answers, and questions without their blocks."""
    blank = [m for m in messages if m.role == "assistant" and not m.content.strip()]
    return [
        Message(m.role, m.content.rpartition("\n\n")[2], m.reasoning)
        for m in messages
        if m.role in ("user", "assistant") and m not in blank
    ]


@given(talks(), st.integers(0, 6_000))
def test_what_is_left_is_a_conversation_and_all_that_must_stay(
    talk: tuple[tuple[Message, ...], int], won: int
) -> None:
    messages, asked = talk
    assert is_valid(messages)
    found = shorten(won, messages, asked)
    if found is None:
        return
    kept = found.messages
    assert is_valid(kept)
    assert total(kept) < total(messages)
    assert f"; {total(messages) - total(kept):,} tokens won" in found.reason
    assert kept[:FROZEN] == messages[:FROZEN]
    assert kept[found.asked] is messages[asked]
    last = max(at for at, m in enumerate(messages) if m.role == "user" or m.tool_calls)
    edits = {c.id for m in messages for c in m.tool_calls if c.name in ("edit_file", "apply_patch")}
    for new, old in zip(kept[found.asked :], messages[asked:], strict=True):
        may_go = old.role == "tool" and old not in messages[last:] and old.tool_call_id not in edits
        assert new is old or (may_go and new == result(old.tool_call_id, RESULT_DROPPED))
    rest = iter(messages)
    assert all(any(m is other for other in rest) for m in kept if m.role == "assistant")
    assert [m for m in kept if m.tool_call_id in edits] == [
        m for m in messages if m.tool_call_id in edits
    ]
    assert texts_said(kept) == texts_said(messages)
    assert sum(CHANGES in m.content for m in kept) == sum(CHANGES in m.content for m in messages)


@given(talks(), st.integers(0, 6_000))
def test_a_second_time_nothing_more_is_won(talk: tuple[tuple[Message, ...], int], won: int) -> None:
    messages, asked = talk
    found = shorten(won, messages, asked)
    assert shorten(won, messages, asked) == found
    if found is not None:
        target = total(messages) - won
        assert shorten(total(found.messages) - target, found.messages, found.asked) is None


@given(talks(), st.integers(0, 6_000))
def test_no_result_is_dropped_that_need_not_be(
    talk: tuple[tuple[Message, ...], int], won: int
) -> None:
    messages, asked = talk
    found = shorten(won, messages, asked)
    if found is not None and len(found.messages) == len(messages):
        pairs = list(zip(messages, found.messages, strict=True))
        changed = [(old, new) for old, new in pairs if old is not new and new.role == "tool"]
        if changed:
            old, new = changed[-1]
            target = total(messages) - won
            assert total(found.messages) - tokens_of(new) + tokens_of(old) > target
