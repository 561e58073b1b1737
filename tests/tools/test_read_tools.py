import json
from pathlib import Path
from typing import Any

import pytest
from bathy.tools.base import Outcome
from bathy.tools.grep import MOST_PLACES
from bathy.tools.registry import READ_TOOLS, parameters_of, run_tool
from hypothesis import given, settings
from hypothesis import strategies as st
from open_view import open_view
from repo_builder import RepoBuilder

KEY = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
CART = "class Cart:\n    def add(self, item):\n        return item\n\n\ndef add_all(cart):\n    cart.add(1)\n"


@pytest.fixture
def shop(repo: RepoBuilder) -> RepoBuilder:
    repo.file("src/cart.py", CART).file("README.md", "# Shop\n\nAdd things to a cart.\n")
    repo.file(
        "tests/test_cart.py", "from src.cart import Cart\n\n\ndef test_add():\n    Cart().add(2)\n"
    )
    repo.file("data.bin", b"\0\1\2").file("empty.txt")
    repo.commit("first words")
    return repo


def call(root: Path, tool: str, rev: str | None = None, /, **arguments: Any) -> Outcome:
    with open_view(root, rev) as view:
        return run_tool(READ_TOOLS[tool], arguments, view)


def test_lines_come_with_their_numbers_and_a_footer(shop: RepoBuilder) -> None:
    found = call(shop.root, "read_file", path="src/cart.py", start_line=2, end_line=3)
    assert found.text == (
        "2\t    def add(self, item):\n3\t        return item\n[src/cart.py lines 2-3 of 7]"
    )


def test_a_long_file_says_where_to_go_on(shop: RepoBuilder) -> None:
    shop.file("long.txt", "".join(f"line {n}\n" for n in range(1, 5001)))
    found = call(shop.root, "read_file", path="long.txt")
    assert found.text.splitlines()[1999] == "2000\tline 2000"
    assert found.text.endswith("[long.txt lines 1-2000 of 5000; go on with start_line=2001]")


def test_a_result_is_bounded_in_characters_too(shop: RepoBuilder) -> None:
    shop.file("wide.txt", ("x" * 1_900 + "\n") * 500)
    assert len(call(shop.root, "read_file", path="wide.txt").text) < 64_000


def test_a_very_long_line_is_cut_and_says_by_how_much(shop: RepoBuilder) -> None:
    shop.file("wide.txt", "y" * 5_000)
    assert "y… [3000 more characters]" in call(shop.root, "read_file", path="wide.txt").text


@pytest.mark.parametrize(
    "written",
    [
        "./src/cart.py",
        "/src/cart.py",
        "`src/cart.py`",
        "a/src/cart.py",
        "src/cart.py:2-3",
        '"src/cart.py"',
    ],
)
def test_a_decorated_path_is_understood(shop: RepoBuilder, written: str) -> None:
    assert "class Cart" in call(shop.root, "read_file", path=written).text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"path": "cart.py"}, "did you mean src/cart.py?"),
        ({"path": "src/crat.py"}, "did you mean src/cart.py?"),
        ({"path": "src"}, "is a folder; list_files"),
        ({"path": "no/such/thing.zig"}, "list_files or grep finds what there is"),
        ({"path": "data.bin"}, "is binary"),
        ({"path": "src/cart.py", "start_line": 99}, "has 7 lines"),
        ({"path": "src/cart.py", "start_line": 5, "end_line": 2}, "before start_line"),
        ({}, "path: field required"),
        ({"path": "src/cart.py", "lines": 3}, "Its parameters are path, start_line, end_line"),
    ],
)
def test_a_read_that_fails_says_what_to_do(
    shop: RepoBuilder, arguments: dict[str, Any], says: str
) -> None:
    found = call(shop.root, "read_file", **arguments)
    assert found.is_error
    assert says in found.text


