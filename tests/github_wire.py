"""What goes over HTTP between the double of GitHub and its clients: requests, answers, a server."""

import contextlib
import json
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

_DOCS = "https://docs.github.com/rest"
NO_JSON = object()
"""Body of a request that cannot be read."""


class Write(NamedTuple):
    """A request other than GET; the path is as sent, percent-encoded, without the API's root."""

    method: str
    path: str
    body: Any
    token: str


@dataclass(frozen=True)
class Seen:
    """A request that came in; header names in lower case, status 0 if the connection was dropped."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    token: str
    headers: Mapping[str, str]
    status: int


@dataclass
class Reply:
    status: int
    value: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        value = {"message": message, "documentation_url": _DOCS, "status": str(status)}
        self.reply = Reply(status, value, headers or {})


@dataclass
class Call:
    method: str
    path: str
    query: dict[str, str]
    body: Any
    token: str
    names: dict[str, str] = field(default_factory=dict)

    @property
    def field(self) -> dict[str, Any]:
        return self.body if isinstance(self.body, dict) else {}


def lost() -> Reply:
    return RefusedError(404, "Not Found").reply


def parsed(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        return NO_JSON


def _body(value: Any) -> bytes:
    if value is None:
        return b""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


Answering = Callable[[str, str, bytes, Mapping[str, str]], Reply]
"""Takes method, address, body and headers, their names in lower case; status 0 hangs up."""


class Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 128

    def __init__(self, answer: Answering, failures: list[BaseException | None]) -> None:
        self.answer, self._failures = answer, failures
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

    def handle_error(self, request: Any, client_address: Any) -> None:
        self._failures.append(sys.exc_info()[1])

    def hang_up(self) -> None:
        """End all connections; threads that read or write wake up."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def log_message(self, *_: object) -> None:
        pass

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError, TimeoutError):
            super().handle()

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.answer(self.command, self.path, raw, headers)
        if not reply.status:
            self.close_connection = True
            return
        data = _body(reply.value)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if data:
            self.send_header("content-type", "application/json; charset=utf-8")
        if reply.status != 204:
            self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve
