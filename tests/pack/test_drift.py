"""Following what stands in a prompt: who reads base and blocks in order knows the files of today."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from bathy.agent.index.commits import CommitChange, FileChange, changed_files
from bathy.agent.index.edits import compare_texts
from bathy.agent.pack import drift as module
from bathy.agent.pack.drift import Drift, Part, dump_part, load_part, tokens_of
from bathy.agent.pack.overlay import MOST_NAMED, Block
from bathy.agent.pack.render import quoted_path, render_file
from bathy.tools.git import GitError
from hypothesis import given, settings
from hypothesis import strategies as st
from overlay_reader import known_after, read_block

KEY = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


@dataclass
class Files:
    """Texts by blob id, and which path has which blob now."""

    texts: dict[str, str | None] = field(default_factory=dict)
    now: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def put(self, path: str, text: str | None) -> None:
        self.now[path] = f"{len(self.texts)}"
        self.texts[self.now[path]] = text

    def read(self, path: str, blob: str) -> str | None:
        self.asked.append((path, blob))
        return self.texts[blob]

    def base(self) -> str:
        return "".join(render_file(p, self.texts[b] or "") for p, b in sorted(self.now.items()))

    def drift(self, **more: str) -> Drift:
        """Everything that there is stands in the base, and "out/" is not wanted."""
        wanted = {path for path in self.now if is_wanted(path)}
        shown = {path for path in wanted if self.texts[self.now[path]] is not None}
        classes = dict.fromkeys(wanted, "source") | more
        return Drift(shown, classes, is_wanted, self.read, self.read)


def is_wanted(path: str) -> bool:
    return not path.startswith("out/")


PATHS = ["a.py", "b.py", "in/c d.py", 'q"\n.py', "out/x.py", "out/y.py", "caf\udce9.py"]


def random_text(chance: random.Random) -> str:
    lines = [f"line {chance.randrange(6)}" for _ in range(chance.randrange(30))]
    return "\n".join(lines) + chance.choice(["", "\n"])


def edited(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(lines) + 1)
        lines[at : at + chance.randrange(3)] = [f"new {chance.randrange(4)}"] * chance.randrange(3)
    return "\n".join(lines)


def random_commit(files: Files, chance: random.Random, number: int) -> CommitChange:
    """Change some of the files, each in one way; a move may end where another began."""
    then, changes = dict(files.now), list[FileChange]()
    free = [path for path in PATHS if path not in then]
    for path in chance.sample(sorted(then), chance.randrange(len(then) + 1)):
        what, text = chance.randrange(4), files.texts[then[path]] or ""
        if what == 0:
            files.put(path, edited(text, chance))
            changes.append(FileChange(path, then[path], files.now[path]))
        elif what == 1:
            del files.now[path]
            changes.append(FileChange(path, then[path], ""))
        elif what == 2 and free:
            new = free.pop(chance.randrange(len(free)))
            blob = files.now.pop(path)
            files.now[new] = blob
            if chance.randrange(2):
                files.put(new, edited(text, chance))
            changes.append(FileChange(new, blob, files.now[new], path))
        elif what == 3 and free:
            new = free.pop()
            files.put(new, random_text(chance))
            changes.append(FileChange(new, "", files.now[new]))
    return CommitChange(f"{number:040x}", "change", tuple(sorted(changes, key=lambda c: c.path)))


def texts_now(files: Files) -> dict[str, list[str]]:
    found = {}
    for path, blob in files.now.items():
        text = files.texts[blob]
        if text is not None and is_wanted(path):
            lines = text.split("\n")
            found[quoted_path(path)] = lines[:-1] if lines[-1] == "" else lines
    return found


@given(seed=st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_whoever_reads_base_and_blocks_knows_every_file_of_today(seed: int) -> None:
    chance, files = random.Random(seed), Files()
    for path in chance.sample(PATHS, 4):
        files.put(path, random_text(chance))
    base = "".join(
        render_file(p, files.texts[b] or "") for p, b in files.now.items() if is_wanted(p)
    )
    drift = files.drift()
    commits = [random_commit(files, chance, number) for number in range(chance.randrange(1, 6))]
    parts = list(drift.of_commits(commits))
    committed = dict(files.now)
    for path in chance.sample(sorted(files.now), min(2, len(files.now))):
        files.put(path, edited(files.texts[files.now[path]] or "", chance))
    if len(files.now) > 2:
        del files.now[chance.choice(sorted(files.now))]
    parts.append(drift.of_files(changed_files(committed, files.now)))
    blocks = [part.block.text for part in parts if part.block.text]
    assert known_after(base, blocks) == texts_now(files)
    assert {quoted_path(path) for path in drift.shown} == set(texts_now(files))
    assert not any("out/" in block for block in blocks)
    assert not any(path.startswith("out/") for path, _ in files.asked)
    again = Files(dict(files.texts)).drift()
    again.shown = {p for p in map(str, PATHS) if render_file(p, "").split("\n")[0] in base}
    for part in parts:
        again.follow(load_part(dump_part(part)))
    assert again.shown == drift.shown


def committed(files: Files, path: str, text: str | None, old: str = "") -> CommitChange:
    before = files.now.pop(old or path, "")
    files.put(path, text)
    return CommitChange("c" * 40, "", (FileChange(path, before, files.now[path], old),))


def test_the_same_change_made_twice_is_told_twice() -> None:
    files = Files({"0": "a\n", "1": "b\n"}, {"a.py": "0"})
    there, back = FileChange("a.py", "0", "1"), FileChange("a.py", "1", "0")
    commits = [CommitChange(f"{n}" * 40, "", (one,)) for n, one in enumerate([there, back, there])]
    parts = list(files.drift().of_commits(commits))
    assert ["1+\tb\n" in part.block.text for part in parts] == [True, False, True]
    assert len({part.block.text for part in parts}) == 3


def test_a_file_that_was_made_binary_stands_no_longer() -> None:
    files = Files()
    files.put("a.py", "x\n")
    drift = files.drift()
    commits = [committed(files, "a.py", None), committed(files, "a.py", "y\n")]
    void, named = drift.of_commits(commits)
    assert (void.begin, void.end) == ((), ("a.py",))
    assert "may be void" in void.block.text
    assert '<changed path="a.py">not shown</changed>' in named.block.text
    assert drift.shown == set()


def test_a_lock_file_is_only_named_and_never_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = list[tuple[str, str]]()

    def watch(pairs: list[tuple[str, str]]) -> object:
        compared.extend(pairs)
        return compare_texts(pairs)

    monkeypatch.setattr(module, "compare_texts", watch)
    files = Files()
    files.put("uv.lock", "a\nb\n")
    files.put("a.py", "a\nb\n")
    drift = files.drift(**{"uv.lock": "lock_file"})
    commits = [committed(files, "uv.lock", "a\nc\n"), committed(files, "a.py", "a\nc\n")]
    lock, source = drift.of_commits(commits)
    assert lock.block.text.count("\n") == 3
    assert lock.block.blobs == ()
    assert "2+\tc" in source.block.text
    assert source.block.blobs == (files.now["a.py"],)
    assert compared == [("a\nb\n", "a\nc\n")]


@pytest.mark.parametrize("path", ["uv.lock", "node_modules/x/i.js", "app.min.js", "data.csv"])
def test_a_new_file_that_says_little_is_only_named(path: str) -> None:
    files = Files()
    (part,) = files.drift().of_commits([committed(files, path, "x = 1\n" * 500)])
    assert f'<new path="{path}">not shown</new>' in part.block.text
    assert (part.begin, part.block.blobs, part.block.paths) == ((), (), (path,))


def test_a_change_of_the_last_lf_or_of_secrets_alone_says_nothing() -> None:
    files = Files()
    files.put("a.py", "x\n")
    drift = files.drift()
    (part,) = drift.of_commits([committed(files, "a.py", "x")])
    assert part == Part(part.block)
    assert (part.block.text, part.block.paths) == ("", ())


def test_a_subject_gives_no_secret_away() -> None:
    files = Files()
    files.put("a.py", "x\n")
    drift = files.drift()
    change = CommitChange("c" * 40, f"use {KEY}", committed(files, "a.py", "y\n").files)
    (part,) = drift.of_commits([change])
    assert "use [redacted: github token]" in part.block.text


def test_a_pointer_that_was_fetched_is_no_change_of_the_user() -> None:
    files = Files()
    files.put("big.bin", "version https://git-lfs.github.com/spec/v1\n")
    drift = files.drift(**{"big.bin": "lfs_pointer"})
    before = dict(files.now)
    files.put("big.bin", None)
    files.put("a.py", "x\n")
    part = drift.of_files(changed_files(before, files.now))
    assert [entry.path for entry in read_block(part.block.text)] == ['"a.py"']


def large(files: Files, number: int) -> CommitChange:
    changes = []
    for at in range(number):
        before = files.now.get(f"f{at}.py", "")
        files.put(f"f{at}.py", f"value = {len(files.texts)}\n" * 400)
        changes.append(FileChange(f"f{at}.py", before, files.now[f"f{at}.py"]))
    return CommitChange("e" * 40, "everything", tuple(changes))


def test_a_block_that_would_be_too_long_only_names_files_and_reads_no_further(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_BLOCK_CHARS", 200_000)
    monkeypatch.setattr(module, "_FILES_AT_ONCE", 20)
    files = Files()
    for at in range(2_000):
        files.put(f"f{at}.py", "value\n" * 400)
    files.put("a.py", "x\n")
    drift = files.drift()
    commits = [large(files, 2_000), committed(files, "a.py", "y\n")]
    files.asked.clear()
    giant, small = drift.of_commits(commits)
    assert len(files.asked) < 100
    assert not giant.is_whole
    assert len(giant.block.text) < 60_000
    entries = list(read_block(giant.block.text))
    assert len(entries) == MOST_NAMED
    assert f"<more files={2_000 - MOST_NAMED}>" in giant.block.text
    assert len(giant.block.paths) == len(giant.end) == 2_000
    assert (small.is_whole, drift.shown) == (True, {"a.py"})
    assert "1+\ty" in small.block.text


def test_texts_are_read_as_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CHARS_AT_ONCE", 10_000)
    files = Files()
    for at in range(40):
        files.put(f"f{at}.py", "value\n" * 400)
    drift = files.drift()
    commits = [large(files, 40)] * 3
    parts = drift.of_commits(commits)
    files.asked.clear()
    next(parts)
    assert len(files.asked) == 2 * 40


def test_what_could_not_be_told_is_weighed() -> None:
    files = Files()
    files.put("a.py", "x = 1\n" * 1_000)
    files.put("uv.lock", "x = 1\n" * 1_000)
    drift = files.drift(**{"uv.lock": "lock_file"})
    commits = [committed(files, "a.py", "y = 2\n" * 1_000)]
    commits += [committed(files, "uv.lock", "y = 2\n" * 1_000), committed(files, "a.py", "z\n")]
    assert [part.untold_tokens for part in drift.of_commits(commits)] == [1_500, 0, 0]


def test_files_can_be_named_without_reading_any() -> None:
    files = Files()
    files.put("a.py", "x\n")
    files.put("b.py", "x\n")
    drift = files.drift()
    before = dict(files.now)
    files.put("a.py", "y\n")
    files.put("n.py", "y\n")
    del files.now["b.py"]
    changes = changed_files(before, files.now)
    part = drift.names_of_files(changes)
    assert files.asked == []
    kinds = [(entry.kind, entry.path) for entry in read_block(part.block.text)]
    assert kinds == [("changed", '"a.py"'), ("deleted", '"b.py"'), ("new", '"n.py"')]
    assert (part.is_whole, part.block.blobs, drift.shown) == (False, (), set())
    commit = CommitChange("c" * 40, "all of it", changes)
    assert files.drift().names_of_commit(commit).block.text.startswith("<commit ")


def test_where_git_cannot_compare_all_lines_take_the_place_of_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_pairs: object) -> object:
        raise GitError("it took too long")

    monkeypatch.setattr(module, "compare_texts", fail)
    files = Files()
    files.put("a.py", "a\nb\n")
    base, drift = files.base(), files.drift()
    (part,) = drift.of_commits([committed(files, "a.py", "a\nc\n")])
    assert known_after(base, [part.block.text]) == texts_now(files)
    assert 'supersedes="lines 1-2"' in part.block.text


def test_parts_survive_the_cache_and_are_counted_with_their_turns() -> None:
    files: Mapping[str, str] = {"a": "b"}
    block = Block("<x>\n", ("1", "2"), ("a", "b"), 7)
    part = Part(block, tuple(files), ("b",), is_whole=False, untold_tokens=3)
    assert load_part(dump_part(part)) == part
    assert tokens_of([part, part, Part(Block("", (), ()))]) == 2 * (7 + module.TURN_TOKENS)