@pytest.mark.parametrize(
    "path",
    ["../secret", "/etc/passwd", ".git/config", "src/../../secret", "link", "link/secret", "fifo"],
)
def test_no_path_leads_out(shop: RepoBuilder, tmp_path: Path, path: str) -> None:
    import os

    (tmp_path / "secret").write_text("outside")
    (shop.root / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(shop.root / "fifo")
    assert call(shop.root, "read_file", path=path).is_error
    with open_view(shop.root) as view, pytest.raises(Exception, match=r"link|file|inside|git"):
        READ_TOOLS["read_file"].raw(READ_TOOLS["read_file"].arguments(path=path), view)


def test_a_secret_is_hidden_from_the_model_and_not_from_the_user(shop: RepoBuilder) -> None:
    shop.file("deploy.sh", f"echo one\nTOKEN={KEY}\n")
    assert KEY not in call(shop.root, "read_file", path="deploy.sh").text
    found = call(shop.root, "grep", pattern="TOKEN")
    assert KEY not in found.text
    assert "2:TOKEN=[redacted: github token]" in found.text
    with open_view(shop.root) as view:
        tool = READ_TOOLS["grep"]
        assert KEY.encode() in tool.raw(tool.arguments(pattern="TOKEN"), view)


def test_grep_groups_by_file_and_counts(shop: RepoBuilder) -> None:
    found = call(shop.root, "grep", pattern=r"\badd\(")
    assert found.text == (
        "src/cart.py\n2:    def add(self, item):\n7:    cart.add(1)\n"
        "tests/test_cart.py\n5:    Cart().add(2)\n[3 matching lines in 2 files]"
    )


def test_grep_shows_context_without_repeating_lines(shop: RepoBuilder) -> None:
    found = call(shop.root, "grep", pattern="add", path="src", context_lines=1)
    assert found.text.splitlines()[1:-1] == [
        "1-class Cart:",
        "2:    def add(self, item):",
        "3-        return item",
        "--",
        "5-",
        "6:def add_all(cart):",
        "7:    cart.add(1)",
    ]


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        ({"pattern": "CART", "ignore_case": True, "glob": "*.md"}, ["3:Add things to a cart."]),
        (
            {"pattern": "add", "word": True, "path": "src/cart.py"},
            ["2:    def add(self, item):", "7:    cart.add(1)"],
        ),
        (
            {"pattern": "add(", "fixed": True, "path": "src"},
            ["2:    def add(self, item):", "7:    cart.add(1)"],
        ),
        ({"pattern": r"^def (?=test_)"}, ["4:def test_add():"]),
    ],
)
def test_grep_takes_its_options(
    shop: RepoBuilder, arguments: dict[str, Any], lines: list[str]
) -> None:
    assert call(shop.root, "grep", **arguments).text.splitlines()[1:-1] == lines


def test_grep_stops_at_its_limit_and_says_so(shop: RepoBuilder) -> None:
    shop.file("many.txt", "needle\n" * 300)
    found = call(shop.root, "grep", pattern="needle", max_results=5)
    assert found.text.count("needle") == 5
    assert "first 5 of 300 matching lines" in found.text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"pattern": "zzz"}, "try ignore_case"),
        ({"pattern": "("}, "use fixed for plain text"),
        ({"pattern": ""}, "must be one line"),
        ({"pattern": "a\nb"}, "must be one line"),
        ({"pattern": "a", "path": "nowhere"}, "there is no file"),
        ({"pattern": "a", "glob": "*.zig"}, "no line of 0 files"),
        ({"pattern": "a", "max_results": "many"}, "max_results"),
        ({"pattern": "a", "glob": "[z-a]"}, "the glob '[z-a]' cannot be read"),
        ({"pattern": "\ud83d"}, "half of a surrogate pair"),
        ({"pattern": "(*UCP)(*UTF)a"}, "leave (*UTF) out"),
    ],
)
def test_a_search_that_fails_says_what_to_try(
    shop: RepoBuilder, arguments: dict[str, Any], says: str
) -> None:
    found = call(shop.root, "grep", **arguments)
    assert found.is_error
    assert says in found.text


def test_a_glob_that_is_no_glob_is_refused(shop: RepoBuilder) -> None:
    found = call(shop.root, "list_files", glob="[z-a]")
    assert found.is_error
    assert "cannot be read" in found.text


def test_half_a_surrogate_pair_in_a_name_is_refused(shop: RepoBuilder) -> None:
    assert "surrogate" in call(shop.root, "find_symbol", name="\ud83d").text


