"""What a server says of a request that does not fit -> the window and the prompt, in tokens.

There is no common form: each figure is looked for by itself, in the words that servers use for it.
Wordings as of November 2026: DeepSeek and OpenAI; vLLM (`vllm/renderers/params.py`, before that
`entrypoints/openai/serving_engine.py`); SGLang (`managers/tokenizer_manager.py`); llama.cpp
(`tools/server/server-context.cpp`), which names the figures beside its message, too; OpenRouter.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_N = r"(\d[\d,]{0,14})"

_WINDOW = re.compile(
    rf"maximum (?:context|model|prompt) length (?:is |of |\(){_N}"
    rf"|maximum allowed length \({_N} tokens"
    rf"|context (?:length|size|window|limit) (?:\(|of ){_N}"
    rf"|context length {_N}\)"
    rf"|configured limit of {_N} tokens"
    rf"|context limit: {_N} \+ {_N} > {_N}",
    re.IGNORECASE,
)
_PROMPT = re.compile(
    rf"{_N} (?:tokens )?(?:in the messages|in your prompt|of text input|from the input messages)"
    rf"|(?:request has|prompt contains(?: at least)?) {_N} input tokens"
    rf"|(?:messages resulted in|request contains) {_N} tokens"
    rf"|(?:input|request) \({_N} tokens\)"
    rf"|input length \({_N}"
    rf"|prompt \((?:total )?length {_N}\)"
    rf"|context limit: {_N} \+",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    rf"requested (?:about |a total of )?{_N} tokens|requested tokens \({_N}\)", re.IGNORECASE
)
_REPLY = re.compile(
    rf"{_N} (?:tokens )?(?:in|for) the (?:completion|output)|requested {_N} output tokens"
    rf"|tokens' is too large: {_N}",
    re.IGNORECASE,
)
_AT_LEAST = re.compile(r"prompt contains at least|requested about", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Overflow:
    """A request that does not fit.

    Attributes:
        window_tokens: Prompt and reply together.
        prompt_tokens: Of the request; all that was asked for, if the server does not tell it from
            the reply; the window, if it says nothing at all.
        is_exact: The server counted the prompt. vLLM stops counting at what would fit.
    """

    window_tokens: int
    prompt_tokens: int
    is_exact: bool


def find_overflow(text: str, error: object = None) -> Overflow | None:
    """Read an error; None if it is another one.

    Args:
        text: The message.
        error: The object that it came in.
    """
    fields = error if isinstance(error, Mapping) else {}
    window = _field(fields, "n_ctx") or _figure(_WINDOW, text)
    if not window:
        return None
    prompt = _field(fields, "n_prompt_tokens") or _figure(_PROMPT, text)
    if prompt:
        return Overflow(window, prompt, is_exact=not _AT_LEAST.search(text))
    total, reply = _figure(_TOTAL, text), _figure(_REPLY, text)
    if total and reply < total:
        return Overflow(window, total - reply, is_exact=bool(reply))
    return Overflow(window, window, is_exact=False)


def _figure(pattern: re.Pattern[str], text: str) -> int:
    """The last figure of the first match; 0 if there is none."""
    found = pattern.search(text)
    figures = [group for group in found.groups() if group] if found else []
    return int(figures[-1].replace(",", "")) if figures else 0


def _field(fields: Mapping[str, object], name: str) -> int:
    value = fields.get(name)
    return value if isinstance(value, int) and 0 < value < 10**12 else 0
