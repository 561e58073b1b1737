"""What the model says, as a test writes it -> the frames in which the service would send it.

The framing is DeepSeek's own: the reply is turned into the model's raw output, and their stream
processor makes chunks of it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deepseek_recipe import (
    ChatCompletionRequest,
    InferenceChunk,
    InferenceFinishReason,
    PromptUsage,
    StreamProcessor,
)

_BAR = "\N{FULLWIDTH VERTICAL LINE}"
_PIECE_CHARS = 9
_FINISH = {
    "stop": InferenceFinishReason.Stop,
    "length": InferenceFinishReason.Length,
    "content_filter": InferenceFinishReason.ContentFilter,
}


@dataclass(frozen=True)
class Call:
    """A tool that the scripted model calls."""

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Reply:
    """One reply.

    Attributes:
        text: Of the answer.
        reasoning: Of the thinking.
        calls: After the text.
        finish: "stop", "length", "content_filter", or another reason, written into the last frame.
        keep: Part of the raw output that is sent before the model stops.
    """

    text: str = ""
    reasoning: str = ""
    calls: Sequence[Call] = ()
    finish: str = "stop"
    keep: float = 1.0


def leaked(calls: Sequence[Call], bar: str = _BAR, block: str = " calls") -> str:
    """Write calls in the model's own markup, in one of the dialects."""
    space = " " if block.startswith(" ") else ""
    mark = f"{bar}DSML{bar}{space}"
    parts = [f"<{bar}DSML{bar}{block}>\n"]
    for call in calls:
        parts.append(f'<{mark}invoke name="{call.name}">\n')
        for key, value in call.arguments.items():
            is_text = isinstance(value, str)
            text = value if is_text else json.dumps(value)
            flag = str(is_text).lower()
            parts.append(
                f'<{mark}parameter name="{key}" string="{flag}">{text}</{mark}parameter>\n'
            )
        parts.append(f"</{mark}invoke>\n")
    parts.append(f"</{bar}DSML{bar}{block}>")
    return "".join(parts)


def frames(request: Any, reply: Reply, *, prompt_tokens: int, hit_tokens: int) -> list[str]:
    """Frame a reply as the service does.

    Args:
        request: What DeepSeek's converter made of the request.
        reply: What the model says.
        prompt_tokens: For the account.
        hit_tokens: Of these from the cache.

    Returns:
        The data of each event, without `[DONE]`; the last one carries finish reason and usage.
    """
    thinks = request.parsing_options.thinking_initial_stage is not None
    raw = f"{reply.reasoning}</think>" if thinks else ""
    raw += reply.text + ("\n\n" + leaked(reply.calls) if reply.calls else "")
    raw = raw[: int(len(raw) * reply.keep)]
    generator = ChatCompletionRequest.chunk_generator(request, "id-1", "deepseek-flash")
    processor = StreamProcessor(generator, request.parsing_options)
    usage = PromptUsage(prompt_tokens=prompt_tokens, prompt_cache_hit_tokens=hit_tokens)
    chunks = list(processor.push(InferenceChunk.ready(prompt_usage=usage)))
    for at in range(0, len(raw), _PIECE_CHARS):
        chunks += processor.push(InferenceChunk.text(raw[at : at + _PIECE_CHARS], 2))
    end = _FINISH.get(reply.finish, InferenceFinishReason.Stop)
    chunks += processor.push(InferenceChunk.finish(end))
    chunks += processor.finish()
    found = [chunk.to_json() for chunk in chunks]
    if reply.finish not in _FINISH:
        last = json.loads(found[-1])
        last["choices"][0]["finish_reason"] = reply.finish
        found[-1] = json.dumps(last)
    return found
