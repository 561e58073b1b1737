"""Every fault of the service at every place of a reply, on the turn that calls tools and on the one
that answers: nothing is lost, nothing is done twice, and there is one result."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from bathy.agent.loop.record import read_record
from conftest import Ran
from endpoint.faults import PLACES, Fault, Kind, Place, overflow
from endpoint.script import Reply
from endpoint.server import Endpoint, Recorded
from shop import ANSWER, DONE, LOOK, Ask, calls_told, events_of, result_of, text_shown, tool_texts

TOOLS = ["read_file", "grep", "find_symbol"]
HOUR = {"retry-after": "3600"}
NOW = {"retry-after": "0"}


@dataclass(frozen=True)
class Case:
    """A fault, and what it does to a run in which a turn always has it.

    Attributes:
        faults: Of the reply.
        code: 0 if it does no harm, 75 if it may pass, 1 if it is for good.
        requests: How often the turn is asked for: once more than `ask` retries.
    """

    faults: Sequence[Fault]
    code: int = 75
    requests: int = 2

    def on(self, reply: Reply) -> Reply:
        return replace(reply, faults=self.faults)


def at_places(kind: Kind, places: Sequence[Place] = PLACES, *, code: int = 75) -> dict[str, Case]:
    """A fault at each place; once the reason to finish has come, the reply is whole whatever follows."""
    return {
        f"{kind} at {at}": Case([Fault(kind, at)], 0 if at == "done" else code) for at in places
    }


WAITING: dict[str, Case] = {**at_places("stall"), **at_places("silence")}
"""Nothing comes, and no end either: bathy itself has to give up."""

CASES: dict[str, Case] = {
    **WAITING,
    **at_places("cut"),
    **at_places("torn"),
    **at_places("reset", ("first", "middle", "last")),
    **at_places("clean_end"),
    **at_places("malformed"),
    **at_places("error_event"),
    **at_places("no_choices", code=0),
    "no ids": Case([Fault("no_ids")], 0),
    "empty ids": Case([Fault("empty_ids")], 0),
    "no indices": Case([Fault("no_index")], 0),
    "no ids, no indices": Case([Fault("no_ids"), Fault("no_index")], 0),
    "empty ids, no indices": Case([Fault("empty_ids"), Fault("no_index")], 0),
    "an error under status 200": Case([Fault("json_error_on_200")]),
    "429": Case([Fault("status", status=429, headers=NOW)]),
    "429 for an hour": Case([Fault("status", status=429, headers=HOUR)], 75, 1),
    "500": Case([Fault("status", status=500)]),
    "503": Case([Fault("status", status=503)]),
    "401": Case([Fault("status", status=401)], 1, 1),
    "402": Case([Fault("status", status=402)], 1, 1),
    "422": Case([Fault("status", status=422)], 1, 1),
}

TURNS = pytest.mark.parametrize("turn", [0, 1], ids=["calling", "answering"])


@pytest.fixture(autouse=True)
def _waits_briefly(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, ask: Ask
) -> None:
    """Gives up soon where that is what is tested, and nowhere else: other replies may be slow."""
    callspec = getattr(request.node, "callspec", None)
    if callspec is not None and callspec.params.get("name") in WAITING:
        monkeypatch.setenv("BATHY_IDLE_TIMEOUT_S", "0.5")


def assert_whole(ran: Ran, endpoint: Endpoint) -> None:
    """The run did all that it does without any fault, and nothing more."""
    assert endpoint.problems == []
    result = result_of(ran)
    assert (ran.code, result["result"], result["num_turns"]) == (0, ANSWER, 2)
    assert "partial" not in result
    assert [c["status"] for c in result["citations"]] == ["verified"]
    assert calls_told(ran) == TOOLS
    assert text_shown(ran) == ANSWER
    texts = tool_texts(endpoint)
    assert len(texts) == len(TOOLS)
    assert not any(text.startswith("error") for text in texts)
    (said,) = [m for m in endpoint.requests[-1].messages if "tool_calls" in m]
    assert said["reasoning_content"] == LOOK.reasoning


def retries(ran: Ran) -> int:
    return sum(event["type"] == "retry" for event in events_of(ran))


@TURNS
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.requests > 1])
def test_a_fault_that_passes_costs_one_request_more_at_most(ask: Ask, name: str, turn: int) -> None:
    case = CASES[name]
    script = [LOOK, DONE]
    script[turn : turn + 1] = [case.on(script[turn])] + [script[turn]] * (case.code != 0)
    with Endpoint(script) as endpoint:
        ran = ask(endpoint, "--output-format", "stream-json")
    assert_whole(ran, endpoint)
    assert endpoint.unused == 0
    assert retries(ran) == (case.code != 0)


@TURNS
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.code])
def test_a_fault_that_lasts_ends_in_one_honest_result(
    ask: Ask, name: str, turn: int, tmp_path: Path
) -> None:
    case = CASES[name]

    def say(asked: Recorded) -> Reply:
        at = int(any(m["role"] == "tool" for m in asked.messages))
        reply = (LOOK, DONE)[at]
        return case.on(reply) if at == turn else reply

    with Endpoint(say) as endpoint:
        ran = ask(endpoint, "--output-format", "stream-json")
    assert endpoint.problems == []
    result = result_of(ran)
    assert ran.code == case.code
    assert (result["subtype"], result["result"]) == ("error_during_execution", "")
    assert result["num_turns"] == turn
    assert len(endpoint.requests) == turn + case.requests
    assert calls_told(ran) == TOOLS[: len(TOOLS) * turn]
    # What was found out before is not lost with the run: a session that goes on has it.
    (log,) = tmp_path.rglob("*.jsonl")
    kept = [m.content for m in read_record(log).messages if m.role == "tool"]
    told = [event["text"] for event in events_of(ran) if event["type"] == "tool_finished"]
    assert kept == told


@TURNS
def test_a_reset_after_the_whole_reply_may_take_it_along(ask: Ask, turn: int) -> None:
    seen: list[int] = []

    def say(asked: Recorded) -> Reply:
        at = int(any(m["role"] == "tool" for m in asked.messages))
        seen.append(at)
        reply = (LOOK, DONE)[at]
        first = at == turn and seen.count(at) == 1
        return replace(reply, faults=[Fault("reset", "done")]) if first else reply

    with Endpoint(say) as endpoint:
        ran = ask(endpoint, "--output-format", "stream-json")
    assert_whole(ran, endpoint)
    assert len(endpoint.requests) == 2 + retries(ran)


@TURNS
def test_a_reply_that_does_not_fit_is_asked_for_with_less_room(ask: Ask, turn: int) -> None:
    script: list[Reply | Fault] = [LOOK, DONE]
    script.insert(turn, overflow(messages=1_000_000))
    with Endpoint(script) as endpoint:
        ran = ask(endpoint, "--output-format", "stream-json")
    assert_whole(ran, endpoint)
    assert retries(ran) == 1
    assert endpoint.requests[turn + 1].body["max_tokens"] == 48_576


@pytest.mark.parametrize("prompt_tokens", [1_000_000, 2_000_000])
@TURNS
def test_a_window_that_stays_too_small_is_a_failure_for_good(
    ask: Ask, turn: int, prompt_tokens: int
) -> None:
    def say(asked: Recorded) -> Reply | Fault:
        at = int(any(m["role"] == "tool" for m in asked.messages))
        return overflow(messages=prompt_tokens) if at == turn else LOOK

    with Endpoint(say) as endpoint:
        ran = ask(endpoint, "--output-format", "stream-json")
    assert endpoint.problems == []
    result = result_of(ran)
    assert (ran.code, result["subtype"]) == (1, "error_during_execution")
    assert "larger than the model's window" in result["error"]
    # Less room for the reply, where that may help; less of the repository, where no tool has run.
    tries = (1 + (prompt_tokens == 1_000_000)) * (1 + (turn == 0))
    assert len(endpoint.requests) == turn + tries
    assert calls_told(ran) == TOOLS[: len(TOOLS) * turn]


def test_a_session_whose_run_failed_goes_on_without_asking_the_tools_again(ask: Ask) -> None:
    lost = replace(DONE, faults=[Fault("cut", "middle")])
    with Endpoint([LOOK, lost, lost, DONE]) as endpoint:
        failed = ask(endpoint, "--output-format", "json")
        ran = ask(endpoint, "--continue", "--output-format", "stream-json", task="Go on.")
    assert failed.code == 75
    assert (ran.code, result_of(ran)["result"]) == (0, ANSWER)
    assert calls_told(ran) == []
    assert len(tool_texts(endpoint)) == len(TOOLS)
    assert endpoint.requests[3].prompt.startswith(
        endpoint.requests[2].prompt.removesuffix("<｜Assistant｜><think>")
    )
