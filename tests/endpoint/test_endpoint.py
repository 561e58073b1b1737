"""The endpoint that the tests of the product stand on: what it says, refuses, and does wrong."""

import http.client
import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

import pytest

from endpoint.contract import tokenizer
from endpoint.faults import DONE, PLACES, Fault, Hold, Kind, Place, overflow
from endpoint.prefix_cache import UNIT_TOKENS
from endpoint.script import Call, Output, Raw, Reply, Said, markup, recorded
from endpoint.server import Endpoint

Json = dict[str, Any]
PARAMETERS = {"type": "object", "properties": {"pattern": {"type": "string"}}}
GREP = {
    "type": "function",
    "function": {"name": "grep", "description": "d", "parameters": PARAMETERS},
}
KEY = {"authorization": "Bearer sk-test"}
CALLS = (Call("grep", {"pattern": "a<b"}), Call("grep", {"pattern": "c", "word": True}))
SAID = Reply("Looking.", "hm", CALLS)


def user(text: str) -> Json:
    return {"role": "user", "content": text}


def said(text: str, reasoning: str = "r", **more: object) -> Json:
    return {"role": "assistant", "content": text, "reasoning_content": reasoning, **more}


def body(*messages: Json, **more: object) -> bytes:
    plain = {"model": "deepseek-flash", "stream": True, "max_tokens": 1000, "tools": [GREP]}
    return json.dumps({**plain, "messages": messages or (user("why?"),), **more}).encode()


@contextmanager
def asked(
    endpoint: Endpoint, request: bytes | None = None, *, key: bool = True, timeout_s: float = 30
) -> Iterator[http.client.HTTPResponse]:
    port = int(endpoint.base_url.rpartition(":")[2])
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)) as connection:
        headers = KEY if key else {}
        connection.request("POST", "/v1/chat/completions", request or body(), headers)
        yield connection.getresponse()


def events(response: http.client.HTTPResponse) -> list[str]:
    """All events of a stream that ends well."""
    return response.read().decode().removesuffix("\n\n").split("\n\n")


def answered(endpoint: Endpoint, request: bytes | None = None) -> list[str]:
    with asked(endpoint, request) as response:
        assert (response.status, response.getheader("content-type")) == (200, "text/event-stream")
        return events(response)


def until_broken(response: http.client.HTTPResponse) -> tuple[str, str]:
    """What came of a body, and the name of the error that ended it, "" if it ended well."""
    got = b""
    try:
        while data := response.read1():
            got += data
    except (http.client.HTTPException, OSError) as error:
        return got.decode(), type(error).__name__
    return got.decode(), ""


def chunks(found: Sequence[str]) -> list[Json]:
    return [json.loads(event.removeprefix("data: ")) for event in found if event != DONE]


def message_of(found: Sequence[str]) -> tuple[str, str, list[str], str]:
    """(text, thinking, arguments of the calls, reason to finish) of a stream."""
    text, thinking, arguments, reason = "", "", dict[int, str](), ""
    for choice in (choice for chunk in chunks(found) for choice in chunk["choices"]):
        delta = choice["delta"]
        text += delta.get("content") or ""
        thinking += delta.get("reasoning_content") or ""
        for call in delta.get("tool_calls") or ():
            more = call["function"].get("arguments", "")
            arguments[call["index"]] = arguments.get(call["index"], "") + more
        reason = choice["finish_reason"] or reason
    return text, thinking, list(arguments.values()), reason


@pytest.mark.parametrize("model", ["deepseek-flash", "deepseek-v4-pro"])
def test_a_reply_comes_as_it_was_written(model: str) -> None:
    with Endpoint([SAID]) as endpoint:
        found = answered(endpoint, body(model=model))
    text, thinking, arguments, reason = message_of(found)
    assert (text.strip(), thinking, reason) == ("Looking.", "hm", "tool_calls")
    assert [json.loads(a) for a in arguments] == [c.arguments for c in CALLS]
    assert found[-1] == DONE
    usage = chunks(found)[-1]["usage"]
    assert usage["prompt_tokens"] == endpoint.requests[0].prompt_tokens
    assert usage["completion_tokens"] > 20
    assert (endpoint.problems, endpoint.unused) == ([], 0)


