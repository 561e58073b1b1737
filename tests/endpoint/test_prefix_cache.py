"""Both models of what the service keeps: by themselves, and of requests that are answered."""

import json
from array import array
from collections.abc import Sequence
from itertools import takewhile
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from endpoint.contract import tokenizer
from endpoint.prefix_cache import UNIT_TOKENS, CacheModel, PrefixCache, common_tokens
from endpoint.script import Call, Reply
from endpoint.server import Endpoint

MODELS: tuple[CacheModel, ...] = get_args(CacheModel)
Tokens = list[int]


def block(token: int, count: int = 1) -> Tokens:
    """So many units of one token."""
    return [token] * (UNIT_TOKENS * count)


A, B, C, D = block(1, 5), block(2, 3), block(3, 3), block(4, 3)


def asked(cache: PrefixCache, prompt: Tokens, output: Sequence[int] = ()) -> int:
    """The hits of a prompt, which is kept then, in units."""
    hits = cache.hit_tokens("", prompt)
    cache.keep_output(cache.keep("", prompt), output)
    assert hits % UNIT_TOKENS == 0
    return hits // UNIT_TOKENS


@pytest.mark.parametrize(("model", "hits"), [("units", [0, 0, 5]), ("any", [0, 5, 5])])
def test_the_third_that_shares_a_prefix_hits_it(model: CacheModel, hits: list[int]) -> None:
    cache = PrefixCache(model)
    assert [asked(cache, A + more) for more in (B, C, D)] == hits


def test_prompts_that_part_later_make_no_unit_for_one_that_parts_earlier() -> None:
    cache = PrefixCache()
    assert [asked(cache, A + more) for more in (B, [*B[:-1], 0], C, D)] == [0, 0, 0, 5]


@pytest.mark.parametrize(
    ("prompt", "units", "any_"),
    [(A, 5, 5), (A + B, 8, 8), (A + C, 5, 5), (A[1:], 0, 4), (A + B[1:], 5, 7), (A + B + C, 8, 8)],
)
def test_a_unit_ends_with_the_input_and_with_the_output(
    prompt: Tokens, units: int, any_: int
) -> None:
    for model, hits in zip(MODELS, (units, any_), strict=True):
        cache = PrefixCache(model)
        asked(cache, A, B)
        assert asked(cache, prompt) == hits


@pytest.mark.parametrize("model", MODELS)
def test_an_output_is_no_unit_until_it_is_written(model: CacheModel) -> None:
    cache = PrefixCache(model)
    kept = cache.keep("", A)
    assert cache.hit_tokens("", A + B) == len(A)
    cache.keep_output(kept, B)
    assert cache.hit_tokens("", A + B) == len(A + B)


@pytest.mark.parametrize("model", MODELS)
def test_hits_are_rounded_down(model: CacheModel) -> None:
    cache = PrefixCache(model)
    cache.keep("", A[1:])
    assert cache.hit_tokens("", A[1:]) == len(A) - UNIT_TOKENS


@pytest.mark.parametrize("model", MODELS)
def test_buckets_share_nothing_and_all_is_forgotten_at_once(model: CacheModel) -> None:
    cache = PrefixCache(model)
    kept = cache.keep("mine", A)
    assert cache.hit_tokens("yours", A) == 0
    cache.forget()
    cache.keep_output(kept, B)
    assert cache.hit_tokens("mine", A + B) == 0