@pytest.mark.parametrize("rev", [None, "HEAD"])
def test_attributes_hide_no_text_from_a_search_and_show_no_binary_file(
    shop: RepoBuilder, rev: str | None
) -> None:
    shop.file(".gitattributes", "* -diff\n*.py binary\n*.bin diff\n")
    shop.file("data.bin", b"class\0 Cart\n").commit()
    found = call(shop.root, "grep", rev, pattern="class .*Cart")
    assert found.text == "src/cart.py\n1:class Cart:\n[1 matching line in 1 file]"
    assert "[src/cart.py:1-3] class Cart" in call(shop.root, "find_symbol", rev, name="Cart").text


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "cp1252"]
)
@pytest.mark.parametrize("pattern", ["needle", "^needle", "n.del", "ça", "ÇA"])
def test_a_search_finds_what_reading_shows_in_any_encoding(
    shop: RepoBuilder, encoding: str, pattern: str
) -> None:
    text = "needle ça\nnüdel\nlast\n"
    if encoding.startswith("utf-"):
        text = "\ufeff" * (encoding != "utf-8-sig") + text
    shop.file("odd.txt", text.encode(encoding))
    found = call(shop.root, "grep", pattern=pattern, ignore_case=pattern == "ÇA")
    line = "2:nüdel" if pattern == "n.del" else "1:needle ça"
    assert found.text == f"odd.txt\n{line}\n[1 matching line in 1 file]"


def test_a_wide_encoding_is_searched_in_a_commit_and_in_a_plain_folder(
    shop: RepoBuilder, tmp_path: Path
) -> None:
    data = "one\nneedle\n".encode("utf-16")
    shop.file("wide.txt", data).commit()
    assert "wide.txt\n2:needle" in call(shop.root, "grep", "HEAD", pattern="needle").text
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "wide.txt").write_bytes(data)
    assert "wide.txt\n2:needle" in call(tmp_path / "plain", "grep", pattern="needle").text


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        ({"pattern": "h.llo"}, ["1:héllo", "5:hello"]),
        ({"pattern": "HÉLLO", "ignore_case": True}, ["1:héllo"]),
        ({"pattern": "HÉLLO", "ignore_case": True, "fixed": True}, ["1:héllo"]),
        ({"pattern": r"\É.+*", "ignore_case": True, "fixed": True}, [r"6:\é.+*"]),
        ({"pattern": "é(", "fixed": True}, ["4:é("]),
        ({"pattern": "[éê]"}, ["1:héllo", "4:é(", r"6:\é.+*"]),
        ({"pattern": "hé?e?llo"}, ["1:héllo", "5:hello"]),
        ({"pattern": r"h[\x{e9}\x{4e00}]?e?llo"}, ["1:héllo", "5:hello"]),
        ({"pattern": "[一-龥]{2}"}, ["3:漢字"]),
        ({"pattern": r"\bh\w+o\b"}, ["1:héllo", "5:hello"]),
        ({"pattern": r"^\W$"}, []),
        ({"pattern": "."}, ["1:héllo", "2:à", "3:漢字", "4:é(", "5:hello", r"6:\é.+*"]),
    ],
)
def test_a_pattern_is_of_characters(
    tmp_path: Path, arguments: dict[str, Any], lines: list[str]
) -> None:
    repo = RepoBuilder(tmp_path / "words")
    repo.file("a.txt", "héllo\nà\n漢字\né(\n").file("b.txt", "\n" * 4 + "hello\n")
    repo.file("c.txt", "\n" * 5 + "\\é.+*\n")
    found = call(repo.root, "grep", **arguments).text.splitlines()[:-1]
    assert [line for line in found if not line.endswith(".txt")] == lines


def test_a_raw_search_is_of_bytes(tmp_path: Path) -> None:
    repo = RepoBuilder(tmp_path / "words").file("a.txt", "héllo\nhello\nhé\xa0llo\n")
    repo.file("b.txt", "hello\n".encode("utf-16")).file(".gitattributes", "*.c -diff\n")
    with open_view(repo.root) as view:
        tool = READ_TOOLS["grep"]
        assert tool.raw(tool.arguments(pattern="h.llo"), view) == b"a.txt:2:hello\n"
        assert tool.raw(tool.arguments(pattern="h..llo"), view) == "a.txt:1:héllo\n".encode()


