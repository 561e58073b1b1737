import asyncio
import threading
from dataclasses import replace

import pytest
from bathy.agent.loop.agent import Verdict
from bathy.agent.loop.conversation import NOT_STARTED, OUTCOME_UNKNOWN
from bathy.agent.loop.events import (
    Finished,
    LimitReached,
    Retry,
    ToolFinished,
    ToolStarted,
    TurnStarted,
    UsageReported,
)
from bathy.agent.loop.fitting import SMALLER_WINDOW
from bathy.agent.loop.ledger import Ledger
from bathy.agent.loop.limits import Limits
from bathy.agent.loop.loop import ASK_FOR_ANSWER, GO_ON, LAST_TURN, STOP_REPEATING
from bathy.agent.loop.prompt import prefix_messages
from bathy.agent.model.client import (
    BrokenStreamError,
    BusyError,
    ServiceError,
    WindowError,
)
from bathy.agent.model.messages import (
    Message,
    ReasoningDelta,
    Reply,
    TextDelta,
    ToolCall,
    Usage,
)
from scripted_model import USAGE, Lab, Step, build, reads, roles, says


def kinds(lab: Lab) -> list[str]:
    return [type(event).__name__ for event in lab.go()]


def test_an_answer_ends_the_run() -> None:
    lab = build(says("Because.", reasoning="hm"))
    assert kinds(lab) == [
        "TurnStarted",
        "ReasoningDelta",
        "TextDelta",
        "UsageReported",
        "CitationsChecked",
        "Finished",
    ]
    assert lab.run.conversation.messages[-1] == Message("assistant", "Because.", "hm")


def test_calls_are_answered_in_their_order_however_long_each_takes() -> None:
    second_is_done = threading.Event()

    def tool(path: str) -> str:
        if path == "first":
            assert second_is_done.wait(10)
        else:
            second_is_done.set()
        return path

    lab = build(says("", reads("first"), reads("second")), says("Done."), tool=tool)
    events = lab.go()
    finished = [e.text for e in events if isinstance(e, ToolFinished)]
    assert finished == ["first", "second"]
    assert [m.content for m in lab.added if m.role == "tool"] == ["first", "second"]


def test_every_reply_is_one_message_with_its_thinking() -> None:
    lab = build(says("Let me look.", reads("a"), reasoning="must look"), says("Done."))
    lab.go()
    asked = lab.model.requests[1].messages
    assert roles(asked) == ["system", "user", "assistant", "tool"]
    assert asked[2].reasoning == "must look"
    assert asked[2].content == "Let me look."


def test_later_requests_begin_with_the_earlier_ones_and_change_nothing_else() -> None:
    lab = build(says("", reads("a")), says("", reads("b")), says("Done."))
    lab.go()
    first, second, third = lab.model.requests
    assert second.messages[: len(first.messages)] == first.messages
    assert third.messages[: len(second.messages)] == second.messages
    assert all(
        (r.model, r.tools, r.effort) == (first.model, first.tools, first.effort)
        for r in (second, third)
    )


@pytest.mark.parametrize(
    ("call", "says_so"),
    [
        (ToolCall("1", "write", "{}"), "there is no tool 'write'; there are read"),
        (ToolCall("1", "read", '{"path": "a'), "cut off before its end"),
        (ToolCall("1", "read", '{"file": "a"}'), "path is missing"),
        (ToolCall("1", "read", "[1, 2]"), "error:"),
    ],
)
def test_a_call_that_cannot_be_run_is_answered_and_kept_as_valid_json(
    call: ToolCall, says_so: str
) -> None:
    lab = build(says("", call), says("Done."))
    lab.go()
    assert lab.started == []
    assert says_so in lab.added[-2].content
    assert lab.added[-3].tool_calls[0].arguments == "{}"


