from itertools import pairwise

import pytest
from bathy.agent.loop.compact import RESULT_DROPPED
from bathy.agent.loop.conversation import Conversation
from bathy.agent.loop.events import Finished, Retry, Shortened, TurnStarted
from bathy.agent.loop.fitting import SMALLER_WINDOW, Fitting, shortened
from bathy.agent.loop.prompt import PREFIX_MESSAGES, prefix_messages
from bathy.agent.model.client import WindowError
from bathy.agent.model.messages import Message, ToolCall, Usage
from scripted_model import Lab, Step, build, reads, says

BASE = "p" * 4_000
WINDOW = 20_000
LONG = "x" * 2_900
UNTOLD = None
"""A server that does not count: what is known of the prompt is our own count."""


def looks(*paths: str) -> Step:
    return says("", *(reads(path) for path in paths), usage=UNTOLD)


DONE = says("Done.", usage=UNTOLD)
WARMED = says("", usage=UNTOLD, reason="length")


def long_run(*steps: Step, window_tokens: int = WINDOW) -> Lab:
    return build(
        *steps, tool=lambda path: f"{path}: {LONG}", base=BASE, window_tokens=window_tokens
    )


def results(messages: tuple[Message, ...]) -> list[str]:
    """The start of each result of a call."""
    return [m.content[:3] for m in messages if m.role == "tool"]


def test_a_long_run_drops_what_can_be_read_again_and_goes_on() -> None:
    names = [f"{n}" for n in range(12)]
    lab = long_run(WARMED, *(looks(name) for name in names), DONE)
    events = lab.go()
    end = events[-1]
    assert isinstance(end, Finished)
    assert (end.subtype, end.text, end.turns) == ("success", "Done.", 13)
    reasons = [event.reason for event in events if isinstance(event, Shortened)]
    assert reasons == lab.restarts
    assert len(reasons) >= 2
    assert all(r.startswith("dropped the results of ") for r in reasons)
    first = lab.model.requests[1]
    for request in lab.model.requests[1:]:
        assert request.messages[: PREFIX_MESSAGES + 1] == first.messages
        assert (request.model, request.tools, request.effort) == (
            first.model, first.tools, first.effort
        )  # fmt: skip
        # What was read last is there to be looked at.
        found = results(request.messages)
        assert found[-1:] != [RESULT_DROPPED[:3]]
        assert lab.run.agent.meter.prompt_tokens(request.messages) <= WINDOW


def test_it_is_shortened_at_five_sixths_of_the_room_and_to_a_half_at_once() -> None:
    lab = long_run(WARMED, *(looks(str(n)) for n in range(12)), DONE)
    events = lab.go()
    prompts = [e.prompt_tokens for e in events if isinstance(e, TurnStarted)][1:]
    meter, messages = lab.run.agent.meter, lab.run.conversation.messages
    room = WINDOW - meter.prompt_tokens(messages[:PREFIX_MESSAGES])
    assert max(prompts) <= WINDOW - room // 6
    cut = [now for before, now in pairwise(prompts) if now < before]
    assert len(cut) == len(lab.restarts)
    assert max(cut) <= WINDOW - room // 2 + 3_000


def test_the_log_tells_of_the_restart_before_all_messages_that_hold_from_then_on() -> None:
    told = list[str | Message]()
    lab = long_run()
    conversation = Conversation(lab.run.conversation.messages, told.append, told.append)
    fitting = Fitting(lab.run.agent, conversation, lambda: None)
    for n in range(5):
        call = ToolCall(f"c{n}", "read", f'{{"path": "{n}"}}')
        conversation.add(Message("assistant", "", "", (call,)))
        conversation.add(Message("tool", LONG, tool_call_id=f"c{n}"))
    told.clear()
    (event,) = fitting.shorten()
    assert isinstance(event, Shortened)
    assert told == [event.reason, *conversation.messages]
    assert fitting.shorten() == []


def test_after_a_restart_the_guard_does_not_point_to_what_is_gone() -> None:
    # The same call, before and after its results were dropped.
    before = [says("", reads("a", f"a{n}"), usage=UNTOLD) for n in range(2)]
    fill = [looks(f"{n}") for n in range(3)]
    again = [says("", reads("a", "b0"), usage=UNTOLD)]
    lab = long_run(WARMED, *before, *fill, *again, DONE)
    assert lab.end().subtype == "success"
    assert len(lab.restarts) == 1
    last = lab.model.requests[-1].messages
    by_id = {m.tool_call_id: m.content for m in last if m.role == "tool"}
    assert by_id["a0"] == RESULT_DROPPED
    assert by_id["b0"] == f"a: {LONG}"
    assert not any("see above" in text for text in by_id.values())