def test_arguments_given_as_text_go_out_as_they_stand() -> None:
    with Endpoint([Reply("", "r", (Call("grep", '{"pattern": "half a'),))]) as endpoint:
        assert message_of(answered(endpoint))[2] == ['{"pattern": "half a']


def test_the_models_own_markup_is_read_as_the_service_reads_it() -> None:
    call = markup([Call("grep", {"pattern": "x"})])
    with Endpoint([Output(f"hm</think>{call}"), Reply(call, "hm")]) as endpoint:
        read, leaked = message_of(answered(endpoint)), message_of(answered(endpoint))
    assert [json.loads(a) for a in read[2]] == [{"pattern": "x"}]
    assert (leaked[0], leaked[2]) == (call, [])


def test_events_can_be_given_as_they_stand() -> None:
    raw = recorded('{"choices": []}\n\ndata: x\n')
    with Endpoint([raw]) as endpoint:
        assert answered(endpoint) == ['data: {"choices": []}', "data: x", DONE]


def test_thinking_that_is_turned_off_is_not_said() -> None:
    with Endpoint([Reply("x", "hm")]) as endpoint:
        found = message_of(answered(endpoint, body(thinking={"type": "disabled"})))
    assert found == ("x", "", [], "stop")


def test_a_reply_longer_than_was_asked_for_is_cut() -> None:
    with Endpoint([Reply("word " * 50, "r")]) as endpoint:
        text, _, _, reason = message_of(answered(endpoint, body(max_tokens=20)))
    assert (reason, text.count("word") < 20) == ("length", True)


def test_a_script_may_look_at_the_request() -> None:
    with Endpoint(lambda one: Reply(one.messages[-1]["content"])) as endpoint:
        assert message_of(answered(endpoint, body(user("echo"))))[0] == "echo"


def test_the_cache_holds_prompt_and_output_until_the_effort_changes() -> None:
    first = [user("pack " * 2000)]
    longer = [*first, said("x"), user("b")]
    with Endpoint([Reply("x", "r")] * 4) as endpoint:
        for messages, effort in ((first, {}), (longer, {}), (longer, {"reasoning_effort": "max"})):
            answered(endpoint, body(*messages, **effort))
        answered(endpoint, body(*first, model="deepseek-v4-pro"))
    one, two, three, four = endpoint.requests
    assert (one.hit_tokens, three.hit_tokens, four.hit_tokens) == (0, 0, 0)
    assert two.hit_tokens == (one.prompt_tokens + 4) // UNIT_TOKENS * UNIT_TOKENS
    assert one.prompt_tokens == len(tokenizer().encode(one.prompt))


CALLED = said("", tool_calls=[{"id": "c", "type": "function", "function": {"name": "grep", "arguments": "{}"}}])  # fmt: skip
RESULT = {"role": "tool", "content": "x", "tool_call_id": "c"}


@pytest.mark.parametrize(
    "request_",
    [
        body(user("a"), RESULT),
        body(user("a"), CALLED, user("b")),
        body(user("a"), CALLED, RESULT, RESULT),
        body(user("a"), {**CALLED, "reasoning_content": None}, RESULT),
        body(model="gpt-5"),
        body(max_tokens=2_000_000),
        b"{",
    ],
    ids=["no call", "no result", "two results", "no thinking", "model", "too much", "no JSON"],
)
def test_what_the_service_refuses_is_refused_and_fails_the_test(request_: bytes) -> None:
    with Endpoint([], may_reject=True) as endpoint, asked(endpoint, request_) as response:
        error = json.loads(response.read())["error"]
        assert response.status in (400, 422)
    assert error["message"] in endpoint.problems[0]
    assert [one.status for one in endpoint.requests] == [response.status]
    with pytest.raises(AssertionError, match="rejected"), Endpoint([]) as endpoint:  # noqa: SIM117
        with asked(endpoint, request_) as response:
            response.read()


