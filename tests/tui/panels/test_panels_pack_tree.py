from bathy.agent.modes.tui.panels.choice import Choice
from bathy.agent.modes.tui.panels.fitting import Fitting
from bathy.agent.modes.tui.panels.pack_tree import (
    APPENDED,
    LEFT_OUT,
    MIXED,
    Appended,
    Node,
    build_tree,
)
from bathy.agent.modes.tui.panels.pack_words import detail_text, merged_text, row_text
from bathy.agent.pack.manifest import Manifest, ManifestEntry
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len


def entry(
    path: str, tokens: int = 100, level: str = "full", file_class: str = "source"
) -> ManifestEntry:
    packed = tokens if level in ("full", "outline") else 0
    return ManifestEntry(path, "b", file_class, level, tokens, packed, 1, 2, "the whole fits")


def manifest(*files: ManifestEntry, tree_tokens: int = 10) -> Manifest:
    tokens = tree_tokens + sum(file.tokens for file in files)
    found = tuple(sorted(files, key=lambda file: file.path))
    return Manifest(
        "repo", "c" * 40, False, "t", 9_000, tokens, tree_tokens, found, 0, 0, "s", (), ()
    )


SOME = manifest(
    entry("src/deep/er/a.py", 300),
    entry("src/deep/er/b.py", 200, "outline"),
    entry("docs/x.md", 400, file_class="documentation"),
    entry("docs/big.bin", 900, "skipped", ""),
    entry("README.md", 50, file_class="documentation"),
)


def test_folders_add_up() -> None:
    tree = build_tree(SOME)
    root, docs = tree.nodes[""], tree.nodes["docs/"]
    assert (root.name, root.tokens, root.files) == ("repo", 950, 5)
    assert root.levels == (("full", 3), ("outline", 1), ("skipped", 1))
    assert (docs.tokens, docs.source_tokens, docs.level) == (400, 1300, MIXED)
    assert (docs.file_class, tree.nodes["src/"].file_class) == ("documentation", "source")
    assert tree.total("") == SOME.tokens
    assert tree.total("docs/") == 400


def test_children_are_sorted_and_lone_folders_joined() -> None:
    tree = build_tree(SOME)
    assert [node.name for node in tree.children("")] == ["src/deep/er/", "docs/", "README.md"]
    assert [node.name for node in tree.children("", "name")] == [
        "docs/",
        "src/deep/er/",
        "README.md",
    ]
    assert [node.key for node in tree.children("src/deep/er/")] == [
        "src/deep/er/a.py",
        "src/deep/er/b.py",
    ]


def test_what_is_appended_is_in_the_tree_and_the_map() -> None:
    tree = build_tree(SOME, Appended(frozenset({"README.md", "new/é.py"}), 70))
    assert tree.nodes["README.md"].appended == 1
    assert tree.nodes["new/é.py"].level == APPENDED
    assert tree.nodes[""].appended == 2
    items = tree.map_items("")
    assert sum(item.tokens for item in items) == tree.total("") == SOME.tokens + 70
    assert {item.name: item.key for item in items if item.key is None} == {
        "(list of files)": None,
        "(changes since)": None,
    }
    assert [part.name for part in items[0].parts] == ["a.py", "b.py"]


NAMES = st.text(st.sampled_from('a\n\x1b"两/'), min_size=1, max_size=12).map(
    lambda path: "/".join(part for part in path.split("/") if part) or "x"
)


@settings(deadline=None)
@given(st.dictionaries(NAMES, st.integers(0, 999), max_size=20))
def test_any_tree_adds_up_and_can_be_printed(sizes: dict[str, int]) -> None:
    folders = {p[: at + 1] for p in sizes for at, char in enumerate(p) if char == "/"}
    files = [entry(p, n) for p, n in sizes.items() if p + "/" not in folders]
    pack = manifest(*files)
    tree = build_tree(pack)
    assert tree.nodes[""].files == len(files)
    for key, inside in tree.inside.items():
        assert tree.nodes[key].tokens == sum(tree.nodes[child].tokens for child in inside)
        assert len(tree.children(key)) == len(inside)
    for node in tree.nodes.values():
        text = detail_text(node, pack, total=1, width=40, dot=" | ", is_ascii=True)
        assert text.replace("\n", "").isprintable()
        for width in (20, 41, 80):
            row = row_text(node, 3, width, total=1, is_open=None)
            assert row.isprintable()
            assert cell_len(row) == width


def test_a_hostile_depth_is_no_danger() -> None:
    path = "d/" * 2_000 + "f.py"
    tree = build_tree(manifest(entry(path)))
    (node,) = tree.children("")
    assert node.key == path[: -len("f.py")]


def test_sentences_name_few_of_many() -> None:
    tree = build_tree(manifest(*(entry(f"{n}.py", 1) for n in range(9))))
    items = tree.map_items("")[:-1]
    told = merged_text(items, 19)
    assert told.startswith("9 too small to draw: 9 tokens, 47%\n0.py, 1.py")
    assert told.endswith("5.py and 3 more")


def names(fitting: Fitting, level: str) -> list[str]:
    assert fitting.tree is not None
    nodes: list[Node] = [node for node in fitting.tree.nodes.values() if not node.is_folder]
    return sorted(node.key for node in nodes if node.level == level)


def told(fitting: Fitting) -> tuple[int, int | None, int]:
    return fitting.waiting, fitting.was_tokens, fitting.tokens


def test_what_is_left_out_stays_in_sight_and_comes_back() -> None:
    fitting = Fitting(Choice((), ("*.lock",)))
    fitting.take(SOME, Appended())
    assert told(fitting) == (0, None, 960)
    assert fitting.leave_out("docs/")
    assert not fitting.leave_out("docs/x.md")
    less = manifest(*(file for file in SOME.files if not file.path.startswith("docs/x")))
    fitting.take(less, Appended())
    assert told(fitting) == (0, 960, 560)
    # What was skipped is in a manifest whatever was chosen.
    assert names(fitting, LEFT_OUT) == ["docs/x.md"]
    assert names(fitting, "skipped") == ["docs/big.bin"]
    assert fitting.put_back("docs/x.md")
    assert fitting.choice.globs == ("*.lock", "/docs/**", "!/docs/x.md")
    assert [fitting.undo() for _ in range(3)] == [True, True, False]
    assert list(fitting.choice.globs) == ["*.lock"]
    fitting.take(SOME, Appended())
    fitting.take(SOME, Appended())
    assert names(fitting, LEFT_OUT) == []


def test_a_choice_without_a_pack_is_taken_back() -> None:
    fitting = Fitting(Choice())
    fitting.take(SOME, Appended())
    fitting.leave_out("src/")
    fitting.fail("nothing is left")
    assert (fitting.choice, fitting.waiting, fitting.problem) == (Choice(), 0, "nothing is left")


def test_files_that_have_gone_by_themselves_are_not_kept() -> None:
    fitting = Fitting(Choice())
    fitting.take(SOME, Appended())
    fitting.take(manifest(entry("README.md", 50)), Appended())
    assert names(fitting, LEFT_OUT) == []
    assert fitting.was_tokens is None
