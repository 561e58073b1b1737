"""A server on loopback that judges requests by DeepSeek's own converter and replies by a script."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from deepseek_recipe import (
    ChatCompletionRequest,
    ConversionError,
    ConversionOptions,
    DeepseekV4Encoding,
    DeepseekV41Encoding,
    ModelVersion,
    ReasoningContentBehavior,
)

from wire.faults import Fault, steps
from wire.script import Reply, frames

_UNIT_TOKENS = 128
_CHARS_A_TOKEN = 4
_KEEP_ALIVE_S = 0.05

_OPTIONS = (
    ConversionOptions()
    .with_reasoning_content_behavior(ReasoningContentBehavior.Reject)
    .with_model_alias("deepseek-flash", ModelVersion.DeepseekV41Flash)
    .with_model_alias("deepseek-v4-flash", ModelVersion.DeepseekV41Flash)
    .with_model_alias("my-model", ModelVersion.DeepseekV41Flash)
    .with_model_alias("deepseek-v4-pro", ModelVersion.DeepseekV4Pro)
)


@dataclass(frozen=True)
class Asked:
    """A request that came in: its body, the prompt rendered from it, and how much was cached."""

    body: dict[str, Any]
    prompt: str
    hit_tokens: int

    @property
    def messages(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.body["messages"]
        return messages


Scripted = Reply | tuple[Reply, Fault]
Script = Iterable[Scripted] | Callable[[Asked], Scripted]


class Endpoint:
    """The service; use as a context manager.

    Attributes:
        asked: Requests that were answered or faulted, in order.
        problems: What was wrong with requests; a test asserts that there is nothing. A request
            that DeepSeek's converter rejects fails the test by itself, unless `may_reject`.
        holding: Set while a reply waits for `release`.
        release: Lets a reply that waits go on.
    """

    def __init__(self, script: Script, *, may_reject: bool = False) -> None:
        self._may_reject = may_reject
        self._script = [] if callable(script) else list(script)
        self._next = script if callable(script) else self._following
        self.asked: list[Asked] = []
        self.problems: list[str] = []
        self.holding, self.release = threading.Event(), threading.Event()
        self._closing = threading.Event()
        self._units: list[str] = []
        self._lock = threading.Lock()

    @property
    def left(self) -> int:
        """Replies that nobody has asked for."""
        return len(self._script)

    def _following(self, _asked: Asked) -> Scripted:
        if not self._script:
            self.problems.append("a request came after the script had ended")
            return Reply("The script has ended.")
        return self._script.pop(0)

    def __enter__(self) -> "Endpoint":
        endpoint = self

        class Handler(_Handler):
            service = endpoint

        class Server(ThreadingHTTPServer):
            daemon_threads = False
            block_on_close = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                endpoint.problems.append(f"the server failed: {__import__('sys').exc_info()[1]!r}")

        self._server = Server(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        rejected = [problem for problem in self.problems if problem.startswith("rejected")]
        assert self._may_reject or not rejected, rejected

    def take(self, raw: bytes) -> tuple[int, bytes | list[str], dict[str, str]]:
        """Judge a request; return status, body or steps of a stream, and headers."""
        body = json.loads(raw)
        try:
            request = ChatCompletionRequest(raw).convert(_OPTIONS)
        except ConversionError as error:
            self.problems.append(f"rejected: {error.body}")
            return error.status_code, error.body.encode(), {}
        if "max_completion_tokens" in body or "tool_choice" in body:
            self.problems.append("a field that the service ignores or refuses was sent")
        is_pro = body["model"].endswith("pro")
        encoding = DeepseekV4Encoding() if is_pro else DeepseekV41Encoding()
        prompt = encoding.render_conversation(request.conversation).prompt
        with self._lock:
            cached = max((len(u) for u in self._units if prompt.startswith(u)), default=0)
            hit = cached // _CHARS_A_TOKEN // _UNIT_TOKENS * _UNIT_TOKENS
            asked = Asked(body, prompt, hit)
            self.asked.append(asked)
            scripted = self._next(asked)
            self._units.append(prompt)
        reply, fault = scripted if isinstance(scripted, tuple) else (scripted, None)
        if fault is not None and fault.kind == "status":
            return fault.status, fault.body, fault.headers
        if fault is not None and fault.kind == "json_error":
            return 200, fault.body, {"content-type": "application/json"}
        tokens = len(prompt) // _CHARS_A_TOKEN
        return 200, steps(frames(request, reply, prompt_tokens=tokens, hit_tokens=hit), fault), {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service: Endpoint

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["content-length"]))
        with contextlib.suppress(ConnectionError):
            self._answer(*self.service.take(raw))

    def _answer(self, status: int, body: bytes | list[str], headers: dict[str, str]) -> None:
        self.close_connection = True
        self.send_response(status)
        is_stream = isinstance(body, list)
        kind = "text/event-stream" if is_stream else "application/octet-stream"
        for name, value in {"content-type": kind, "connection": "close", **headers}.items():
            self.send_header(name, value)
        if isinstance(body, bytes):
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self._stream(body)

    def _stream(self, steps: list[str]) -> None:
        service = self.service
        for step in steps:
            kind, _, text = step.partition(" ")
            if kind == "data":
                self._chunk(f"data: {text}\n\n")
            elif kind == "cut":
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            elif kind == "stall":
                while not service._closing.wait(_KEEP_ALIVE_S):
                    self._chunk(": keep-alive\n\n")
                return
            elif kind == "hold":
                service.holding.set()
                service.release.wait()
            else:
                self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, text: str) -> None:
        data = text.encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()