@pytest.mark.parametrize(
    "field",
    [
        {"max_completion_tokens": 5},
        {"tool_choice": "auto"},
        {"chat_template_kwargs": {}},
        {"stream": False},
    ],
    ids=lambda field: next(iter(field)),
)
def test_what_the_service_ignores_fails_the_test_too(field: Json) -> None:
    with pytest.raises(AssertionError), Endpoint([SAID]) as endpoint:
        answered(endpoint, body(**field))
    assert len(endpoint.problems) == 1


def test_a_request_without_a_key_is_refused() -> None:
    with Endpoint([SAID], may_reject=True) as endpoint, asked(endpoint, key=False) as response:
        assert response.status == 401
    assert (endpoint.unused, len(endpoint.problems)) == (1, 1)


def test_a_request_larger_than_the_window_is_refused_in_the_words_of_the_service() -> None:
    with Endpoint([SAID], window=1_100, may_reject=True) as endpoint, asked(endpoint) as response:
        message = json.loads(response.read())["error"]["message"]
    assert message.startswith("This model's maximum context length is 1100 tokens.")
    assert overflow(window=1_100).message.startswith(message[:50])


def test_a_request_beyond_the_script_is_a_problem() -> None:
    with Endpoint([]) as endpoint, asked(endpoint) as response:
        assert response.status == 500
    assert endpoint.problems == ["a request came after the script had ended"]


def test_each_part_of_the_script_that_nobody_asks_for_is_counted() -> None:
    with Endpoint([SAID, SAID]) as endpoint:
        answered(endpoint)
    assert endpoint.unused == 1


# What goes wrong on the way.


def with_fault(*faults: Fault | Hold) -> Said:
    return Reply(SAID.text, SAID.reasoning, SAID.calls, faults=faults)


def whole() -> list[str]:
    """The events of `SAID` without any fault."""
    with Endpoint([SAID]) as endpoint:
        return answered(endpoint)