def test_a_pattern_that_looks_like_an_option_is_a_pattern(shop: RepoBuilder) -> None:
    shop.file("notes.txt", "--open-files-in-pager=touch\n")
    found = call(shop.root, "grep", pattern="--open-files-in-pager=touch", fixed=True)
    assert "1:--open-files-in-pager=touch" in found.text


def test_a_commit_is_searched_and_read_without_a_working_tree(shop: RepoBuilder) -> None:
    shop.file("src/cart.py", "changed = 1\n")
    assert "class Cart" in call(shop.root, "read_file", "HEAD", path="src/cart.py").text
    assert "1:class Cart" in call(shop.root, "grep", "HEAD", pattern="class").text
    assert call(shop.root, "grep", pattern="class").is_error


def test_a_plain_folder_is_searched(tmp_path: Path) -> None:
    (tmp_path / "plain" / "deep").mkdir(parents=True)
    (tmp_path / "plain" / "deep" / "a b.txt").write_text("one\ntwo\n")
    found = call(tmp_path / "plain", "grep", pattern="tw.")
    assert found.text == "deep/a b.txt\n2:two\n[1 matching line in 1 file]"
    assert "no git history" in call(tmp_path / "plain", "history", path="deep/a b.txt").text


def test_names_that_are_not_ascii_or_hold_line_ends_are_found(shop: RepoBuilder) -> None:
    shop.file("naïve\nname.txt", "needle in ünïcode\n")
    found = call(shop.root, "grep", pattern="needle")
    assert found.text.splitlines()[:2] == [
        '"na\\303\\257ve\\nname.txt"',
        "1:needle in ünïcode",
    ] or ('\\nname.txt"' in found.text)


def test_a_nul_late_in_a_text_does_not_shift_what_follows(shop: RepoBuilder) -> None:
    shop.file("late.txt", b"x" * 9_000 + b"\nneedle\0here\nneedle again\n")
    with open_view(shop.root) as view:
        tool = READ_TOOLS["grep"]
        assert tool.raw(tool.arguments(pattern="needle"), view) == (
            b"late.txt:2:needle\0here\nlate.txt:3:needle again\n"
        )


def test_a_notebook_is_searched_as_it_is_shown(shop: RepoBuilder) -> None:
    cells = [
        {
            "cell_type": "code",
            "source": ["import os\n", "needle = 1\n"],
            "outputs": [],
            "metadata": {},
        }
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    shop.file("a.ipynb", json.dumps(notebook, indent=1))
    found = call(shop.root, "grep", pattern="needle").text.splitlines()
    number = found[1].partition(":")[0]
    read = call(
        shop.root, "read_file", path="a.ipynb", start_line=int(number), end_line=int(number)
    )
    assert read.text.splitlines()[0] == f"{number}\tneedle = 1"


def test_ignored_files_are_not_searched_for_the_model(shop: RepoBuilder) -> None:
    shop.file(".gitignore", "*.log\n").file("a.log", "needle\n").file("b.txt", "needle\n")
    assert call(shop.root, "grep", pattern="needle").text.splitlines()[0] == "b.txt"


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("Cart", "[src/cart.py:1-3] class Cart"),
        ("Cart.add", "[src/cart.py:2-3] method Cart.add"),
        ("cart.add_all", "[src/cart.py:6-7] function add_all"),
        ("`add_all()`", "[src/cart.py:6-7] function add_all"),
        ("test_add", "[tests/test_cart.py:4-5] function test_add"),
    ],
)
def test_a_definition_is_found_by_its_name(shop: RepoBuilder, name: str, place: str) -> None:
    assert place in call(shop.root, "find_symbol", name=name).text


def test_references_leave_the_definition_out(shop: RepoBuilder) -> None:
    found = call(shop.root, "find_symbol", name="add_all", kind="reference")
    assert found.is_error
    found = call(shop.root, "find_symbol", name="Cart", kind="reference")
    assert found.text.splitlines()[0] == "tests/test_cart.py"
    assert "class Cart" not in found.text


def test_a_name_that_nothing_defines_is_said_so(shop: RepoBuilder) -> None:
    assert "kind=reference" in call(shop.root, "find_symbol", name="things").text
    assert "nothing named" in call(shop.root, "find_symbol", name="Nowhere.at_all").text
    assert "must be the name" in call(shop.root, "find_symbol", name="()").text


