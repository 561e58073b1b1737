import pytest
from bathy.agent.model.overflow import Overflow, find_overflow

WORDINGS = {
    # DeepSeek, OpenAI, vLLM up to 0.10
    "This model's maximum context length is 1048576 tokens. However, you requested 1100000 tokens"
    " (1000000 in the messages, 100000 in the completion). Please reduce the length of the messages"
    " or completion.": Overflow(1_048_576, 1_000_000, True),
    # OpenAI: the prompt alone
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 8227"
    " tokens. Please reduce the length of the messages.": Overflow(8192, 8227, True),
    "Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300007"
    " tokens. Please reduce the length of the messages.": Overflow(272_000, 300_007, True),
    "litellm.ContextWindowExceededError: This model's maximum context length is 4097 tokens, however"
    " you requested 5360 tokens (4851 in your prompt; 509 for the completion).":
        Overflow(4097, 4851, True),
    # vLLM 0.11 to 0.14
    "This model's maximum context length is 32768 tokens. However, your request has 65546 input"
    " tokens. Please reduce the length of the input messages.": Overflow(32_768, 65_546, True),
    "'max_tokens' or 'max_completion_tokens' is too large: 65536. This model's maximum context"
    " length is 32768 tokens and your request has 1000 input tokens (65536 > 32768 - 1000).":
        Overflow(32_768, 1000, True),
    # vLLM from 0.15 on
    "This model's maximum context length is 128000 tokens. However, you requested 65535 output"
    " tokens and your prompt contains at least 62466 input tokens, for a total of at least 128001"
    " tokens. Please reduce the length of the input prompt or the number of requested output tokens."
    " (parameter=input_tokens, value=62466)": Overflow(128_000, 62_466, False),
    "This model's maximum context length is 32768 tokens. However, you requested 4096 output tokens"
    " and your prompt contains 200000 characters (more than 130688 characters, which is the upper"
    " bound for 28672 input tokens).": Overflow(32_768, 32_768, False),
    "The decoder prompt (length 5951) is longer than the maximum model length of 4096. Make sure"
    " that `max_model_len` is no smaller than the number of text tokens.":
        Overflow(4096, 5951, True),
    "The prompt (total length 25938) is too long to fit into the model (context length 4096).":
        Overflow(4096, 25_938, True),
    # SGLang
    "Requested token count exceeds the model's maximum context length of 32768 tokens. You requested"
    " a total of 66000 tokens: 1000 tokens from the input messages and 65000 tokens for the"
    " completion. Please reduce the number of tokens.": Overflow(32_768, 1000, True),
    "The input (61709 tokens) is longer than the model's context length (40960 tokens).":
        Overflow(40_960, 61_709, True),
    "Input length (160062 tokens) exceeds the maximum allowed length (59862 tokens). Use a shorter"
    " input or enable --allow-auto-truncate.": Overflow(59_862, 160_062, True),
    "Requested token count exceeds the model's maximum context length of 131072 tokens.":
        Overflow(131_072, 131_072, False),
    # llama.cpp and its Python binding
    "request (66000 tokens) exceeds the available context size (65536 tokens), try increasing it":
        Overflow(65_536, 66_000, True),
    "input (70000 tokens) is larger than the max context size (65536 tokens). skipping":
        Overflow(65_536, 70_000, True),
    "Requested tokens (2285) exceed context window of 2048": Overflow(2048, 2285, False),
    # OpenRouter, Anthropic behind a gateway, a gateway with separators
    "This endpoint's maximum context length is 131072 tokens. However, you requested about 140000"
    " tokens (139000 of text input, 1000 in the output).": Overflow(131_072, 139_000, False),
    "input length and `max_tokens` exceed context limit: 199759 + 8192 > 200000, decrease input"
    " length or `max_tokens` and try again": Overflow(200_000, 199_759, True),
    "This model's maximum context length is 8,192 tokens. However, you requested 9,000 tokens"
    " (8,000 in the messages, 1,000 in the completion).": Overflow(8192, 8000, True),
    # Only the sum and the reply are told
    "maximum context length is 8192 tokens. You requested 9000 tokens (1000 for the completion).":
        Overflow(8192, 8000, True),
}  # fmt: skip


@pytest.mark.parametrize("text", WORDINGS)
def test_every_servers_wording_is_read(text: str) -> None:
    assert find_overflow(text) == WORDINGS[text]


def test_figures_beside_the_message_win() -> None:
    error = {
        "code": 400,
        "message": "the request exceeds the available context size, try increasing it",
        "type": "exceed_context_size_error",
        "n_prompt_tokens": 14_429,
        "n_ctx": 8192,
    }
    assert find_overflow(str(error["message"]), error) == Overflow(8192, 14_429, True)
    assert find_overflow("x", {"n_ctx": "8192"}) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Invalid request",
        "Rate limit reached on tokens per min (TPM): Limit 30000, Requested 31000.",
        "max_tokens is too large: 32000. This model supports at most 16384 completion tokens.",
        "Your input exceeds the context window of this model",
    ],
)
def test_other_errors_are_no_overflow(text: str) -> None:
    assert find_overflow(text) is None