def test_wrapped_arguments_are_run_and_kept_unwrapped() -> None:
    lab = build(says("", ToolCall("1", "read", '{"arguments": {"path": "a"}}')), says("Done."))
    lab.go()
    assert lab.added[-2].content == "text of a"
    assert lab.added[-3].tool_calls[0].arguments == '{"path": "a"}'


def test_the_last_call_of_a_reply_cut_for_length_is_not_run() -> None:
    lab = build(says("", reads("a"), reads("b"), reason="length"), says("Done."))
    lab.go()
    assert lab.started == ["call_a"]
    assert "cut off" in lab.added[-2].content


def test_a_cut_answer_is_partial() -> None:
    end = build(says("Because of", reason="length")).end()
    assert (end.subtype, end.exit_code, end.text) == ("error_max_tokens", 3, "Because of")


@pytest.mark.parametrize(
    "failure",
    [BusyError("busy", 503), BusyError("full", 429, 7.0), BrokenStreamError("cut")],
)
def test_a_failure_that_passes_is_tried_again(failure: Exception) -> None:
    lab = build(failure, says("Because."))
    events = lab.go()
    assert [e.reason for e in events if isinstance(e, Retry)] == [str(failure)]
    assert isinstance(events[-1], Finished)
    assert events[-1].subtype == "success"
    assert lab.waits == [7.0 if "full" in str(failure) else 0.5]


def test_a_broken_reply_is_void_and_its_cost_is_counted() -> None:
    lab = build([TextDelta("Wrong st"), BrokenStreamError("cut")], says("Right."))
    events = lab.go()
    used = [e for e in events if isinstance(e, UsageReported)]
    assert [e.is_estimate for e in used] == [True, False]
    assert used[0].cost_usd > 0
    end = events[-1]
    assert isinstance(end, Finished)
    assert end.text == "Right."
    assert end.turns == 1
    assert end.usage.prompt_tokens == used[0].usage.prompt_tokens + 1000
    assert "Wrong st" not in "".join(m.content for m in lab.added)


def test_after_the_last_attempt_it_is_worth_trying_later() -> None:
    lab = build(*[BrokenStreamError("cut")] * 3, max_retries=2)
    end = lab.end()
    assert (end.subtype, end.exit_code, end.error) == ("error_during_execution", 75, "cut")
    assert end.text == ""
    assert len(lab.model.requests) == 3


def test_what_had_come_of_a_failed_reply_is_partial_and_no_answer() -> None:
    lab = build([TextDelta("Half"), BrokenStreamError("cut")], max_retries=0)
    end = lab.end()
    assert (end.text, end.partial) == ("", "Half")


def test_a_refusal_is_final() -> None:
    lab = build(ServiceError("the key is refused", 401))
    end = lab.end()
    assert (end.exit_code, end.error) == (1, "the key is refused")
    assert len(lab.model.requests) == 1


def test_an_overflow_leads_to_one_smaller_request() -> None:
    lab = build(WindowError("too large", 100_000, 60_000), says("Because."))
    assert lab.end().subtype == "success"
    assert [r.max_tokens for r in lab.model.requests] == [65_536, 40_000]


def test_an_overflow_that_cannot_be_helped_is_final() -> None:
    lab = build(WindowError("too large", 100_000, 99_999))
    assert lab.end().exit_code == 1
    assert len(lab.model.requests) == 1


def test_thinking_alone_is_asked_about_once_and_never_made_the_answer() -> None:
    lab = build(says(reasoning="The answer is 42."), says("It is 42."))
    assert lab.end().text == "It is 42."
    assert lab.model.requests[1].messages[-1].content == ASK_FOR_ANSWER
    lab = build(says(reasoning="The answer is 42."), says(reasoning="Still."))
    end = lab.end()
    assert (end.text, end.exit_code) == ("", 75)


def test_an_empty_reply_is_asked_for_again_a_few_times() -> None:
    lab = build(says(), says(), says("At last."))
    assert lab.end().text == "At last."
    assert {r.messages for r in lab.model.requests} == {lab.model.requests[0].messages}
    assert build(*[says()] * 3).end().exit_code == 75