def test_without_a_restart_the_guard_still_points_above() -> None:
    steps = [says("", reads("a", f"a{n}"), usage=UNTOLD) for n in range(3)]
    lab = long_run(WARMED, *steps, DONE, window_tokens=10**6)
    lab.end()
    assert "see above" in lab.model.requests[-1].messages[-1].content


def test_a_window_that_turns_out_smaller_in_the_middle_of_a_run_is_worked_in() -> None:
    lab = long_run(
        WARMED, looks("1"), looks("2"), looks("3"),
        WindowError("too large", 12_000, 13_500),
        looks("4"), looks("5"), DONE, window_tokens=10**6,
    )  # fmt: skip
    events = lab.go()
    assert isinstance(events[-1], Finished)
    assert events[-1].subtype == "success"
    assert lab.restarts
    for request in lab.model.requests[5:]:
        assert lab.run.agent.meter.prompt_tokens(request.messages) <= 12_000
        assert request.max_tokens <= 12_000
    assert all(reason.startswith("dropped the results of ") for reason in lab.restarts)


def test_a_server_that_counts_more_than_we_do_is_believed() -> None:
    # By our count all of this fits easily.
    lab = long_run(
        WARMED, looks("1"), looks("2"), looks("3"),
        WindowError("too large", 40_000, 41_000), DONE, window_tokens=10**6,
    )  # fmt: skip
    assert lab.end().subtype == "success"
    assert len(lab.restarts) == 1


def test_when_nothing_is_left_to_drop_the_failure_is_told() -> None:
    lab = long_run(WARMED, looks("1"), WindowError("too large", 6_000, 9_000), window_tokens=10**6)
    end = lab.end()
    assert (end.exit_code, end.error, lab.restarts) == (1, "too large", [])
    lab = long_run(WARMED, looks(*"1234567"))
    assert "do not fit the window" in lab.end().error


def test_less_is_packed_once_and_only_before_the_first_answer() -> None:
    small = (*prefix_messages("small"), Message("user", "why?"))
    lab = build(repack=lambda _window: small, base=BASE)
    fitting = Fitting(lab.run.agent, lab.run.conversation, lambda: None)
    error = WindowError("too large", 9_000, 10_000)
    with pytest.raises(WindowError):
        fitting.make_room(error, turns=1)
    (event,) = fitting.make_room(error, turns=0)
    assert isinstance(event, Retry)
    assert (lab.run.conversation.messages, lab.restarts) == (small, [SMALLER_WINDOW])
    assert (fitting.is_repacked, fitting.window_tokens) == (True, 9_000)
    with pytest.raises(WindowError):
        fitting.make_room(error, turns=0)
    plain = build(base=BASE)
    with pytest.raises(WindowError):
        Fitting(plain.run.agent, plain.run.conversation, lambda: None).make_room(error, turns=0)


def test_a_window_never_grows() -> None:
    lab = build()
    fitting = Fitting(lab.run.agent, lab.run.conversation, lambda: None)
    for told, kept in ((10_000, 10_000), (20_000, 10_000), (9_000, 9_000)):
        fitting.narrow(told)
        assert fitting.window_tokens == kept


def test_a_base_that_fills_the_window_leaves_nothing_to_drop() -> None:
    lab = long_run()
    messages = (*lab.run.conversation.messages, Message("user", LONG))
    base = lab.run.agent.meter.prompt_tokens(messages[:PREFIX_MESSAGES])
    assert shortened(lab.run.agent, messages, 3, base) is None
    assert shortened(lab.run.agent, messages, 3, base + 100) is None


def test_what_is_shorter_is_counted_by_the_servers_measure() -> None:
    lab = long_run()
    conversation, meter = lab.run.conversation, lab.run.agent.meter
    for n in range(4):
        conversation.add(Message("assistant", "", "", (ToolCall(f"c{n}", "read", "{}"),)))
        conversation.add(Message("tool", LONG, tool_call_id=f"c{n}"))
    own = meter.prompt_tokens(conversation.messages)
    meter.learn(conversation.messages, Usage(prompt_tokens=2 * own))
    found = shortened(lab.run.agent, conversation.messages, 3, 2 * own + 100)
    assert found is not None
    assert meter.prompt_tokens(found.messages) < 2 * own