def common(one: Sequence[int], other: Sequence[int]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


ids = st.lists(st.integers(0, 2), max_size=40)


@given(ids, ids, ids)
def test_the_common_prefix_is_that_of_a_walk(before: Tokens, one: Tokens, other: Tokens) -> None:
    a, b = array("I", before + one), array("I", before + other)
    assert common_tokens(a, b) == common(a, b)


@given(st.lists(st.tuples(ids, ids), max_size=8))
def test_hits_are_those_of_the_plain_definition(requests: list[tuple[Tokens, Tokens]]) -> None:
    caches = {model: PrefixCache(model) for model in MODELS}
    before: list[tuple[Tokens, Tokens]] = []
    units: list[Tokens] = []
    for prompt, output in requests:
        whole = prompt + output
        best = {
            "units": max((len(u) for u in units if prompt[: len(u)] == u), default=0),
            "any": max((common(p + o, prompt) for p, o in before), default=0),
        }
        units += [prompt, whole, *(prompt[: common(p, prompt)] for p, _ in before)]
        before.append((prompt, output))
        for model, cache in caches.items():
            wide = [token for token in prompt for _ in range(UNIT_TOKENS)]
            found = asked(cache, wide, [token for token in output for _ in range(UNIT_TOKENS)])
            assert found == best[model]


# Requests, as they are rendered and answered.

KEY = {"authorization": "Bearer sk-test"}
END = "<｜end▁of▁sentence｜>"
PACK = "".join(f"def f{n}(): return {n}\n" for n in range(500))
GREP = {
    "type": "function",
    "function": {"name": "grep", "description": "d", "parameters": {"type": "object"}},
}


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def said(text: str, reasoning: str, **more: object) -> dict[str, Any]:
    return {"role": "assistant", "content": text, "reasoning_content": reasoning, **more}


def hits_of(endpoint: Endpoint, *conversations: Sequence[dict[str, Any]]) -> list[int]:
    """The hits of conversations, each answered to its end; one of a pack alone asks for a token."""
    before = len(endpoint.requests)
    for messages in conversations:
        most = 1 if messages == [user(PACK)] else 1000
        asked_ = {"model": "deepseek-flash", "stream": True, "tools": [GREP], "max_tokens": most}
        endpoint.answer(json.dumps({**asked_, "messages": messages}).encode(), KEY).written()
    assert endpoint.problems == []
    return [one.hit_tokens for one in endpoint.requests[before:]]


def rounded(text: str) -> int:
    return len(tokenizer().encode(text)) // UNIT_TOKENS * UNIT_TOKENS


@pytest.mark.parametrize("model", MODELS)
def test_a_pack_before_other_questions_is_cached_until_it_is_forgotten(model: CacheModel) -> None:
    # The questions differ in their first token.
    asked_ = [[user(f"{PACK}\n{word} is it?")] for word in ("Where", "How", "Why")]
    endpoint = Endpoint([Reply("x", "r")] * 6, cache=model)
    first = hits_of(endpoint, *asked_)
    endpoint.forget()
    assert hits_of(endpoint, *asked_) == first
    hit = rounded(endpoint.requests[0].prompt.partition("Where is it?")[0])
    assert hit > 4000
    assert first == [0, 0 if model == "units" else hit, hit]


@pytest.mark.parametrize("model", MODELS)
def test_a_pack_in_a_turn_of_its_own_is_cached_from_the_first_request_on(model: CacheModel) -> None:
    base = [user(PACK), said("Read.", "All of it.")]
    endpoint = Endpoint([Reply("Something.", "else")] * 3, cache=model)
    hits = hits_of(endpoint, [user(PACK)], [*base, user("Where?")], [*base, user("Why?")])
    warm, question, _ = (one.prompt for one in endpoint.requests)
    shared = warm if model == "units" else question.partition("Where?")[0]
    assert hits == [0, rounded(warm), rounded(shared)]


@pytest.mark.parametrize("model", MODELS)
def test_what_was_written_is_cached_as_it_is_sent_again(model: CacheModel) -> None:
    arguments = {"pattern": "a<b"}
    text = "A long answer. " * 100
    function = {"name": "grep", "arguments": json.dumps(arguments)}
    turn = said(text, "hm", tool_calls=[{"id": "c", "type": "function", "function": function}])
    result = {"role": "tool", "content": "x", "tool_call_id": "c"}
    endpoint = Endpoint([Reply(text, "hm", [Call("grep", arguments)]), Reply("x")], cache=model)
    _, hit = hits_of(endpoint, [user("why?")], [user("why?"), turn, result])
    assert hit == rounded("".join(endpoint.requests[1].prompt.rpartition(END)[:2])) > 384