def test_an_announcement_without_its_step_is_asked_about_once() -> None:
    lab = build(says("I will now look at the file:"), says("", reads("a")), says("Done."))
    assert lab.end().text == "Done."
    assert lab.model.requests[1].messages[-1].content == GO_ON
    assert build(says("First:"), says("Second:")).end().text == "Second:"


def test_the_same_call_is_noted_then_refused_then_the_run_stops() -> None:
    lab = build(*[says("", reads("a", f"c{n}")) for n in range(12)])
    end = lab.end()
    results = [m.content for m in lab.added if m.role == "tool"]
    assert results[:2] == ["text of a"] * 2
    assert "2 times before" in results[2]
    assert "Calling it again gives nothing new" in results[4]
    assert results[7].startswith("error: not run")
    assert len(lab.started) == 7
    assert "keeps making the same call" in end.error
    first = lab.model.requests[0]
    assert all((r.tools, r.effort) == (first.tools, first.effort) for r in lab.model.requests)


def test_a_call_whose_result_changes_is_no_loop() -> None:
    times = iter(range(100))
    lab = build(
        *[says("", reads("a", f"c{n}")) for n in range(12)],
        says("Done."),
        tool=lambda _path: str(next(times)),
    )
    assert lab.end().subtype == "success"


def test_endless_repetition_is_cut_off() -> None:
    piece: list[TextDelta | Reply | Exception] = [TextDelta("the same line again\n")] * 1000
    lab = build([*piece, says("never read")], says("Short."))
    assert lab.end().text == "Short."
    assert lab.model.requests[1].messages[-1].content == STOP_REPEATING
    end = build([*piece, says("never read")], list(piece)).end()
    assert end.exit_code == 1
    assert "repeated itself" in end.error
    assert end.usage.completion_tokens < 5_000


@pytest.mark.parametrize(
    ("limits", "subtype"),
    [
        (Limits(max_turns=1), "error_max_turns"),
        (Limits(max_cost_usd=0.00001), "error_max_cost"),
        (Limits(max_tokens=1500), "error_max_tokens"),
    ],
)
def test_limits_stop_the_run_before_the_request_that_breaks_them(
    limits: Limits, subtype: str
) -> None:
    lab = build(says("Looking.", reads("a")), says("Done."), limits=limits)
    events = lab.go()
    end = events[-1]
    assert isinstance(end, Finished)
    assert (end.subtype, end.exit_code) == (subtype, 3)
    assert isinstance(events[-2], LimitReached)
    assert len(lab.model.requests) <= 1


def test_a_price_over_the_limit_is_never_paid() -> None:
    lab = build(says("Done."), question="x" * 10_000, limits=Limits(max_cost_usd=1e-9))
    assert lab.end().subtype == "error_max_cost"
    assert lab.model.requests == []


def test_before_its_last_turn_the_model_is_told() -> None:
    lab = build(says("", reads("a")), says("Done."), limits=Limits(max_turns=2))
    assert lab.end().subtype == "success"
    assert lab.model.requests[1].messages[-1].content == LAST_TURN


def test_a_time_limit_ends_a_request_under_way() -> None:
    lab = build([TextDelta("So far")], limits=Limits(time_limit_s=0.05))
    lab.model.hang = asyncio.Event()
    end = lab.end()
    assert (end.subtype, end.exit_code, end.text) == ("error_time_limit", 3, "So far")


def test_an_answer_that_is_not_what_was_asked_for_is_mended_once() -> None:
    def judge(text: str) -> Verdict:
        return Verdict(text, "" if text == "{}" else "no JSON")

    lab = build(says("oh"), says("{}"), judge=judge)
    assert lab.end().text == "{}"
    assert lab.model.requests[1].messages[-1] == Message("user", "no JSON")
    end = build(says("oh"), says("no"), judge=judge).end()
    assert (end.exit_code, end.subtype) == (1, "error_during_execution")


async def interrupt_at(lab: Lab, number: int) -> bool:
    """Cancel the run when it has yielded so many events; False if it ended before."""
    seen = 0

    async def work() -> None:
        nonlocal seen
        async for _event in lab.run.events():
            seen += 1
            if seen == number:
                task.cancel()

    task = asyncio.ensure_future(work())
    try:
        await task
    except asyncio.CancelledError:
        return True
    return False


def test_an_interrupt_at_any_event_leaves_a_valid_conversation() -> None:
    number = 0
    while True:
        number += 1
        lab = build(
            says("", reads("a"), reads("b"), reasoning="r"), says("", reads("c")), says("Done.")
        )
        if not asyncio.run(interrupt_at(lab, number)):
            break
        messages = lab.run.conversation.messages
        assert list(messages[1:]) == lab.added
        for at, message in enumerate(messages):
            ids = [call.id for call in message.tool_calls]
            answers = messages[at + 1 : at + 1 + len(ids)]
            assert sorted(m.tool_call_id for m in answers) == sorted(ids)
            for answer in answers:
                ran = answer.content.startswith("text of")
                assert ran or answer.content in (NOT_STARTED, OUTCOME_UNKNOWN)
                assert answer.content != NOT_STARTED or answer.tool_call_id not in lab.started
    assert number > 12


def test_usage_and_turns_add_up() -> None:
    lab = build(says("", reads("a")), says("Done."))
    end = lab.end()
    assert end.turns == 2
    assert end.usage.prompt_tokens == 2000
    assert end.usage.cache_hit_tokens == 1800
    assert end.cost_usd == pytest.approx((1800 * 0.003 + 200 * 0.15 + 20 * 0.60) / 1e6)


def test_the_price_is_told_before_the_request_is_made() -> None:
    lab = build(says("Done."))
    first = lab.go()[0]
    assert isinstance(first, TurnStarted)
    assert first.prompt_tokens > 100
    assert first.cost_usd > 0


def test_a_content_filter_is_no_success() -> None:
    assert build(says("Hm", reason="content_filter")).end().exit_code == 1


def test_tools_are_told_of_before_they_run() -> None:
    events = build(says("", reads("a")), says("Done.")).go()
    names = [type(e) for e in events]
    assert names.index(ToolStarted) < names.index(ToolFinished)


def test_time_that_was_used_before_the_first_request_counts() -> None:
    lab = build(says("too late"), limits=Limits(time_limit_s=5))
    lab.run.began_s -= 6
    end = lab.end()
    assert (end.subtype, end.error, end.exit_code) == (
        "error_time_limit",
        "stopped after 5 s (--time-limit)",
        3,
    )
    assert lab.model.requests == []
    assert end.cost_usd == 0


# What is sent first to warm the cache.

BASE = "p" * 40_000
WARMED = Reply(Message("assistant", "", "I"), "length", Usage(40_470, 0, 40_470, 1, 1))
COMMIT = f"<commit 1>\n{'c' * 2_000}\n</commit>"


async def to_the_end(lab: Lab) -> None:
    async for _event in lab.run.events():
        pass


def sizes(lab: Lab) -> list[tuple[int, int]]:
    """(messages, longest reply) of each request."""
    return [(len(r.messages), min(r.max_tokens, 100)) for r in lab.model.requests]


