import base64
import random
import string
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from bathy.agent.modes.triage.untrusted.leaks import leak_in

RANDOM = random.Random(11)
ROOT = Path(__file__).parents[4]
SHA = "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432"


def some(count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(RANDOM.choice(alphabet) for _ in range(count))


GITHUB = "gh" + "p_" + some(36)
ANTHROPIC = "sk-" + "ant-api03-" + some(80)
WAYS: dict[str, Callable[[str], str]] = {
    "plain": lambda s: s,
    "backwards": lambda s: s[::-1],
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 inside": lambda s: base64.b64encode(f"key={s};".encode()).decode(),
    "base64 backwards": lambda s: base64.b64encode(s[::-1].encode()).decode(),
    "base64url": lambda s: base64.urlsafe_b64encode(f"?{s}".encode()).decode().rstrip("="),
    "hex": lambda s: s.encode().hex(),
    "url": lambda s: "".join(f"%{byte:02X}" for byte in s.encode()),
    "quoted": lambda s: quote(s),
    "parted": lambda s: "\n".join(s[at : at + 7] for at in range(0, len(s), 7)),
    "escaped": lambda s: s.replace("_", "\\_").replace("-", "\\-"),
    "prefix cut": lambda s: s[5:],
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("secret", [GITHUB, ANTHROPIC])
def test_tokens_are_found_however_they_are_written(way: str, secret: str) -> None:
    why = leak_in(f"The cause is {WAYS[way](secret)} in a.py.")
    assert why
    assert secret not in why


@pytest.mark.parametrize("way", [way for way in WAYS if way != "prefix cut"])
@pytest.mark.parametrize("secret", ["correct horse", "hunter22", "Tr0ub4dor&3 + ä"])
def test_given_secrets_are_found_however_they_are_written(way: str, secret: str) -> None:
    text = f"The cause is {WAYS[way](secret)} in a.py."
    assert leak_in(text, ["", "short", secret]) == "It holds a secret of this run."
    assert leak_in("The cause is unknown.", ["", "short", secret]) == ""


def test_a_piece_of_a_given_secret_gives_it_away() -> None:
    secret = "the quick brown fox jumps over it"
    assert leak_in(f"it says {secret[4:21]}", [secret])
    assert not leak_in("it says the quick brown", [secret])


@pytest.mark.parametrize(
    ("alphabet", "least"),
    [
        (string.ascii_letters + string.digits, 95),
        (string.ascii_letters + string.digits + "+/", 90),
        (string.ascii_lowercase + string.digits, 90),
        ("0123456789abcdef", 99),
    ],
)
def test_long_random_runs_are_found(alphabet: str, least: int) -> None:
    found = sum(bool(leak_in(f"It is {some(32, alphabet)} here")) for _ in range(100))
    assert found >= least


@pytest.mark.parametrize(
    "text",
    [
        f"See [`src/a.py`](https://github.com/o/r/blob/{SHA}/src/shop/orders_v2.py#L10-L20).",
        f"https://github.com/o/r/commit/{SHA} and git+https://github.com/o/r@{SHA}",
        "`test_that_an_order_of_2_items_is_3_times_as_long_as_1` in tests/modes/test_odd_replies_v2.py",
        "AbstractSingletonProxyFactoryBean2Listener.getHttpSessionAttributeListenerV1Beta2()",
        "id 123e4567-e89b-12d3-a456-426614174000 at 2024-01-01T00:00:00.000000+00:00",
        "sha256:" + "0123456789abcdef" * 4,
        "/usr/lib/python3.11/site-packages/numpy/core/_multiarray_umath.cpython-311-x86_64-linux-gnu.so",
        "numpy-1.26.4-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "=" * 80 + "\n" + "-" * 80 + "\n" + "0" * 40 + " 1111111111222222222233333333",
        "Traceback (most recent call last):\n  File \"a.py\", line 3, in f\nKeyError: 'token'",
    ],
)
def test_ordinary_text_may_be_posted(text: str) -> None:
    assert leak_in(text, ["some-real-secret-value"]) == ""


def test_the_identifiers_of_this_repository_are_no_secrets() -> None:
    for path in sorted((ROOT / "agent" / "loop").glob("*.py")):
        assert leak_in(path.read_text(encoding="utf-8")) == "", path
