"""What the model says to the questions of the terminal's tests, about the shop of the samples."""

from collections.abc import Sequence

from endpoint.faults import Fault, Hold
from endpoint.script import Call, Reply
from endpoint.server import Endpoint

LOOK = Reply(
    "",
    "Does `remove` take the lock too? 先看 cart.py。",
    (Call("grep", {"pattern": "_lock"}), Call("read_file", {"path": "src/shop/gone.py"})),
)
TEXT = """\
The cart is filled by `Cart.add` [src/shop/cart.py:14-18], 两个线程 do not race there.

- `remove` pops at once, 没有锁 [src/shop/cart.py:20-22].
- The bank is asked by `charge` [src/shop/payment.py:6-11].
"""
DOC = '"""The cart: what a customer wants to buy.  购物车：顾客想买的东西。"""'
OWN_DOC = '"""A basket.  篮子。"""'
POP = "        self.items.pop(name, None)\n"
LOCKED_POP = "        with self._lock:  # 加锁\n            self.items.pop(name, None)\n"
SAYS = "`Cart.remove` does not."
EDIT = Reply(
    "",
    "Lock `remove`, and say so.",
    tuple(
        Call("edit_file", {"path": path, "old_text": old, "new_text": new})
        for path, old, new in (
            ("src/shop/cart.py", DOC, OWN_DOC),
            ("src/shop/cart.py", POP, LOCKED_POP),
            ("docs/guide.md", SAYS, "`Cart.remove` does too."),
        )
    ),
)


def answer(*faults: Fault | Hold) -> Reply:
    """The answer, which may be held on its way."""
    return Reply(TEXT, "No lock there.", faults=faults)


def key(endpoint: Endpoint) -> dict[str, str]:
    """The environment of a user who may ask the endpoint."""
    return {"DEEPSEEK_API_KEY": "sk-test", "DEEPSEEK_BASE_URL": endpoint.base_url}


def user_texts(messages: Sequence[dict[str, object]]) -> str:
    """All that a request lets the user say."""
    return "\n".join(str(each["content"]) for each in messages if each["role"] == "user")
