"""Requests over HTTP on loopback -> answers as GitHub gives them, out of a state that they change.

with GitHubDouble() as double:
    double.add_token("secret", "octobot[bot]")
    double.add_repo("o/n", labels=["bug"])
    double.add_issue("o/n", "It fails")
    ...  # a client that talks to double.api_url
assert double.writes == []
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from github_answers import Answers
from github_wire import Call, Reply, Seen, Server, Write, lost, parsed

__all__ = ["GitHubDouble", "Seen", "Write"]

_POLL_S = 0.005


@dataclass
class Fault:
    """What happens to the next requests; `is_late`: after they were done, so nobody knows."""

    times: int
    reply: Reply | None
    method: str
    path: str
    is_late: bool


class GitHubDouble(Answers):
    """The service; use as a context manager.

    Attributes:
        requests: All that came in, in order.
        writes: Of them, those other than GET, refused ones too.
        taken: Of these, those that were done.
        failures: Of the double itself; leaving the context asserts that there are none.
        public_url: Where clients find it, if that is somewhere else, such as behind a proxy.
    """

    def __init__(self, root: str = "", *, links_by_id: bool = True) -> None:
        """Set up an empty service.

        Args:
            root: Path of the API, such as "/api/v3".
            links_by_id: Whether Link headers name the repository by its number, as GitHub's do.
        """
        super().__init__(links_by_id=links_by_id)
        self.root, self.public_url = root, ""
        self.requests: list[Seen] = []
        self.writes: list[Write] = []
        self.taken: list[Write] = []
        self.failures: list[BaseException | None] = []
        self._faults: list[Fault] = []

    @property
    def api_url(self) -> str:
        """Root of the API, without a slash at its end."""
        own = f"http://127.0.0.1:{self._server.server_address[1]}"
        return (self.public_url or own) + self.root

    def __enter__(self) -> "GitHubDouble":
        self._server = Server(self.answer, self.failures)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_POLL_S,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()
        assert self.failures == [], "the double itself failed"

    def fail(
        self,
        status: int,
        *,
        times: int = 1,
        value: Any = None,
        headers: Mapping[str, str] | None = None,
        method: str = "",
        path: str = "",
        is_late: bool = False,
    ) -> None:
        """Answer the next requests so, in place of what they ask for.

        Args:
            status: Of the answers; any, so that a success can be odd, too.
            times: How many.
            value: JSON of the answers, or bytes; an error's usual one if it is None.
            headers: Of the answers.
            method: Of the requests that it is for, "" for any.
            path: A part of their paths.
            is_late: Whether the request is done before.
        """
        told = {"message": "Server Error"} if value is None else value
        reply = Reply(status, told, dict(headers or {}))
        self._faults.append(Fault(times, reply, method, path, is_late))

    def drop(
        self, *, times: int = 1, method: str = "", path: str = "", is_late: bool = False
    ) -> None:
        """Close the connection of the next requests in the place of an answer."""
        self._faults.append(Fault(times, None, method, path, is_late))

    def answer(self, method: str, target: str, raw: bytes, headers: Mapping[str, str]) -> Reply:
        """Judge a request, do it and write it down; a status of 0 drops the connection."""
        parts = urlsplit(target)
        path = parts.path.removeprefix(self.root)
        token = headers.get("authorization", "").removeprefix("Bearer ")
        body = parsed(raw)
        call = Call(method, path, dict(parse_qsl(parts.query)), body, token)
        with self._lock:
            fault = next((f for f in self._faults if _hits(f, call)), None)
            if fault is not None:
                fault.times -= 1
            reply = Reply(0)
            is_done = fault is None or fault.is_late
            if is_done:
                reply = self.judged(call) if parts.path.startswith(self.root) else lost()
            write = Write(method, path, body, token)
            if method != "GET":
                self.writes.append(write)
                if is_done and reply.status < 300:
                    self.taken.append(write)
            if fault is not None:
                reply = fault.reply or Reply(0)
            self.requests.append(Seen(method, path, call.query, body, token, headers, reply.status))
        return reply


def _hits(fault: Fault, call: Call) -> bool:
    is_its_method = fault.method in ("", call.method)
    return fault.times > 0 and is_its_method and fault.path in call.path
