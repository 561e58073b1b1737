"""A request -> DeepSeek's Chat Completions on the wire -> deltas; and any server that speaks it.

The service renders effort, tools and system text at the very start of the prompt, so nothing that
changes from turn to turn stands in those fields. `tool_choice` is left out, because thinking models
refuse it; `max_tokens` is sent, because the default is small.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from bathy.agent.model.assemble import Assembler
from bathy.agent.model.catalog import Thinking
from bathy.agent.model.client import (
    BrokenStreamError,
    BusyError,
    Request,
    ServiceError,
    WindowError,
)
from bathy.agent.model.messages import Delta, Message

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

DEFAULT_BASE_URL = "https://api.deepseek.com"

IDLE_TIMEOUT_S = 300.0
"""No data event for so long means that the stream is dead. Keep-alive comments are no data."""

_CONNECT_TIMEOUT_S = 30.0
_MAX_BODY_CHARS = 400
_BUSY = frozenset({408, 409, 425, 429})
_OVERFLOW = re.compile(
    r"maximum context length is (\d+) tokens.*?requested (\d+) tokens"
    r"(?:.*?\((\d+) in the messages)?",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model answers, and how it is spoken to.

    Attributes:
        base_url: Up to and without `/chat/completions`.
        api_key: Bearer token.
        thinking: How the server is told whether to think.
        idle_timeout_s: Longest time without a data event.
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
                **({"reasoning_effort": effort} if is_on else {}),
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


class DeepSeekClient:
    """A `ModelClient` over the openai SDK, which is imported when the first request is made."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._client: AsyncOpenAI | None = None

    async def close(self) -> None:
        """Let go of the connection."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def stream(self, request: Request) -> AsyncIterator[Delta]:
        """Ask once; see `ModelClient.stream`."""
        import openai

        body = wire_body(request, self._endpoint.thinking)
        assembler = Assembler([tool.name for tool in request.tools])
        try:
            chunks = await self._within(self._open(body))
            try:
                while (chunk := await self._within(anext(chunks, None))) is not None:
                    for delta in assembler.feed(chunk):
                        yield delta
            except (openai.APIError, ValueError, BrokenStreamError) as error:
                # What came after the end of the reply is nothing that anybody waits for.
                if not assembler.finish_reason:
                    raise BrokenStreamError(_break(error), began=assembler.began) from error
            finally:
                await chunks.aclose()
        except openai.APIStatusError as error:
            _raise_for_status(error)
        except openai.APIConnectionError as error:
            raise BusyError(
                f"no connection to {self._endpoint.base_url}: {_cause(error)}"
            ) from error
        for last in assembler.finish():
            yield last

    async def _open(self, body: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """Send the request; return its chunks once the server has answered."""
        raw = await self._sdk().chat.completions.with_raw_response.create(
            model=body["model"],
            messages=body["messages"],
            stream=True,
            extra_body={k: v for k, v in body.items() if k not in ("model", "messages", "stream")},
        )
        if raw.headers.get("content-type", "").startswith("application/json"):
            # Some gateways report a failure as a success; the SDK would read no events and be glad.
            await raw.http_response.aread()
            raise BrokenStreamError(
                f"the server answered: {_clean(raw.http_response.text)}", began=False
            )
        return _chunks(raw.parse())

    async def _within(self, awaitable: Any) -> Any:  # noqa: ANN401 - whatever it gives
        try:
            async with asyncio.timeout(self._endpoint.idle_timeout_s):
                return await awaitable
        except TimeoutError as error:
            seconds = f"{self._endpoint.idle_timeout_s:g}"
            raise BrokenStreamError(f"nothing came for {seconds} s", began=False) from error

    def _sdk(self) -> "AsyncOpenAI":
        if self._client is None:
            import openai
            from openai import AsyncOpenAI

            self._client = AsyncOpenAI(
                api_key=self._endpoint.api_key,
                base_url=self._endpoint.base_url,
                max_retries=0,
                timeout=openai.Timeout(
                    self._endpoint.idle_timeout_s, connect=_CONNECT_TIMEOUT_S, write=None
                ),
            )
        return self._client


async def _chunks(stream: Any) -> AsyncIterator[dict[str, Any]]:  # noqa: ANN401 - the SDK's stream
    try:
        async for chunk in stream:
            yield chunk.to_dict()
    finally:
        await stream.close()


def _raise_for_status(error: "APIStatusError") -> NoReturn:
    """Turn an HTTP status into what it means for us."""
    status, text = error.status_code, _message(error)
    if overflow := _OVERFLOW.search(text):
        window, requested, prompt = overflow.groups()
        raise WindowError(
            f"the request is larger than the model's window: {_clean(text)}",
            int(window),
            int(prompt or requested),
        ) from error
    if status in _BUSY or status >= 500:
        raise BusyError(
            f"the service answered {status}: {_clean(text)}", status, _retry_after(error)
        ) from error
    advice = {
        401: "the key is refused; check DEEPSEEK_API_KEY",
        402: "the account has no balance left; top it up",
        403: "the key may not do this",
        404: "there is no such model or address; check --model and --base-url",
        413: "the request is too large",
    }.get(status, "the service refuses the request")
    raise ServiceError(f"{advice} ({status}: {_clean(text)})", status) from error


def _message(error: "APIStatusError") -> str:
    body = error.body
    if isinstance(body, dict):
        inner = body.get("error", body)
        found = inner.get("message") if isinstance(inner, dict) else inner
        if isinstance(found, str):
            return found
    return error.response.text or str(error)


def _retry_after(error: "APIStatusError") -> float | None:
    """Seconds that the server asks for; a date is not worth a parser, the schedule serves."""
    text = error.response.headers.get("retry-after", "")
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if seconds >= 0 else None


def _break(error: Exception) -> str:
    if isinstance(error, BrokenStreamError):
        return str(error)
    if isinstance(error, json.JSONDecodeError):
        return "a frame of the stream is no JSON"
    return f"the service broke the reply off: {_cause(error)}"


def _cause(error: BaseException) -> str:
    inner = error.__cause__ or error
    return _clean(str(inner)) or type(inner).__name__


def _clean(text: str) -> str:
    """One printable line of a server's words."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _MAX_BODY_CHARS else line[: _MAX_BODY_CHARS - 1] + "…"
