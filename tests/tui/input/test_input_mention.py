import pytest
from bathy.agent.modes.tui.input.mention import mention_begun, spell_out, spelled
from bathy.agent.pack.question import parse_question
from hypothesis import given
from hypothesis import strategies as st

PATHS = ("src/a.py", "src/a.py.orig", "docs/my file.md", "docs/数据.md", "od\nd.py", "Makefile")
KNOWN = frozenset(map(spelled, PATHS))


@pytest.mark.parametrize(
    ("before", "begun"),
    [
        ("@", (0, "")),
        ("why @src/a", (4, "src/a")),
        ("为什么@src", (3, "src")),
        ("(@数", (1, "数")),
        ("me@example.org", None),
        ("@a b", None),
        ("a@@b", None),
        ("no", None),
        ("`@decorator", None),
    ],
)
def test_a_mention_is_told_from_an_address(before: str, begun: tuple[int, str] | None) -> None:
    assert mention_begun(before) == begun


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("why @src/a.py?", "why `src/a.py`?"),
        ("why @src/a.py.", "why `src/a.py`."),
        ("@src/a.py.orig and @src/a.pyx", "`src/a.py.orig` and @src/a.pyx"),
        ("看@src/a.py的锁", "看`src/a.py`的锁"),
        ('see @"docs/my file.md"', "see `docs/my file.md`"),
        (r'see @"od\nd.py"', r'see `"od\nd.py"`'),
        ("@docs/数据.md、@Makefile", "`docs/数据.md`、`Makefile`"),
        ("mail me@Makefile, use @property", "mail me@Makefile, use @property"),
        ("as `@Makefile` says", "as `@Makefile` says"),
    ],
)
def test_known_files_are_sent_as_the_index_reads_them(text: str, sent: str) -> None:
    assert spell_out(text, KNOWN) == sent


def test_the_index_reads_what_is_sent() -> None:
    for text in ("看@src/a.py的锁", "(@src/a.py)"):
        assert parse_question(spell_out(text, KNOWN)).paths == ("src/a.py",)


@given(st.text(max_size=40), st.sampled_from(PATHS))
def test_a_mention_of_any_path_is_understood(before: str, path: str) -> None:
    text = f"{before} @{spelled(path)} "
    assert spell_out(text, KNOWN).endswith("` ")
    assert "\n" not in spelled(path)
