"""Requests over HTTP on loopback -> replies of a script, and a record of all that was asked.

    with Endpoint([Reply("Hello.")]) as endpoint:
        ...  # a client that talks to endpoint.base_url
    assert endpoint.problems == []

A request that the service would refuse, or would take for something else than the client means,
fails the test when the context is left, whether or not the test looks at the problems. Each connection has a thread; when the context is left, all of them have ended.
"""

import contextlib
import json
import os
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from endpoint.contract import (
    MODELS,
    WINDOW,
    RefusedError,
    Taken,
    encoding_of,
    error_body,
    take,
    tokenizer,
)
from endpoint.faults import Fault, Hold, Step, plan
from endpoint.prefix_cache import CacheModel, PrefixCache
from endpoint.script import Reply, Said, frame

MAX_BODY_BYTES = 48 * 1024 * 1024
"""A larger body is refused."""

KEEP_ALIVE_S = 0.02
"""Time between the comments of a stalled stream."""

_POLL_S = 0.005
_KEY = "Bearer "
_JSON = {"content-type": "application/json"}
# Errors come as bytes of no type from the service, too.
_ERROR = {"content-type": "application/octet-stream"}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request that came in.

    Attributes:
        body: As sent; empty if it was refused.
        headers: Names in lower case; the key is left out.
        status: Of the answer.
        prompt: What the model reads, rendered; "" if the request was refused.
        prompt_tokens: Length of it.
        hit_tokens: Of these, found in the cache.
    """

    body: dict[str, Any]
    headers: Mapping[str, str]
    status: int = 200
    prompt: str = ""
    prompt_tokens: int = 0
    hit_tokens: int = 0

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation, as sent."""
        found: list[dict[str, Any]] = self.body["messages"]
        return found


Scripted = Said | Fault
"""A reply; a bare fault is one of the whole reply."""

Script = Iterable[Scripted] | Callable[[Recorded], Scripted]


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    steps: tuple[Step, ...] = ()
    holds: tuple[Hold, ...] = ()
    written: Callable[[], None] = lambda: None


