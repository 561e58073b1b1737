"""A small shop as a git repository: what the recorded questions are about."""

from pathlib import Path

from repo_builder import RepoBuilder

CART = '''"""The cart: what a customer wants to buy.  购物车：顾客想买的东西。"""

from dataclasses import dataclass, field
from threading import Lock


@dataclass
class Cart:
    """Holds items by name; several threads may add at once."""

    items: dict[str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def add(self, name: str, count: int = 1) -> int:
        """Add items; return how many of that name there are now."""
        with self._lock:
            self.items[name] = self.items.get(name, 0) + count
        return self.items[name]

    def remove(self, name: str) -> None:
        """Take all items of a name out."""
        self.items.pop(name, None)

    def total(self, prices: dict[str, float]) -> float:
        """Return what all of it costs.  返回总价。"""
        return sum(prices[name] * count for name, count in self.items.items())
'''
ORDERS = '''"""Orders: a cart that was paid for becomes one."""

from shop.cart import Cart
from shop.payment import charge


class OrderError(Exception):
    """An order that cannot be placed."""


def place_order(cart: Cart, card: str, prices: dict[str, float]) -> str:
    """Charge the card for a cart; return the number of the order."""
    if not cart.items:
        raise OrderError("the cart is empty")
    total = cart.total(prices)
    receipt = charge(card, total)
    cart.items.clear()
    return f"order-{receipt}"
'''
PAYMENT = '''"""Payment: talks to the bank.  支付：与银行通信。"""

RETRIES = 3


def charge(card: str, amount: float) -> int:
    """Charge a card; return the receipt's number."""
    for attempt in range(RETRIES):
        if _ask_bank(card, amount, attempt):
            return 1000 + attempt
    raise ConnectionError("the bank does not answer")


def _ask_bank(card: str, amount: float, attempt: int) -> bool:
    return bool(card) and amount >= 0 and attempt >= 0
'''
TESTS = """from shop.cart import Cart


def test_add_counts() -> None:
    cart = Cart()
    assert cart.add("茶", 2) == 2
    assert cart.add("茶") == 3


def test_total() -> None:
    cart = Cart({"茶": 2})
    assert cart.total({"茶": 1.5}) == 3.0
"""
GUIDE = """# Guide

A cart is filled by `Cart.add`, emptied by `place_order`.

## 线程

`Cart.add` takes a lock; `Cart.remove` does not.
"""
FILES = {
    "README.md": "# Shop\n\nA shop that fits on one screen.\n",
    "docs/guide.md": GUIDE,
    "docs/zh/指南.md": "# 指南\n\n购物车由 `Cart.add` 填充。\n",
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1.0"\n',
    "src/shop/__init__.py": '"""A shop."""\n',
    "src/shop/cart.py": CART,
    "src/shop/orders.py": ORDERS,
    "src/shop/payment.py": PAYMENT,
    "tests/test_cart.py": TESTS,
}


def build(root: Path) -> RepoBuilder:
    """Make the repository in a folder."""
    repo = RepoBuilder(root / "shop")
    for path, text in FILES.items():
        repo.file(path, text)
    repo.commit("Open the shop")
    return repo