def test_a_cold_base_is_put_into_the_cache_by_a_request_that_ends_with_it() -> None:
    lab = build(WARMED, says("Because."), base=BASE)
    events = lab.go()
    warming, question = lab.model.requests
    assert warming == replace(question, messages=question.messages[:2], max_tokens=1)
    assert warming.messages[1].content == BASE
    assert lab.logged == lab.model.requests
    names = [type(event).__name__ for event in events]
    assert names[:4] == ["TurnStarted", "UsageReported", "TurnStarted", "TextDelta"]
    assert [e.turn for e in events if isinstance(e, TurnStarted)] == [0, 1]
    end = events[-1]
    assert isinstance(end, Finished)
    assert (end.turns, end.text) == (1, "Because.")
    assert end.usage == WARMED.usage + USAGE  # type: ignore[operator]
    assert end.cost_usd == pytest.approx(
        (40_470 * 0.15 + 900 * 0.003 + 100 * 0.15 + 11 * 0.6) / 1e6
    )
    assert [m.role for m in lab.run.conversation.messages][3:] == ["user", "assistant"]


def test_base_and_overlay_are_warmed_in_order_and_later_runs_need_neither() -> None:
    # What the service does not count is taken for read, and nothing is learnt of it.
    warmed, said = replace(WARMED, usage=None), says(".", usage=None)
    with Ledger(None) as ledger:
        first = build(warmed, warmed, said, base=BASE, updates=[COMMIT], ledger=ledger)
        assert first.end().subtype == "success"
        assert sizes(first) == [(2, 1), (4, 1), (6, 100)]
        again = build(said, base=BASE, updates=[COMMIT], ledger=ledger, question="else?")
        events = again.go()
        assert sizes(again) == [(6, 100)]
        (started,) = [e for e in events if isinstance(e, TurnStarted)]
        assert started.hit_tokens > len(BASE + COMMIT)
        assert started.reason == ""
        more = build(warmed, said, base=BASE, updates=[COMMIT] * 2, ledger=ledger)
        assert more.end().subtype == "success"
        assert sizes(more) == [(6, 1), (8, 100)]


def test_what_is_said_while_the_cache_is_warmed_is_no_part_of_the_answer() -> None:
    chatty: Step = [TextDelta("I"), replace(WARMED, message=Message("assistant", "I"))]
    lab = build(chatty, says("Because."), base=BASE)
    events = lab.go()
    assert [e.text for e in events if isinstance(e, TextDelta)] == ["Because."]
    hung = build(chatty, base=BASE)
    hung.model.hang = asyncio.Event()
    hung.run.agent = replace(hung.run.agent, limits=Limits(time_limit_s=0.05))
    assert hung.end().text == ""


def test_warming_is_tried_again_like_any_request() -> None:
    lab = build(
        BusyError("full", 429), [TextDelta("I"), BrokenStreamError("cut")], WARMED, says("."), base=BASE
    )  # fmt: skip
    end = lab.end()
    assert sizes(lab) == [(2, 1)] * 3 + [(4, 100)]
    assert end.subtype == "success"
    # Two of the three were read; one that was refused is not billed.
    assert end.usage.prompt_tokens > 2 * 40_000
    assert end.usage.prompt_tokens < 3 * 40_000
    lost = build(*[BusyError("full", 429)] * 3, base=BASE, max_retries=2)
    assert (lost.end().exit_code, sizes(lost)) == (75, [(2, 1)] * 3)


def test_a_server_that_refuses_a_reply_of_one_token_is_asked_all_the_same() -> None:
    lab = build(ServiceError("max_tokens is too small", 400), says("Because."), base=BASE)
    events = lab.go()
    assert sizes(lab) == [(2, 1), (4, 100)]
    assert [e.reason for e in events if isinstance(e, Retry)] == [
        "max_tokens is too small; asking without it"
    ]
    assert isinstance(events[-1], Finished)
    assert events[-1].text == "Because."
    refused = build(*[ServiceError("the key is refused", 401)] * 2, base=BASE)
    assert (refused.end().error, len(refused.model.requests)) == ("the key is refused", 2)