class Endpoint:
    """The service; use as a context manager.

    Attributes:
        requests: Those for a completion, refused ones too, in order.
        problems: What was wrong with requests, and failures of the script; a test asserts that
            there is nothing.
        hung_up: Set once a client has gone away before its reply had ended.
    """

    def __init__(
        self,
        script: Script,
        *,
        aliases: Iterable[str] = (),
        window: int = WINDOW,
        may_reject: bool = False,
        cache: CacheModel = "units",
    ) -> None:
        """Set up what is answered.

        Args:
            script: Replies in order, one for each request that is not refused; or a function of
                the request, called for one request at a time, in a thread of the server.
            aliases: More model names that are taken.
            window: Tokens that the models hold.
            may_reject: Requests may be wrong; the test looks at the problems itself.
            cache: What the service keeps: whole units, or any prefix; see `prefix_cache`.
        """
        self._may_reject = may_reject
        self._wrong: list[str] = []
        self._left = [] if callable(script) else list(script)
        self._next = script if callable(script) else self._following
        self._aliases, self._window = tuple(aliases), window
        self._cache, self._lock = PrefixCache(cache), threading.Lock()
        self.requests: list[Recorded] = []
        self.problems: list[str] = []
        self.hung_up, self.closed = threading.Event(), threading.Event()

    @property
    def unused(self) -> int:
        """Replies that nobody has asked for."""
        return len(self._left)

    @property
    def base_url(self) -> str:
        """Where the service is, without a slash at the end; `/v1` may be added."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "Endpoint":
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_S,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closed.set()
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()
        assert self._may_reject or not self._wrong, self._wrong

    def forget(self) -> None:
        """Empty the cache, as if all had expired."""
        self._cache.forget()

    def blame(self, *problems: str) -> None:
        """Write down what a client got wrong."""
        self._wrong += problems
        self.problems += problems

    def answer(self, raw: bytes, headers: Mapping[str, str]) -> _Answer:
        """Judge a request, write it down and find its reply."""
        try:
            if len(headers.get("authorization", "")) <= len(_KEY):
                raise RefusedError(401, Fault("status", status=401).body)
            taken = take(raw, self._aliases, self._window)
        except RefusedError as error:
            self.blame(f"rejected: {error}")
            self.requests.append(Recorded({}, _without_key(headers), error.status))
            return _Answer(error.status, _ERROR, error.body.encode())
        self.blame(*taken.oddities())
        ids = encoding_of(taken.request).encode(taken.request.conversation)
        hits = self._cache.hit_tokens(taken.bucket, ids)
        recorded = Recorded(
            taken.body, _without_key(headers), 200, taken.prompt, taken.prompt_tokens, hits
        )
        with self._lock:
            scripted = self._next(recorded)
            said = Reply(faults=[scripted]) if isinstance(scripted, Fault) else scripted
            whole = next((f for f in said.faults if isinstance(f, Fault) and f.is_whole), None)
            if whole is not None and whole.kind == "status":
                recorded = replace(recorded, status=whole.status)
            self.requests.append(recorded)
        holds = tuple(f for f in said.faults if isinstance(f, Hold) and f.at == "headers")
        if whole is None:
            return replace(self._stream(taken, said, ids, hits), holds=holds)
        kind = _ERROR if whole.kind == "status" else _JSON
        return _Answer(recorded.status, {**kind, **whole.headers}, whole.body.encode(), holds=holds)

    def _following(self, _recorded: Recorded) -> Scripted:
        if not self._left:
            self.problems.append("a request came after the script had ended")
            return Fault("status", status=500, message="the script has ended")
        return self._left.pop(0)

    def _stream(self, taken: Taken, said: Said, ids: Sequence[int], hits: int) -> _Answer:
        kept = self._cache.keep(taken.bucket, ids)
        framed = frame(taken, said, hits)

        def written() -> None:
            if framed.output:
                output = tokenizer().encode(framed.output)
                # What was cut off, and then the end of the turn, is not written.
                is_cut = len(output) > framed.output_tokens
                self._cache.keep_output(kept, output[: taken.max_tokens] if is_cut else output)

        steps = tuple(plan(framed.events, said.faults))
        return _Answer(200, {"content-type": "text/event-stream"}, steps=steps, written=written)


def _without_key(headers: Mapping[str, str]) -> dict[str, str]:
    return {**headers, **({"authorization": "Bearer ***"} if "authorization" in headers else {})}


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End all connections; threads that read or write wake up."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.endpoint.problems.append(f"the endpoint failed: {sys.exc_info()[1]!r}")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, *_: object) -> None:
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self._note_departure()

    def do_GET(self) -> None:
        if self.path not in ("/models", "/v1/models"):
            self._refuse(404, f"no such path: {self.path}")
            return
        models = [{"id": name, "object": "model", "owned_by": "deepseek"} for name in MODELS]
        body = json.dumps({"object": "list", "data": models}).encode()
        self._send(_Answer(200, _JSON, body))

    def do_POST(self) -> None:
        length = self.headers.get("content-length", "")
        if not length.isdecimal():
            self._refuse(411, "a request without a length")
        elif int(length) > MAX_BODY_BYTES:
            self._refuse(413, "the body is larger than 48 MiB")
        elif self.path not in ("/chat/completions", "/v1/chat/completions"):
            self._refuse(404, f"no such path: {self.path}")
        else:
            raw = self.rfile.read(int(length))
            if len(raw) == int(length):
                headers = {name.lower(): value for name, value in self.headers.items()}
                self._send(self.server.endpoint.answer(raw, headers))

    def _refuse(self, status: int, message: str) -> None:
        self.server.endpoint.blame(f"rejected: {status}: {message}")
        # What is left of the body would be read as the next request.
        self.close_connection = True
        self._send(_Answer(status, _ERROR, error_body(message).encode()))

    def _send(self, answer: _Answer) -> None:
        for hold in answer.holds:
            hold.stay(self.server.endpoint.closed)
        self.send_response(answer.status)
        self.send_header("x-ds-trace-id", "0" * 32)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.steps:
            self.send_header("transfer-encoding", "chunked")
        else:
            self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)
        for step in answer.steps:
            if self.server.endpoint.closed.is_set():
                self.close_connection = True
                return
            self._do(step, answer)

    def _do(self, step: Step, answer: _Answer) -> None:
        closed = self.server.endpoint.closed
        match step.act:
            case "send":
                self._chunk(f"{step.event}\n\n".encode())
            case "written":
                answer.written()
            case "hold" if step.hold is not None:
                step.hold.stay(closed)
            case "tear":
                data = step.event.encode()
                self.wfile.write(b"%x\r\n%s" % (len(data) + 2, data[: len(data) // 2]))
            case "stall":
                while not closed.wait(KEEP_ALIVE_S):
                    self._chunk(b": keep-alive\n\n")
            case "silence":
                # Nothing more is asked on this connection: what can be read is its end.
                self.rfile.read(1)
                self._note_departure()
            case "end":
                self.wfile.write(b"0\r\n\r\n")
            case "reset":
                now = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
                os.close(self.connection.detach())
        if step.act not in ("send", "written", "hold", "end"):
            self.close_connection = True

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def _note_departure(self) -> None:
        if not self.server.endpoint.closed.is_set():
            self.server.endpoint.hung_up.set()
