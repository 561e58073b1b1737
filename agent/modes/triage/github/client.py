"""A path of GitHub's REST API -> its answer, asked for again as long as that may help.

The token goes to one host and stands in one header. Addresses are built from the root of the API;
of those in answers only ones under the same root are followed. One write is made at a time, with a
second between two, and none that may have been taken is sent again.
"""

import asyncio
import json
import random
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import httpx2
from bathy.agent.errors import ConfigError
from bathy.agent.modes.triage.github.addresses import address_of, led_to, next_in, path_of
from bathy.agent.modes.triage.github.failures import (
    UNTOLD_LIMIT_S,
    GitHubBusyError,
    GitHubError,
    TooLargeError,
    asked_wait_s,
    come_back,
    is_limit,
    refusal,
)
from bathy.agent.modes.triage.target import checked_api

__all__ = ["Answer", "GitHub", "GitHubBusyError", "GitHubError", "Patience"]

API_VERSION = "2022-11-28"
"""Of the REST API; Enterprise Server knows it from 3.9 on."""

MOST_BYTES = 50_000_000
"""Of an answer's body, unpacked; 100 issues of 65,536 characters of up to 6 bytes have 39 MB."""

PER_PAGE = 100
"""Entries of a page: as many as GitHub gives."""

WRITE_GAP_S = 1.0
"""Least time between two writes, as the documentation of the API asks for."""

_TIMEOUT = httpx2.Timeout(30, connect=10)
_FIRST_S, _STEP_S = 1.0, 30.0
_MOST_HOPS = 2
_MOVED = frozenset((301, 302, 307, 308))
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
_TOKEN = re.compile(r"[!-~]{1,1024}")

