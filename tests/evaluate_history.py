"""A history in which it is known what each commit should lead to."""

from dataclasses import dataclass

from repo_builder import RepoBuilder

CART = """\
class Cart:
    def total(self, prices):
        result = 0
        for price in prices:
            result += price
        return result
"""
MAIL = """\
def send_receipt(address, lines):
    subject = "Your receipt"
    return address, subject, lines


def greet(address):
    return "Dear " + address
"""
STOCK = "def reserve(item, count):\n    return item, count\n"


@dataclass(frozen=True)
class History:
    """A repository and its commits that are questions, by a name."""

    repo: RepoBuilder
    commits: dict[str, str]


def build_history(repo: RepoBuilder) -> History:
    """Three questions among commits that are none."""
    found = dict[str, str]()
    repo.file("shop/cart.py", CART).file("shop/mail.py", MAIL).file("shop/stock.py", STOCK)
    repo.file("tests/test_cart.py", "from shop import cart\n").file("CHANGES.md", "# Changes\n")
    repo.commit("Begin a shop with carts and receipts by mail")
    repo.file("shop/mail.py", MAIL.replace("Your receipt", "Receipt"))
    found["mail"] = repo.commit("Shorten the subject of a receipt (#3)\n\nSigned-off-by: Ann <a@b>")
    repo.file("CHANGES.md", "# Changes\n\n* The subject of a receipt is short\n")
    repo.commit("Tell of the subject of a receipt")
    repo.file("tests/test_cart.py", "from shop import cart\n\ncart.Cart()\n")
    repo.commit("Test that a cart can be made at all")
    # The file that the message speaks of is not there before.
    repo.file(
        "shop/zebra.py", "def zebra_stripes_discount():\n    return 'zebra stripes discount'\n"
    )
    repo.file("shop/cart.py", "from shop import zebra\n\n\n" + CART.replace("= 0", "= zebra"))
    found["zebra"] = repo.commit("Give zebra stripes a discount in the total of a cart")
    repo.file("shop/stock.py", STOCK.replace("count\n", "count + 1\n"))
    repo.git("add", "-A")
    repo.git(
        "commit", "-q", "--author=dependabot[bot] <d@e>", "-m", "Reserve one more item of stock"
    )
    repo.git("checkout", "-q", "-b", "fix", "HEAD~1")
    repo.file("shop/stock.py", STOCK.replace("item, count\n", "item, max(0, count)\n"))
    repo.commit("wip")
    repo.git("checkout", "-q", "main")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    text = "Merge pull request #7 from ann/fix\n\nReserve no negative count in shop/stock.py"
    repo.git("merge", "-q", "--no-ff", "-m", text, "fix")
    found["stock"] = repo.git("rev-parse", "HEAD").strip()
    # Words of every question above, in a file that none of them may see.
    words = "subject of a receipt zebra stripes discount total cart reserve negative count stock"
    repo.file("shop/everything.py", f"def everything():\n    return '{words}'\n" * 9)
    repo.commit("Release 1.2.0")
    return History(repo, found)