def test_a_definition_is_found_behind_any_number_of_files_that_use_it(shop: RepoBuilder) -> None:
    for n in range(405):
        shop.file(f"a{n}.py", "from z import far, near\n\nnear(far(1))\n")
        shop.file(f"b{n}.c", "void f(void) { near(2); }\n")
    shop.file("z.py", "def far(x):\n    return x\n").file("z.c", "int\nnear(int x)\n{\n}\n")
    found = call(shop.root, "find_symbol", name="far").text
    assert found == "[z.py:1-2] function far\n1\tdef far(x):\n[1 definition]"
    found = call(shop.root, "find_symbol", name="near").text
    assert "[z.c:1-4] function near" in found
    assert found.endswith(
        "[1 definition; only 400 of the 406 files that may define it were looked at, give path]"
    )
    with open_view(shop.root) as view:
        tool = READ_TOOLS["find_symbol"]
        assert tool.raw(tool.arguments(name="far"), view) == b"z.py:1\n"


def test_a_name_on_too_many_lines_is_found_and_said_to_be(shop: RepoBuilder) -> None:
    shop.file("a.txt", "item\n" * MOST_PLACES).file("z.py", "item = 1\n")
    found = call(shop.root, "find_symbol", name="item").text
    assert "[z.py:1-1] constant item" in found
    assert found.endswith("[1 definition; it stands on too many lines to look at all, give path]")
    uses = call(shop.root, "find_symbol", name="item", kind="reference").text
    assert f"[at least {MOST_PLACES} lines of 1 file" in uses
    found = call(shop.root, "find_symbol", name="item", path="a.txt").text
    assert (
        f"too many lines to look at all, give path; the word stands on at least {MOST_PLACES}"
        in found
    )


def test_a_constant_of_a_fallback_is_found(shop: RepoBuilder) -> None:
    shop.file("compat.py", "try:\n    import x\nexcept ImportError:\n    HAS_X = False\n")
    found = call(shop.root, "find_symbol", name="HAS_X").text
    assert found.startswith("[compat.py:4-4] constant HAS_X\n")


def test_history_names_commits_and_follows_lines(shop: RepoBuilder) -> None:
    shop.file("src/cart.py", CART.replace("return item", "return [item]")).commit("list items")
    found = call(shop.root, "history", path="src/cart.py").text.splitlines()
    assert [line.split(": ")[1] for line in found[:2]] == ["list items", "first words"]
    lines = call(shop.root, "history", path="src/cart.py", start_line=3, end_line=3, max_commits=1)
    assert "+        return [item]" in lines.text
    assert "first words" not in lines.text


def test_files_are_listed_by_glob_and_folder(shop: RepoBuilder) -> None:
    assert call(shop.root, "list_files", glob="*.py").text == (
        "src/cart.py\ntests/test_cart.py\n[2 files]"
    )
    assert call(shop.root, "list_files", path="src").text == "src/cart.py\n[1 file]"
    assert "no file fits" in call(shop.root, "list_files", glob="*.zig").text


def test_many_files_are_counted_by_folder(shop: RepoBuilder) -> None:
    for n in range(600):
        shop.file(f"gen/f{n}.txt", "x")
    found = call(shop.root, "list_files").text
    assert "gen/ 600 files" in found
    assert len(found) < 1_000


def test_parameters_are_flat_and_without_null() -> None:
    for tool in READ_TOOLS.values():
        schema = parameters_of(tool)
        text = json.dumps(schema)
        assert "null" not in text
        assert "anyOf" not in text
        assert "title" not in text
        for field in schema["properties"].values():  # type: ignore[attr-defined]
            assert field["type"] in ("string", "integer", "boolean")
            assert field["description"]


def test_reading_never_raises() -> None:
    with open_view(Path(__file__).parent) as view:

        @settings(deadline=None)
        @given(st.text(), st.integers(), st.integers())
        def read(path: str, first: int, last: int) -> None:
            arguments = {"path": path, "start_line": first, "end_line": last}
            run_tool(READ_TOOLS["read_file"], arguments, view)

        read()