Method = Literal["GET", "POST", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to go on.

    Attributes:
        most_tries: Of one request, the first included.
        most_wait_s: A longer wait is the user's to take.
        random: Gives numbers from 0 to 1, so that runs that failed together come back apart.
        sleep: Waits for seconds.
        clock: Seconds of a clock that never goes back.
        now: Seconds since 1970.
    """

    most_tries: int = 4
    most_wait_s: float = 120.0
    random: Callable[[], float] = random.random
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time


@dataclass(frozen=True, slots=True)
class Answer:
    """What GitHub said.

    Attributes:
        status: From 200 to 299.
        value: The JSON, None for an empty body.
        next_path: Of the next page, with its query; "" if this is the last one.
        headers: Names in lower case.
        path: That answered, without query; another one than was asked for if that has moved.
    """

    status: int
    value: Any
    next_path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    path: str = ""


def _say_nothing(_notice: str) -> None:
    pass


class GitHub:
    """A connection to one API with one token; use as an asynchronous context manager."""

    def __init__(
        self,
        api_url: str,
        token: str,
        patience: Patience = Patience(),
        say: Callable[[str], object] = _say_nothing,
    ) -> None:
        """Set up what is asked; nothing is sent yet.

        Args:
            api_url: Root of the API, such as "https://ghe.example/api/v3".
            token: "" to ask as nobody.
            patience: How long to go on.
            say: Told of each wait, in one sentence.

        Raises:
            ConfigError: The address is none to send a token to, or the token cannot be one.
        """
        if token and not _TOKEN.fullmatch(token):
            raise ConfigError("GITHUB_TOKEN holds characters that no token has; set it again")
        self.api_url = checked_api(api_url)
        self.has_token = bool(token)
        self._root = httpx2.URL(self.api_url)
        self._patience, self._say = patience, say
        self._write_lock, self._last_write = asyncio.Lock(), -WRITE_GAP_S
        # A proxy of the environment has no way to this machine's own loopback.
        self._http = httpx2.AsyncClient(
            headers=_headers(token), timeout=_TIMEOUT, trust_env=self._root.scheme == "https"
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def get(self, path: str, **params: str | int) -> Answer:
        """Read.

        Args:
            path: Under the root of the API, from "/" on; names in it are percent-encoded.
            params: Of the query; a path with a query takes none.

        Raises:
            GitHubError: GitHub refuses, or answers with something else than its API would.
            TryAgainError: It cannot answer now.
        """
        return await self._ask("GET", address_of(self._root, path, params))

    async def walk(self, path: str, *, most: int, **params: str | int) -> AsyncIterator[Answer]:
        """Read a list page by page, `most` pages at most; a cut one's last has a `next_path`.

        Raises:
            GitHubError: As for `get`; or a page is no list.
            TryAgainError: As for `get`.
        """
        answer = await self.get(path, per_page=PER_PAGE, **params)
        for page in range(1, most + 1):
            if not isinstance(answer.value, list):
                raise GitHubError("GitHub gives no list where one belongs; check GITHUB_API_URL")
            yield answer
            if not answer.next_path or page == most:
                return
            answer = await self.get(answer.next_path)

    async def pages(self, path: str, *, most: int, **params: str | int) -> AsyncIterator[list[Any]]:
        """Read a list page by page, as `walk` does, of which this gives the lists alone."""
        async for answer in self.walk(path, most=most, **params):
            yield answer.value

    async def send(
        self, method: Literal["POST", "PATCH", "DELETE"], path: str, body: Mapping[str, Any] | None
    ) -> Answer:
        """Write, after all writes that were begun before.

        A POST is sent again only if GitHub said that it was not taken; the others, which come to
        the same when they are done twice, after any failure that passes.

        Raises:
            GitHubError: GitHub refuses; nothing was written.
            TryAgainError: It cannot answer now; whether it was written, it may not have said.
        """
        async with self._write_lock:
            return await self._ask(method, address_of(self._root, path, {}), body)

    async def _ask(
        self, method: Method, url: httpx2.URL, body: Mapping[str, Any] | None = None
    ) -> Answer:
        hops, tries = 0, 0
        while True:
            tries += 1
            try:
                answer = await self._once(method, url, body)
            except httpx2.TransportError as error:
                may_repeat = method != "POST" or isinstance(error, _NEVER_SENT)
                await self._wait(self._unreachable(error), None, tries, may_repeat=may_repeat)
                continue
            if answer.status < 300:
                return answer
            if answer.status in _MOVED and method == "GET" and hops < _MOST_HOPS:
                url = led_to(self._root, url, answer.headers.get("location", ""))
                hops, tries = hops + 1, 0
                continue
            is_limited = is_limit(answer.status, answer.headers, answer.value)
            if not is_limited and answer.status < 500:
                raise refusal(answer.status, answer.value, has_token=self.has_token)
            asked_s = asked_wait_s(answer.headers, self._patience.now())
            if is_limited and asked_s is None:
                asked_s = UNTOLD_LIMIT_S
            failure = _failed(method, answer.status, is_limited=is_limited)
            await self._wait(failure, asked_s, tries, may_repeat=is_limited or method != "POST")

    async def _wait(
        self, failure: GitHubBusyError, asked_s: float | None, tries: int, *, may_repeat: bool
    ) -> None:
        """Wait for the next try, or raise the failure if there is none."""
        patience = self._patience
        if asked_s is not None and asked_s > patience.most_wait_s:
            raise come_back(asked_s, patience.now(), failure.status, has_token=self.has_token)
        if not may_repeat or tries >= patience.most_tries:
            raise failure
        step = min(_STEP_S, _FIRST_S * 2.0 ** (tries - 1))
        wait_s = step * (0.5 + 0.5 * patience.random()) if asked_s is None else asked_s
        reason = f"it answered {failure.status}" if failure.status else "there was no answer"
        self._say(f"waiting {wait_s:.0f} s for GitHub: {reason}")
        await patience.sleep(wait_s)

    async def _once(
        self, method: Method, url: httpx2.URL, body: Mapping[str, Any] | None
    ) -> Answer:
        if method != "GET":
            await self._keep_gap()
        try:
            async with self._http.stream(method, url, json=body) as response:
                raw = await _read(response)
        except httpx2.DecodingError as error:
            raise GitHubError("GitHub's answer cannot be unpacked; run bathy again") from error
        finally:
            if method != "GET":
                self._last_write = self._patience.clock()
        headers = {name.lower(): text for name, text in response.headers.items()}
        value = _json(raw, response.status_code)
        path = path_of(self._root, url).partition("?")[0]
        return Answer(response.status_code, value, self._next(url, headers), headers, path)

    def _next(self, url: httpx2.URL, headers: Mapping[str, str]) -> str:
        link = next_in(headers.get("link", ""))
        return path_of(self._root, led_to(self._root, url, link)) if link else ""

    async def _keep_gap(self) -> None:
        left = self._last_write + WRITE_GAP_S - self._patience.clock()
        if left > 0:
            await self._patience.sleep(left)

    def _unreachable(self, error: httpx2.TransportError) -> GitHubBusyError:
        cause = " ".join(str(error)[:200].split()) or type(error).__name__
        said = f"no answer from {self._root.host}: {cause}"
        return GitHubBusyError(f"{said}; check the network and run bathy again")


def _headers(token: str) -> dict[str, str]:
    headers = {
        "accept": "application/vnd.github+json",
        "accept-encoding": "gzip",
        "user-agent": "bathy",
        "x-github-api-version": API_VERSION,
    }
    return {**headers, "authorization": f"Bearer {token}"} if token else headers


async def _read(response: httpx2.Response) -> bytes:
    parts, size = [], 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > MOST_BYTES:
            raise TooLargeError(f"an answer has over {MOST_BYTES // 10**6} MB and is not read")
        parts.append(part)
    return b"".join(parts)


def _json(raw: bytes, status: int) -> Any:  # noqa: ANN401 - JSON
    if not raw:
        return None
    try:
        return json.loads(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        if status >= 300:
            return None
        raise GitHubError("the answer is no JSON, so no GitHub; check GITHUB_API_URL") from error


def _failed(method: Method, status: int, *, is_limited: bool) -> GitHubBusyError:
    if is_limited:
        said = "the rate limit of GitHub is used up"
    elif method == "GET":
        said = f"GitHub fails ({status})"
    else:
        said = f"GitHub failed ({status}) and may have written or not; bathy looks before it writes"
    return GitHubBusyError(f"{said}; run bathy again in a few minutes", status)