def test_a_base_that_does_not_fit_is_packed_smaller() -> None:
    asked_for = list[int]()

    def repack(window_tokens: int) -> tuple[Message, ...]:
        asked_for.append(window_tokens)
        return (*prefix_messages("small"), Message("user", "why?"))

    lab = build(WindowError("full", 9_000, 40_470), says("."), base=BASE, repack=repack)
    events = lab.go()
    assert asked_for == [9_000]
    assert [e.reason for e in events if isinstance(e, Retry)] == ["full; packing less"]
    assert sizes(lab) == [(2, 1), (4, 100)]
    assert lab.model.requests[1].messages[1].content == "small"
    assert lab.restarts == [SMALLER_WINDOW]


@pytest.mark.parametrize(
    ("limits", "is_warmed"),
    [
        (Limits(max_tokens=120_000), True),
        (Limits(max_tokens=60_000), False),
        (Limits(max_turns=1), True),
        (Limits(max_cost_usd=0.01), True),
        # The miss of the base is paid for, but not a hit of it on top.
        (Limits(max_cost_usd=0.00615), False),
    ],
)
def test_nothing_is_warmed_that_a_limit_has_no_room_for(limits: Limits, is_warmed: bool) -> None:
    lab = build(*[WARMED] * is_warmed, says("."), base=BASE, limits=limits)
    assert lab.end().subtype == "success"
    assert len(lab.model.requests) == 1 + is_warmed


def test_after_the_cache_is_warm_the_limits_leave_so_much_less() -> None:
    lab = build(WARMED, says("."), base=BASE, limits=Limits(max_tokens=90_000))
    lab.end()
    prompt = lab.run.agent.meter.prompt_tokens(lab.model.requests[1].messages)
    # The meter has learnt from both replies; the question was planned with what the first told.
    assert prompt == 1_000
    assert 0 < lab.model.requests[1].max_tokens < 90_000 - 2 * 40_000
    # What it took was more than was expected, so that nothing is left for the question.
    dear = replace(WARMED, usage=Usage(80_000, 0, 80_000, 1, 0))
    stopped = build(dear, base=BASE, limits=Limits(max_tokens=90_000))
    assert (stopped.end().subtype, len(stopped.model.requests)) == ("error_max_tokens", 1)


def test_an_interrupt_while_the_cache_is_warmed_is_counted_and_leaves_the_question() -> None:
    lab = build([ReasoningDelta("I")], base=BASE)
    lab.model.hang = asyncio.Event()

    async def work() -> None:
        task = asyncio.ensure_future(to_the_end(lab))
        await lab.model.is_hanging.wait()
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(work())
    assert (lab.run.spent.turns, lab.run.text) == (0, "")
    assert lab.run.spent.usage.prompt_tokens > 40_000
    assert lab.run.conversation.messages[-1] == Message("user", "why?")


def test_a_preview_is_what_is_sent() -> None:
    def make(*steps: Reply) -> Lab:
        limits = Limits(max_tokens=100_000, max_cost_usd=0.02)
        return build(*steps, base=BASE, updates=[COMMIT], limits=limits)

    seen = make().run.preview()
    exact = [replace(WARMED, usage=Usage(f.prompt_tokens, f.hit_tokens, f.miss_tokens, 1, 1))
             for f in seen.forecasts[:-1]]  # fmt: skip
    lab = make(*exact, says("."))
    lab.go()
    assert [*seen.warming, seen.request] == lab.model.requests
    assert seen.limit is None
    assert seen.request.max_tokens < 65_536


def test_a_preview_says_which_limit_would_stop_it() -> None:
    seen = build(base=BASE, limits=Limits(max_cost_usd=0.001)).run.preview()
    assert seen.limit is not None
    assert (seen.limit[0], seen.warming) == ("error_max_cost", ())


# What each attempt cost.


def rows(lab: Lab) -> list[tuple[str, int, int]]:
    """(kind, hits, whether it is an estimate) in the ledger, oldest first."""
    found = lab.ledger.requests("/repo", 50)[::-1]
    return [(row["kind"], row["hit"], row["is_estimate"]) for row in found]


def test_every_attempt_that_was_read_is_in_the_books_once() -> None:
    lab = build(
        BusyError("full", 503),
        [TextDelta("Wrong"), BrokenStreamError("cut")],
        says("", reads("a")),
        says("Because."),
    )
    end = lab.end()
    assert rows(lab) == [("question", 0, 1), ("question", 900, 0), ("turn", 900, 0)]
    found = lab.ledger.requests("/repo", 50)
    assert sum(row["usd"] for row in found) == pytest.approx(end.cost_usd)
    assert sum(row["hit"] + row["miss"] for row in found) == end.usage.prompt_tokens


def test_the_second_attempt_is_expected_to_find_what_the_first_has_brought() -> None:
    lab = build([TextDelta("Wrong"), BrokenStreamError("cut")], says("."), question="q" * 3_000)
    reports = [e for e in lab.go() if isinstance(e, UsageReported)]
    assert [report.is_estimate for report in reports] == [True, False]
    assert reports[1].expected_hit_tokens > 3_000


@pytest.mark.parametrize("usage", [None, Usage(0, 0, 0, 0, 0)])
def test_a_server_that_counts_nothing_is_counted_for(usage: Usage | None) -> None:
    lab = build(says("", reads("a"), usage=usage), says("So.", usage=usage), question="q" * 3_000)
    events = lab.go()
    reports = [e for e in events if isinstance(e, UsageReported)]
    assert all(report.is_estimate and report.cause == "" for report in reports)
    assert [report.usage.prompt_tokens > 3_000 for report in reports] == [True, True]
    end = events[-1]
    assert isinstance(end, Finished)
    assert (end.turns, rows(lab)) == (2, [("question", 0, 1), ("turn", 0, 1)])
    # What it has read is remembered all the same, so that nothing is warmed that is warm.
    again = [*lab.run.conversation.messages, Message("user", "more?")]
    assert lab.run.agent.bill.forecast(again).hit_tokens > 3_000


def test_an_interrupt_between_two_attempts_is_not_billed_again() -> None:
    for failure, billed in ((BusyError("full", 503), 0), (BrokenStreamError("cut"), 1)):
        waiting = asyncio.Event()
        step: Step = [TextDelta("Half"), failure] if billed else failure
        lab = build(step, question="q" * 3_000)

        async def sleep(_seconds: float, waiting: asyncio.Event = waiting) -> None:
            waiting.set()
            await asyncio.Event().wait()

        patience = replace(lab.run.agent.patience, sleep=sleep)
        lab.run.agent = replace(lab.run.agent, patience=patience)

        async def work(lab: Lab = lab, waiting: asyncio.Event = waiting) -> None:
            task = asyncio.ensure_future(to_the_end(lab))
            await waiting.wait()
            task.cancel()
            await task

        with pytest.raises(asyncio.CancelledError):
            asyncio.run(work())
        prompt = lab.run.agent.meter.prompt_tokens(lab.model.requests[0].messages)
        assert lab.run.spent.usage.prompt_tokens == billed * prompt
        assert len(rows(lab)) == billed


def test_what_had_come_when_a_run_was_interrupted_is_in_the_books() -> None:
    lab = build([TextDelta("Half")], question="q" * 3_000, limits=Limits(time_limit_s=0.05))
    lab.model.hang = asyncio.Event()
    end = lab.end()
    assert rows(lab) == [("question", 0, 1)]
    assert end.usage.prompt_tokens > 3_000
    silent = build([], question="q" * 3_000, limits=Limits(time_limit_s=0.05))
    silent.model.hang = asyncio.Event()
    assert silent.end().usage.prompt_tokens > 3_000
    # Whether the service has read it, nobody knows, so nothing is expected of it.
    assert rows(silent) == [("question", 0, 1)]
    asked = silent.model.requests[0].messages
    assert silent.run.agent.bill.forecast(asked).hit_tokens == 0
