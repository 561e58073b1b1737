"""A request -> DeepSeek's Chat Completions on the wire -> deltas; and any server that speaks it.

The service renders effort, tools and system text at the very start of the prompt, so nothing that
changes from turn to turn stands in those fields. `tool_choice` is left out, because thinking models
refuse it; `max_tokens` is sent, because the default is small.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bathy.agent.config import IDLE_TIMEOUT_S, Thinking
from bathy.agent.errors import BathyError
from bathy.agent.model.assemble import Assembler
from bathy.agent.model.client import Attempt, BrokenStreamError, Request, ServiceError
from bathy.agent.model.failures import Failures
from bathy.agent.model.messages import Delta, Message

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

_CONNECT_TIMEOUT_S = 30.0
_AFTER_END_S = 5.0
"""Longest wait for what follows the end of a reply: its usage, where that comes by itself."""

_END = object()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model answers, and how it is spoken to.

    Attributes:
        base_url: Up to and without `/chat/completions`.
        api_key: Bearer token.
        thinking: How the server is told whether to think.
        idle_timeout_s: Longest time without a data event; keep-alive comments are no data.
    """

    base_url: str
    api_key: str
    thinking: Thinking = "deepseek"
    idle_timeout_s: float = IDLE_TIMEOUT_S


def wire_body(request: Request, thinking: Thinking) -> dict[str, Any]:
    """Return the JSON body of a request; a pure function, so a session can rebuild each one."""
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [_wire_message(m, request.reasoning_field) for m in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": request.max_tokens,
    }
    if request.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                },
            }
            for tool in request.tools
        ]
    if request.effort != "auto":
        body.update(_thinking(request.effort, thinking))
    return body


def _thinking(effort: str, style: Thinking) -> dict[str, Any]:
    if style == "none":
        return {}
    is_on = effort != "off"
    if style == "template":
        return {
            "chat_template_kwargs": {
                "thinking": is_on,
                # The template leaves out the thinking of earlier turns unless it is told not to.
                **({"reasoning_effort": effort, "drop_thinking": False} if is_on else {}),
            }
        }
    if not is_on:
        return {"thinking": {"type": "disabled"}}
    return {"thinking": {"type": "enabled"}, "reasoning_effort": effort}


def _wire_message(message: Message, reasoning_field: str) -> dict[str, Any]:
    found: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.images:
        parts: list[dict[str, Any]] = [
            {
                "type": "image_url",
                "image_url": {"url": f"data:{image.media_type};base64,{image.data}"},
            }
            for image in message.images
        ]
        found["content"] = [*parts, {"type": "text", "text": message.content}]
    if message.role == "assistant":
        # On every one of them: the service refuses a turn in which one is missing or null.
        found[reasoning_field] = message.reasoning
    if message.tool_calls:
        found["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
    if message.role == "tool":
        found["tool_call_id"] = message.tool_call_id
    return found


async def _within(awaitable: Any, limit_s: float) -> Any:  # noqa: ANN401 - whatever it gives
    try:
        async with asyncio.timeout(limit_s):
            return await awaitable
    except TimeoutError as error:
        raise BrokenStreamError(f"nothing came for {limit_s:g} s") from error


class DeepSeekClient:
    """A `ModelClient` over the openai SDK, which is imported when the first request is made.

    It makes one request at a time.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._failures = Failures(endpoint.base_url, endpoint.api_key)
        self._client: AsyncOpenAI | None = None
        self._attempt = Attempt()

    async def close(self) -> None:
        """Let go of the connection."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def stream(self, request: Request, attempt: Attempt) -> AsyncGenerator[Delta, None]:
        """Ask once; see `ModelClient.stream`."""
        with _without_variables_of_openai():
            import openai

        body = wire_body(request, self._endpoint.thinking)
        names = [tool.name for tool in request.tools]
        assembler = Assembler(names, request.reasoning_field, attempt)
        self._attempt = attempt
        chunks = await _within(self._open(body), self._endpoint.idle_timeout_s)
        try:
            limit_s = self._endpoint.idle_timeout_s
            while (chunk := await _within(anext(chunks, _END), limit_s)) is not _END:
                for delta in assembler.feed(chunk):
                    yield delta
                if assembler.finish_reason:
                    limit_s = min(limit_s, _AFTER_END_S)
        except (openai.APIError, ValueError, RecursionError, BrokenStreamError) as error:
            # What came after the end of the reply is nothing that anybody waits for.
            if not assembler.finish_reason:
                # An error in the place of the first chunk is an answer to all of it.
                attempt.is_refused = not attempt.is_read and bool(getattr(error, "body", None))
                raise self._failures.broken(error, began=attempt.is_read) from error
        finally:
            await chunks.aclose()
        for last in assembler.finish():
            yield last

    async def _open(self, body: Mapping[str, Any]) -> AsyncIterator[object]:
        """Send the request; return its chunks once the server has answered."""
        import openai

        try:
            raw = await self._sdk().chat.completions.with_raw_response.create(
                model=body["model"],
                messages=body["messages"],
                stream=True,
                extra_body={
                    key: value
                    for key, value in body.items()
                    if key not in ("model", "messages", "stream")
                },
            )
            answer, kind = raw.http_response, raw.headers.get("content-type", "")
            if kind.startswith("text/html"):
                await answer.aclose()
                self._attempt.is_refused = True
                raise self._failures.no_service()
            if kind.startswith("application/json"):
                # Some gateways report a failure as a success; the SDK would read no events, and
                # be glad.
                await answer.aread()
                failure = self._failures.no_stream(answer.text)
                # A reply in one piece is of no use, but paid for.
                self._attempt.is_refused = type(failure) is not ServiceError
                raise failure
        except BathyError:
            raise
        except openai.APIStatusError as error:
            self._attempt.is_refused = True
            raise self._failures.status(error) from error
        except (ValueError, TypeError) as error:
            raise self._failures.unsendable(error) from error
        except Exception as error:
            # Not only the SDK's own: what the transport raises comes through here and there.
            raise self._failures.unreachable(error) from error
        # The frames as they are: the SDK's own types would warn of odd ones on stderr.
        return _chunks(raw.parse(to=openai.AsyncStream[object]))

    def _sdk(self) -> "AsyncOpenAI":
        if self._client is None:
            endpoint = self._endpoint
            with _without_variables_of_openai():
                import openai

                wait = openai.Timeout(
                    endpoint.idle_timeout_s, connect=_CONNECT_TIMEOUT_S, write=None
                )
                try:
                    self._client = openai.AsyncOpenAI(
                        api_key=endpoint.api_key,
                        base_url=endpoint.base_url,
                        max_retries=0,
                        timeout=wait,
                        # A redirect would carry the repository to a server that nobody has named.
                        http_client=openai.DefaultAsyncHttpxClient(
                            follow_redirects=False, event_hooks={"request": [self._watch]}
                        ),
                    )
                except Exception as error:
                    raise self._failures.unsendable(error) from error
        return self._client

    async def _watch(self, request: "httpx2.Request") -> None:
        from bathy.agent.model.body import WatchedBody

        assert isinstance(request.stream, AsyncIterable)
        request.stream = WatchedBody(request.stream, self._attempt)


@contextlib.contextmanager
def _without_variables_of_openai() -> Iterator[None]:
    """Hide what the SDK would read: its user's organization, headers, address and log level.

    They are meant for another service, and ours must not be told them.
    """
    names = [name for name in os.environ if name.startswith("OPENAI_")]
    hidden = {name: os.environ.pop(name) for name in names}
    try:
        yield
    finally:
        os.environ.update(hidden)


async def _chunks(stream: Any) -> AsyncIterator[object]:  # noqa: ANN401 - the SDK's stream
    try:
        # What the SDK iterates with is closed by hand, too: left to the collector, it warns.
        async with contextlib.aclosing(aiter(stream)) as chunks:
            async for chunk in chunks:
                yield chunk
    finally:
        await stream.close()
