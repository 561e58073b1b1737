"""The client against a server that says anything at all."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from bathy.agent.errors import BathyError, TryAgainError
from bathy.agent.model.client import (
    Attempt,
    BrokenStreamError,
    BusyError,
    Request,
    ServiceError,
    WindowError,
)
from bathy.agent.model.deepseek import DeepSeekClient, Endpoint
from bathy.agent.model.messages import Message, Reply, ToolSpec

KEY = "sk-0123456789abcdef"
STREAM = "text/event-stream"
JSON = "application/json"
TOOL = ToolSpec("grep", "searches", {"type": "object", "properties": {}})
REQUEST = Request("m", (Message("user", "why?"),), (TOOL,), "auto", 1000)


class Server(ThreadingHTTPServer):
    """Gives one answer to everybody.

    Attributes:
        answer: Status, content type and body; a length beyond the body if it is to be cut.
        headers: Of each request, names in lower case.
    """

    def __init__(self) -> None:
        self.answer: tuple[int, str, str] = (200, STREAM, "")
        self.missing = 0
        self.headers: list[dict[str, str]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.server.headers.append({k.lower(): v for k, v in self.headers.items()})
        status, kind, text = self.server.answer
        body = text.encode("utf-8", "surrogateescape")
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body) + self.server.missing))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as found:
        yield found


@contextmanager
def running() -> Iterator[Server]:
    with Server() as found:
        thread = threading.Thread(target=found.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield found
        finally:
            found.shutdown()
            thread.join()


def ask(url: str, key: str = KEY, attempt: Attempt | None = None) -> Reply:
    async def main() -> Reply:
        client = DeepSeekClient(Endpoint(url, key, idle_timeout_s=30))
        try:
            async with aclosing(client.stream(REQUEST, attempt or Attempt())) as deltas:
                *_, last = [delta async for delta in deltas]
        finally:
            await client.close()
        assert isinstance(last, Reply)
        return last

    return asyncio.run(main())


def frames(*data: object) -> str:
    texts = (one if isinstance(one, str) else json.dumps(one) for one in data)
    return "".join(f"data: {text}\n\n" for text in texts)


def delta(finish: str | None = None, **values: object) -> object:
    return {"choices": [{"index": 0, "delta": values, "finish_reason": finish}]}


DONE = frames(delta("stop", content="x"), "[DONE]")


@pytest.mark.parametrize(
    "odd",
    ["5", "null", "[]", '"x"', '{"choices": 5}', '{"choices": [null]}',
     '{"choices": [{"delta": "x"}]}', '{"choices": [{"delta": {"content": 5}}]}',
     '{"choices": [{"delta": {"tool_calls": "x"}}]}', '{"usage": "x"}',
     '{"usage": {"prompt_tokens": 1, "prompt_tokens_details": "x"}}'],
)  # fmt: skip
@pytest.mark.parametrize("before", ["", frames(delta(content="Be"))], ids=["first", "later"])
def test_an_odd_frame_breaks_the_stream_and_nothing_else(
    server: Server, before: str, odd: str, capfd: pytest.CaptureFixture[str]
) -> None:
    server.answer = (200, STREAM, before + frames(odd) + DONE)
    attempt = Attempt()
    with pytest.raises(BrokenStreamError, match="not of the form"):
        ask(server.url, attempt=attempt)
    assert attempt.is_read
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("odd", ["{", "[" * 100_000, "1" * 5_000, "\udcff"], ids=range(4))
def test_a_frame_that_is_no_json_breaks_the_stream(server: Server, odd: str) -> None:
    server.answer = (200, STREAM, frames(delta(content="Be")) + frames(odd))
    with pytest.raises(BrokenStreamError, match=r"no JSON|not of the form"):
        ask(server.url)


def test_what_follows_the_end_does_no_harm(server: Server) -> None:
    server.answer = (200, STREAM, frames(delta("stop", content="x"), "null", "{"))
    assert ask(server.url).message.content == "x"


def test_arguments_may_come_as_an_object(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    piece = {"index": 0, "id": "a", "function": {"name": "grep", "arguments": {"pattern": "x"}}}
    server.answer = (200, STREAM, frames(delta("tool_calls", tool_calls=[piece]), "[DONE]"))
    (call,) = ask(server.url).message.tool_calls
    assert json.loads(call.arguments) == {"pattern": "x"}
    assert capfd.readouterr() == ("", "")


def test_a_page_or_a_reply_in_one_piece_is_told_of_for_good(server: Server) -> None:
    reply = {"choices": [{"message": {"content": "x"}}]}
    for kind, body, says in (
        ("text/html; charset=utf-8", "<html>", "is a web page"),
        (JSON, json.dumps(reply), "answers in one piece"),
        (JSON, json.dumps({"data": reply, "success": True}), "answers in one piece"),
    ):
        server.answer = (200, kind, body)
        with pytest.raises(ServiceError, match=says):
            ask(server.url)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('{"error": {"message": "no more room", "code": 500}}', "200 with an error: no more room"),
        ('{"error": "no more room"}', "200 with an error: no more room"),
        ('{"success": false, "message": "no more room"}', "200 with an error: no more room"),
        ('{"detail": "no more room"}', "200 with an error: no more room"),
        ("[1]", "200 with an error: [1]"),
        ("no JSON", "200 with an error: no JSON"),
        ("[" * 100_000, "200 with an error: [["),
    ],
    ids=range(7),
)
def test_an_error_with_a_status_of_success_is_told(server: Server, body: str, says: str) -> None:
    server.answer, attempt = (200, JSON, body), Attempt()
    with pytest.raises(BrokenStreamError) as told:
        ask(server.url, attempt=attempt)
    assert says in str(told.value)
    assert attempt == Attempt(is_sent=True, is_refused=True)


FULL = {
    "message": "request (66000 tokens) exceeds the available context size (65536 tokens)",
    "type": "exceed_context_size_error",
    "n_prompt_tokens": 66_000,
    "n_ctx": 65_536,
}


@pytest.mark.parametrize(
    "answer",
    [
        (400, JSON, json.dumps({"error": FULL})),
        (500, JSON, json.dumps({"error": FULL})),
        (400, JSON, json.dumps({"object": "error", **FULL})),
        (400, JSON, json.dumps({"error": {"message": "Provider returned error",
                                          "metadata": {"raw": FULL["message"]}}})),
        (200, JSON, json.dumps({"error": FULL})),
        (200, STREAM, frames({"error": FULL})),
    ],
    ids=range(6),
)  # fmt: skip
def test_a_window_that_is_too_small_is_told_however_it_comes(
    server: Server, answer: tuple[int, str, str]
) -> None:
    server.answer = answer
    with pytest.raises(WindowError) as told:
        ask(server.url)
    assert (told.value.window_tokens, told.value.prompt_tokens) == (65_536, 66_000)
    assert told.value.is_exact


def test_a_rate_limit_is_no_window(server: Server) -> None:
    server.answer = (429, JSON, json.dumps({"error": FULL}))
    with pytest.raises(BusyError):
        ask(server.url)


@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_body_that_is_cut_is_a_failure_that_passes(server: Server, status: int) -> None:
    server.answer, server.missing = (status, JSON, '{"error":'), 10
    with pytest.raises(TryAgainError):
        ask(server.url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:99999", "http://[::1", "http://127.0.0.1:1", "http://a..b", "x"]
)
def test_an_address_where_nobody_is_is_a_failure_in_one_sentence(url: str) -> None:
    with pytest.raises(BathyError, match=r"no (connection|request)"):
        ask(url)


@pytest.mark.parametrize("key", [f"{KEY}\nx", f"{KEY}é", "", f"{KEY}\x00"])
def test_a_key_that_cannot_be_sent_is_not_shown(server: Server, key: str) -> None:
    server.answer = (200, STREAM, DONE)
    with pytest.raises(BathyError) as told:
        ask(server.url, key)
    assert KEY not in str(told.value)


@pytest.mark.parametrize(
    "answer",
    [
        (401, JSON, json.dumps({"error": {"message": f"Incorrect API key: {KEY}."}})),
        (400, "text/plain", f"Bearer {KEY} " + "x" * 999),
        (503, JSON, json.dumps(f"{'x' * 380}{KEY}")),
        (200, JSON, json.dumps({"error": KEY})),
        (200, STREAM, frames({"error": {"message": KEY}})),
        (200, STREAM, frames({"object": "error", "message": KEY})),
    ],
    ids=range(6),
)
def test_a_key_that_a_server_repeats_is_not_shown(
    server: Server, answer: tuple[int, str, str]
) -> None:
    server.answer = answer
    with pytest.raises(BathyError) as told:
        ask(server.url)
    assert KEY[:10] not in str(told.value)
    assert "***" in str(told.value)


VARIABLES = {
    "OPENAI_ORG_ID": "org-secret",
    "OPENAI_PROJECT_ID": "proj-secret",
    "OPENAI_API_KEY": "sk-of-another",
    "OPENAI_ADMIN_KEY": "sk-of-an-admin",
    "OPENAI_BASE_URL": "http://127.0.0.1:1",
    "OPENAI_CUSTOM_HEADERS": "x-secret: custom-secret\nauthorization: Bearer sk-of-another",
}


def test_nothing_that_is_meant_for_openai_is_sent(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    server.answer = (200, STREAM, DONE)
    ask(server.url)
    (headers,) = server.headers
    assert headers["authorization"] == f"Bearer {KEY}"
    sent = json.dumps(headers)
    assert "secret" not in sent
    assert not [name for name in headers if name.startswith("openai")]
    assert {name: os.environ[name] for name in VARIABLES} == VARIABLES


ASK = """
import asyncio, sys
from bathy.agent.model.deepseek import DeepSeekClient, Endpoint
from bathy.agent.model.client import Attempt, Request
from bathy.agent.model.messages import Message
async def main():
    client = DeepSeekClient(Endpoint(sys.argv[1], "sk-test"))
    request = Request("m", (Message("user", "why?"),), (), "auto", 9)
    async for delta in client.stream(request, Attempt()):
        print(delta.message.content if hasattr(delta, "message") else "")
    await client.close()
asyncio.run(main())
"""


def test_a_log_level_for_openai_is_not_ours(server: Server) -> None:
    server.answer = (200, STREAM, DONE)
    ran = subprocess.run(
        [sys.executable, "-c", ASK, server.url],
        env={**os.environ, "OPENAI_LOG": "debug"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert (ran.stdout.split(), ran.stderr) == (["x"], "")