def sent_before(at: Place, count: int) -> int:
    """How many of `count` data events are out when a fault comes."""
    return {"first": 0, "middle": count // 2, "last": count - 1, "done": count}[str(at)]


ENDS: dict[Kind, str] = {"cut": "IncompleteRead", "torn": "IncompleteRead", "clean_end": ""}


@pytest.mark.parametrize("at", PLACES)
@pytest.mark.parametrize("kind", ENDS)
def test_a_reply_ends_where_it_was_told_to(kind: Kind, at: Place) -> None:
    count = sent_before(at, len(whole()) - 1)
    with Endpoint([with_fault(Fault(kind, at))]) as endpoint, asked(endpoint) as response:
        got, error = until_broken(response)
    assert error == ENDS[kind]
    assert got.count("\n\n") == count
    assert (got == "" or got.endswith("\n\n")) == (kind != "torn")


@pytest.mark.parametrize("at", PLACES)
def test_a_reset_is_an_error_of_the_connection(at: Place) -> None:
    with Endpoint([with_fault(Fault("reset", at))]) as endpoint:
        error = ""
        try:
            with asked(endpoint) as response:
                _, error = until_broken(response)
        except ConnectionResetError as early:
            error = type(early).__name__
    assert error == "ConnectionResetError"


@pytest.mark.parametrize("at", PLACES)
def test_a_stall_sends_comments_and_nothing_else(at: Place) -> None:
    count = sent_before(at, len(whole()) - 1)
    with Endpoint([with_fault(Fault("stall", at))]) as endpoint, asked(endpoint) as response:
        got = b""
        while got.count(b": keep-alive\n\n") < 3:
            got += response.read1()
        assert got.count(b"data: ") == count
    assert DONE.encode() not in got


@pytest.mark.parametrize("at", PLACES)
def test_silence_lasts_until_the_client_goes(at: Place) -> None:
    count = sent_before(at, len(whole()) - 1)
    with Endpoint([with_fault(Fault("silence", at))]) as endpoint:
        with asked(endpoint, timeout_s=0.5) as response:
            got, error = until_broken(response)
        assert endpoint.hung_up.wait(30)
    assert error == "TimeoutError"
    assert got.count("data: ") == count


@pytest.mark.parametrize("at", PLACES)
def test_a_broken_event_takes_what_it_held_with_it(at: Place) -> None:
    plain = whole()
    place = sent_before(at, len(plain) - 1)
    with Endpoint([with_fault(Fault("malformed", at))]) as endpoint:
        found = answered(endpoint)
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(found[place].removeprefix("data: "))
    assert len(found) == len(plain) + (at == "done")
    assert found[-1] == DONE


@pytest.mark.parametrize("at", PLACES)
def test_an_error_event_is_the_last_one(at: Place) -> None:
    count = sent_before(at, len(whole()) - 1)
    with Endpoint([with_fault(Fault("error_event", at))]) as endpoint:
        found = answered(endpoint)
    assert len(found) == count + 1
    assert chunks(found)[-1]["error"]["message"] == "Internal Server Error"


@pytest.mark.parametrize("at", PLACES)
def test_events_without_choices_are_added_and_nothing_is_lost(at: Place) -> None:
    plain = whole()
    with Endpoint([with_fault(Fault("no_choices", at))]) as endpoint:
        found = answered(endpoint)
    assert sum(chunk["choices"] == [] for chunk in chunks(found)) == 2
    assert len(found) == len(plain) + 2
    assert message_of(found) == message_of(plain)


def test_ids_and_indices_can_be_missing_or_empty() -> None:
    kinds: tuple[Kind, ...] = ("no_ids", "empty_ids", "no_index")
    with Endpoint([with_fault(Fault(kind)) for kind in kinds]) as endpoint:
        parts = [
            [
                call
                for chunk in chunks(answered(endpoint))
                for call in chunk["choices"][0]["delta"].get("tool_calls") or ()
            ]
            for _ in kinds
        ]
    no_ids, empty_ids, no_index = parts
    assert not any("id" in call for call in no_ids)
    assert [call["id"] for call in empty_ids if "id" in call] == ["", ""]
    assert not any("index" in call for call in no_index)
    assert sum("id" in call for call in no_index) == 2


@pytest.mark.parametrize("status", [400, 401, 402, 422, 429, 500, 503])
def test_an_http_error_comes_with_its_text_and_headers(status: int) -> None:
    fault = Fault("status", status=status, headers={"retry-after": "3600"})
    with Endpoint([fault]) as endpoint, asked(endpoint) as response:
        assert response.status == endpoint.requests[0].status == status
        assert response.getheader("retry-after") == "3600"
        assert json.loads(response.read())["error"]["message"]
    assert endpoint.problems == []


def test_an_error_may_come_as_a_success() -> None:
    with (
        Endpoint([Fault("json_error_on_200", message="odd")]) as endpoint,
        asked(endpoint) as response,
    ):
        assert (response.status, response.getheader("content-type")) == (200, "application/json")
        assert json.loads(response.read())["error"]["message"] == "odd"


def test_a_reply_waits_where_it_is_held() -> None:
    hold = Hold("last")
    with Endpoint([with_fault(hold)]) as endpoint, asked(endpoint) as response:
        hold.wait()
        before = response.read1().decode()
        assert 'finish_reason":"' not in before
        hold.release()
        assert until_broken(response)[0].endswith(f"{DONE}\n\n")


def test_a_held_reply_does_not_keep_the_endpoint_open() -> None:
    hold = Hold("headers")
    with Endpoint([with_fault(hold)]) as endpoint:
        port = int(endpoint.base_url.rpartition(":")[2])
        with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
            connection.request("POST", "/chat/completions", body(), KEY)
            hold.wait()
    assert endpoint.problems == []


def test_unread_events_of_a_raw_reply_take_faults_as_well() -> None:
    raw = Raw(["data: {}", "data: {}", DONE], faults=[Fault("clean_end", 1)])
    with Endpoint([raw]) as endpoint:
        assert answered(endpoint) == ["data: {}"]
