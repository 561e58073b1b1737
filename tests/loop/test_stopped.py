"""A request that is stopped, or fails, wherever it is -> what it is billed in our books."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from bathy.agent.loop.events import Event, Finished, LimitReached, Retry, UsageReported
from bathy.agent.loop.limits import Limits
from bathy.agent.loop.record import RecordError
from bathy.agent.model.client import Attempt, BrokenStreamError, BusyError, Request
from bathy.agent.model.deepseek import DeepSeekClient
from bathy.agent.model.deepseek import Endpoint as Address
from bathy.agent.model.messages import Delta, Image, Message, TextDelta, Usage
from endpoint.deaf import full, listening
from endpoint.faults import Fault, Hold, Kind
from endpoint.script import Reply
from endpoint.server import Endpoint
from scripted_model import Lab, Step, build, says

QUESTION = "q" * 3_000
BROKEN: Step = [TextDelta("It is"), BrokenStreamError("cut")]
SAID = Reply("It is `add`, which gives the item back.", "So I look.")


class Loop(asyncio.SelectorEventLoop):
    """Tells that a connection is being made; a name is never resolved."""

    def __init__(self) -> None:
        super().__init__()
        self.connecting = asyncio.Event()

    async def getaddrinfo(self, *_: Any, **__: Any) -> Any:
        self.connecting.set()
        await asyncio.Event().wait()
        return []

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        self.connecting.set()
        await super().sock_connect(sock, address)


def ask_at(
    url: str, *, history: Sequence[Message] = (), retries: int = 0
) -> tuple[Lab, list[object]]:
    """A run that asks a server, and what it logs."""
    lab, logged = build(question=QUESTION, history=history, max_retries=retries), list[object]()
    client = DeepSeekClient(Address(url, "sk-test", idle_timeout_s=30))
    lab.run.agent = replace(lab.run.agent, client=client, log_event=logged.append)
    return lab, logged


def stop(lab: Lab, reached: Callable[[Loop], Awaitable[object]]) -> None:
    """Run until something is reached, and stop there."""

    async def work() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Loop)
        task = asyncio.ensure_future(to_the_end(lab))
        await reached(loop)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(work())


async def to_the_end(lab: Lab) -> list[Event]:
    try:
        return [event async for event in lab.run.events()]
    finally:
        await lab.run.agent.client.close()


def prompt_of(lab: Lab) -> int:
    return lab.run.agent.meter.prompt_tokens(lab.run.conversation.messages)


def told(lab: Lab, logged: list[object]) -> UsageReported:
    """What the stopped request is said to be billed; books, log and sum say the same."""
    report = lab.run.stopped
    assert report is not None
    assert logged == [report]
    assert (lab.run.spent.usage, lab.run.spent.cost_usd) == (report.usage, report.cost_usd)
    found = [(row["hit"] + row["miss"], row["output"], row["usd"], row["is_estimate"])
             for row in lab.ledger.requests("/repo", 5)]  # fmt: skip
    used = (report.usage.prompt_tokens, report.usage.completion_tokens, report.cost_usd)
    assert found == ([(*used, int(report.is_estimate))] if report.usage.prompt_tokens else [])
    return report


# Stopped.


def test_nothing_is_billed_while_a_name_is_looked_up() -> None:
    lab, logged = ask_at("http://service.invalid")
    stop(lab, lambda loop: loop.connecting.wait())
    assert told(lab, logged) == UsageReported(1, Usage(), 0.0, is_estimate=True)


def test_nothing_is_billed_while_no_connection_is_made() -> None:
    with full() as url:
        lab, logged = ask_at(url)
        stop(lab, lambda loop: loop.connecting.wait())
    assert told(lab, logged) == UsageReported(1, Usage(), 0.0, is_estimate=True)


def test_nothing_is_billed_while_a_proxy_has_not_led_to_the_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with listening() as (server, url):
        monkeypatch.setenv("HTTPS_PROXY", url)
        lab, logged = ask_at("https://service.invalid")

        async def asked_to_connect(loop: Loop) -> None:
            server.setblocking(False)
            connection, _ = await loop.sock_accept(server)
            with connection:
                assert (await loop.sock_recv(connection, 7)) == b"CONNECT"

        stop(lab, asked_to_connect)
    assert told(lab, logged) == UsageReported(1, Usage(), 0.0, is_estimate=True)


@pytest.mark.parametrize("chars", [4, 20_000_000], ids=["whole", "part"])
def test_what_was_sent_and_not_read_is_billed_at_most_for_its_prompt(chars: int) -> None:
    shown = Message("user", "Look.", images=(Image("image/png", "A" * chars),))
    with listening() as (server, url), contextlib.ExitStack() as stack:
        lab, logged = ask_at(url, history=[shown])

        async def has_come(loop: Loop) -> None:
            server.setblocking(False)
            connection, _ = await loop.sock_accept(server)
            stack.enter_context(connection)
            connection.setblocking(True)
            flags = socket.MSG_PEEK | socket.MSG_WAITALL
            seen = await asyncio.to_thread(connection.recv, 2_000, flags)
            assert b"AAAA" in seen

        stop(lab, has_come)
    report = told(lab, logged)
    assert report.usage == Usage(prompt_of(lab), 0, prompt_of(lab), 0, 0)
    assert report.is_most
    assert report.cost_usd == pytest.approx(prompt_of(lab) * 0.15e-6)


def test_what_was_read_and_not_answered_is_billed_at_most_for_its_prompt() -> None:
    hold = Hold("headers")
    with Endpoint([replace(SAID, faults=[hold])]) as endpoint:
        lab, logged = ask_at(endpoint.base_url)
        stop(lab, lambda _: asyncio.to_thread(hold.wait))
    report = told(lab, logged)
    assert (report.usage.prompt_tokens, report.usage.completion_tokens) == (prompt_of(lab), 0)
    assert report.is_most
    # Nobody knows whether the service has it now.
    assert lab.run.agent.bill.forecast(lab.run.conversation.messages).hit_tokens == 0


def test_what_has_come_of_a_reply_is_billed_too() -> None:
    hold, has_come = Hold("last"), asyncio.Event()
    with Endpoint([replace(SAID, faults=[hold])]) as endpoint:
        lab, logged = ask_at(endpoint.base_url)
        seen = list[object]()

        def take(delta: object) -> None:
            seen.append(delta)
            if isinstance(delta, TextDelta):
                has_come.set()

        lab.run.agent = replace(lab.run.agent, log_delta=take)
        stop(lab, lambda _: has_come.wait())
    report = told(lab, logged)
    assert (report.is_estimate, report.is_most) == (True, False)
    assert report.usage.prompt_tokens == prompt_of(lab)
    assert report.usage.completion_tokens >= len(SAID.reasoning) // 4
    # It has read the prompt, and so has it in its cache.
    assert lab.run.agent.bill.forecast(lab.run.conversation.messages).hit_tokens > 3_000


@dataclass
class Hanging:
    """A model that comes so far, and never to its end."""

    come: Attempt
    is_hanging: asyncio.Event = field(default_factory=asyncio.Event)

    async def stream(self, _request: Request, attempt: Attempt) -> AsyncGenerator[Delta, None]:
        for name in ("is_sent", "is_read", "chars", "usage"):
            setattr(attempt, name, getattr(self.come, name))
        self.is_hanging.set()
        await asyncio.Event().wait()
        yield TextDelta("never")

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("come", "used", "is_estimate"),
    [
        (Attempt(), Usage(), True),
        (Attempt(is_sent=True), Usage(3_551, 0, 3_551, 0, 0), True),
        (Attempt(is_sent=True, is_read=True, chars=401), Usage(3_551, 0, 3_551, 101, 0), True),
        (Attempt(True, False, True, 401, Usage(0, 0, 0, 0, 0)), Usage(3_551, 0, 3_551, 101, 0), True),
        (Attempt(True, False, True, 401, Usage(3_000, 128, 2_872, 9, 3)),
         Usage(3_000, 128, 2_872, 9, 3), False),
    ],
    ids=["nothing", "sent", "part", "counted as nothing", "counted"],
)  # fmt: skip
def test_a_stopped_request_is_billed_for_as_far_as_it_had_come(
    come: Attempt, used: Usage, is_estimate: bool
) -> None:
    lab, logged = ask_at("http://nowhere")
    model = Hanging(come)
    lab.run.agent = replace(lab.run.agent, client=model)
    stop(lab, lambda _: model.is_hanging.wait())
    report = told(lab, logged)
    assert (report.usage, report.is_estimate) == (used, is_estimate)
    assert report.is_most == (come.is_sent and not come.is_read)


def test_a_time_limit_tells_what_it_has_cut_off() -> None:
    lab, _ = ask_at("http://nowhere")
    model = Hanging(Attempt(is_sent=True))
    lab.run.agent = replace(lab.run.agent, client=model, limits=Limits(time_limit_s=0.5))
    *_, usage, limit, end = asyncio.run(to_the_end(lab))
    assert isinstance(usage, UsageReported)
    assert isinstance(limit, LimitReached)
    assert isinstance(end, Finished)
    assert (usage.usage, usage.cost_usd) == (end.usage, end.cost_usd)
    assert usage.is_most


# Failed.


def test_what_a_full_disk_cuts_off_is_billed_all_the_same() -> None:
    lab = build([TextDelta("Half"), TextDelta("and half")], question=QUESTION)

    def refuse(delta: object) -> None:
        if delta is not None:
            raise RecordError("cannot write: no space left")

    lab.run.agent = replace(lab.run.agent, log_delta=refuse)
    end = lab.end()
    assert (end.subtype, end.error) == ("error_during_execution", "cannot write: no space left")
    assert (end.usage.prompt_tokens, end.usage.completion_tokens) == (3_551, 1)
    assert [row["usd"] for row in lab.ledger.requests("/repo", 5)] == [end.cost_usd]


def ends(lab: Lab) -> tuple[list[Event], Finished]:
    events = asyncio.run(to_the_end(lab))
    assert isinstance(events[-1], Finished)
    return events, events[-1]


@pytest.mark.parametrize("status", [401, 402, 429, 503])
def test_what_the_service_refuses_is_not_billed(status: int) -> None:
    with Endpoint([Fault("status", status=status)], may_reject=True) as endpoint:
        lab, logged = ask_at(endpoint.base_url)
        _, end = ends(lab)
    assert (end.usage, end.cost_usd) == (Usage(), 0.0)
    assert lab.ledger.requests("/repo", 5) == []
    assert not [one for one in logged if isinstance(one, UsageReported)]


@pytest.mark.parametrize("fault", [Fault("json_error_on_200"), Fault("error_event", "first")])
def test_an_error_in_the_place_of_a_reply_is_a_refusal(fault: Fault) -> None:
    with Endpoint([Reply("x", faults=[fault])]) as endpoint:
        lab, _ = ask_at(endpoint.base_url)
        _, end = ends(lab)
    assert (end.usage, end.cost_usd) == (Usage(), 0.0)


@pytest.mark.parametrize("kind", ["cut", "reset", "clean_end"])
def test_each_attempt_that_was_sent_and_not_answered_is_billed_at_most(kind: Kind) -> None:
    lost = Reply("x", "y", faults=[Fault(kind, "first")])
    with Endpoint([lost, lost, SAID]) as endpoint:
        lab, _ = ask_at(endpoint.base_url, retries=2)
        events, end = ends(lab)
    told = [e for e in events if isinstance(e, UsageReported)]
    assert [(e.is_estimate, e.is_most) for e in told] == [(True, True)] * 2 + [(False, False)]
    assert [e.usage.prompt_tokens for e in told[:2]] == [prompt_of_request(lab)] * 2
    assert end.cost_usd == pytest.approx(sum(e.cost_usd for e in told))
    assert sum(row["usd"] for row in lab.ledger.requests("/repo", 5)) == pytest.approx(end.cost_usd)


def prompt_of_request(lab: Lab) -> int:
    own = build(question=QUESTION)
    return own.run.agent.meter.prompt_tokens(lab.logged[0].messages)


def test_what_is_estimated_is_what_was_expected() -> None:
    lab = build(BROKEN, BROKEN, says(".", usage=None), question=QUESTION)
    reports = [e for e in lab.go() if isinstance(e, UsageReported)]
    assert [e.is_estimate for e in reports] == [True] * 3
    assert [e.expected_hit_tokens for e in reports] == [0, 3_456, 3_456]
    assert [e.usage.cache_hit_tokens for e in reports[:2]] == [0, 3_456]


def test_an_address_where_nobody_is_costs_nothing() -> None:
    with Endpoint([]) as endpoint:
        pass
    lab, _ = ask_at(endpoint.base_url, retries=1)
    events, end = ends(lab)
    assert (end.usage, sum(isinstance(e, Retry) for e in events)) == (Usage(), 1)


def test_a_reply_in_one_piece_is_of_no_use_and_billed() -> None:
    with listening() as (server, url):
        lab, _ = ask_at(url)
        body = b'{"choices": [{"message": {"content": "x"}}]}'
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"

        async def work() -> list[Event]:
            async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(head % len(body) + body)
                await writer.drain()
                writer.close()

            async with await asyncio.start_server(answer, sock=server):
                return await to_the_end(lab)

        *_, end = asyncio.run(work())
    assert isinstance(end, Finished)
    assert "answers in one piece" in end.error
    assert end.usage.prompt_tokens > 3_000


# Limits hold over all attempts.


def test_an_attempt_that_was_paid_for_leaves_less_of_every_limit_for_the_next() -> None:
    price = 3_551 * 0.15e-6
    for limits, kind in (
        (Limits(max_cost_usd=1.1 * price), "error_max_cost"),
        (Limits(max_tokens=6_000), "error_max_tokens"),
    ):
        lab = build(BROKEN, says("Never."), question=QUESTION, limits=limits)
        events = lab.go()
        *_, limit, end = events
        assert isinstance(limit, LimitReached)
        assert isinstance(end, Finished)
        assert (limit.kind, end.subtype, end.exit_code, end.text) == (kind, kind, 3, "It is")
        assert len(lab.model.requests) == 1
        assert not any(isinstance(e, Retry) for e in events)


def test_a_refusal_leaves_as_much_as_there_was() -> None:
    limits = Limits(max_cost_usd=1.5 * 3_551 * 0.15e-6)
    lab = build(BusyError("full", 503), says("Fine."), question=QUESTION, limits=limits)
    assert lab.end().subtype == "success"
    assert lab.model.requests[0] == lab.model.requests[1]


def test_the_reply_to_another_attempt_may_be_as_long_as_what_is_left_pays_for() -> None:
    prompt_usd = 3_551 * 0.15e-6
    limits = Limits(max_cost_usd=2 * prompt_usd + 1_000 * 0.6e-6)
    lab = build(BROKEN, says("Cut", reason="length"), question=QUESTION, limits=limits)
    end = lab.end()
    first, second = (request.max_tokens for request in lab.model.requests)
    # What the first has brought is found in the cache, and pays for more of the reply.
    assert 1_000 < second < first
    spent = end.cost_usd - lab.run.agent.meter.cost(Usage(1_000, 900, 100, 10, 5))
    assert spent + prompt_usd + second * 0.6e-6 > limits.max_cost_usd  # type: ignore[operator]
    assert (end.subtype, end.exit_code) == ("error_max_cost", 3)
