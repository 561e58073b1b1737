"""Which base a repository gets, and what is said of the changes since, without any model."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.config import Settings
from bathy.agent.errors import RepoError
from bathy.agent.index.commits import read_commits
from bathy.agent.index.examine import Reader
from bathy.agent.index.repo import blob_id
from bathy.agent.loop.forecast import EXPIRED_S
from bathy.agent.loop.ledger import Ledger
from bathy.agent.loop.prompt import base_id
from bathy.agent.model.catalog import Model, find_model
from bathy.agent.modes import basis as module
from bathy.agent.modes import parts
from bathy.agent.modes.basis import FOLDER, LACKING, UNCHOSEN, Basis, BasisFinder, News
from bathy.agent.modes.compose import open_bench
from bathy.agent.modes.progress import Progress
from bathy.agent.pack.render import quoted_path
from lots import commit_until
from overlay_reader import known_after
from repo_builder import RepoBuilder

FLASH = find_model("deepseek-flash", {})
LONG = "".join(f"def function_{n}(value):\n    return value + {n}\n\n\n" for n in range(400))


@pytest.fixture
def grown(repo: RepoBuilder) -> RepoBuilder:
    """A repository of some 8,000 tokens whose second commit is chosen at every level."""
    repo.file("long.py", LONG).file("a.py", "a = 1\n").file("b.py", "b = 1\n")
    commit_until(repo, 0)
    repo.file("b.py", "b = 2\n")
    commit_until(repo, 32)
    return repo


Use = Callable[[BasisFinder], Any]


def using(
    root: Path, use: Use, *, ledger: Ledger | None = None, model: Model = FLASH, **settings: Any
) -> Any:
    wanted = Settings(folder=root, workers=1, **settings)
    with open_bench(wanted, Progress(quiet=True, verbose=False)) as bench:
        return use(BasisFinder(bench, model, ledger or Ledger(None)))


def found(root: Path, **options: Any) -> Basis:
    basis: Basis = using(root, BasisFinder.find, **options)
    return basis


def news(root: Path, basis: Basis, since: str, **options: Any) -> News | None:
    base = basis.base
    told: News | None = using(root, lambda f: f.news(base.commit, base.text, since), **options)
    return told


def blocks(basis: Basis) -> tuple[str, ...]:
    return tuple(block.text for block in basis.overlay.blocks)


def texts_at(builder: RepoBuilder, paths: Sequence[str]) -> dict[str, list[str]]:
    return {quoted_path(path): (builder.root / path).read_text().split("\n")[:-1] for path in paths}


def check(basis: Basis, builder: RepoBuilder, *paths: str) -> None:
    """Whoever reads base and overlay knows exactly the files on disk."""
    assert known_after(basis.base.text, blocks(basis)) == texts_at(builder, paths)


def change(repo: RepoBuilder, at: int, level: int = 0) -> str:
    repo.file("a.py", f"a = {at}\n")
    return commit_until(repo, level)


def test_the_newest_chosen_commit_is_the_base_and_every_later_one_a_block(
    grown: RepoBuilder,
) -> None:
    base = grown.git("rev-parse", "HEAD").strip()
    ids = [change(grown, at) for at in (2, 3, 4)]
    basis = found(grown.root)
    assert (basis.base.commit, basis.base.level, basis.base.note) == (base, 32, "")
    assert basis.behind == 3
    assert [
        f'<commit id="{one[:12]}"' in text for one, text in zip(ids, blocks(basis), strict=True)
    ]
    assert all(one[:12] in text for one, text in zip(ids, blocks(basis), strict=True))
    check(basis, grown, "a.py", "b.py", "long.py")
    assert basis.overlay_tokens > sum(block.tokens for block in basis.overlay.blocks) > 0


def rewrite(repo: RepoBuilder, number: int, level: int) -> str:
    """A commit of a good eighth of the base."""
    text = "".join(f"def other_{number}_{n}(value):\n    return {n}\n\n\n" for n in range(60))
    repo.file(f"more{number}.py", text)
    return commit_until(repo, level)


def test_where_much_has_changed_a_finer_level_gives_a_newer_base(grown: RepoBuilder) -> None:
    first = grown.git("rev-parse", "HEAD").strip()
    assert found(grown.root).base.commit == first
    second = rewrite(grown, 1, 16)
    assert found(grown.root).base.level == 32
    third = rewrite(grown, 2, 8)
    assert (found(grown.root).base.commit, found(grown.root).base.level) == (second, 16)
    rewrite(grown, 3, 0)
    assert (found(grown.root).base.commit, found(grown.root).base.level) == (third, 8)
    rewrite(grown, 4, 0)
    head = rewrite(grown, 5, 0)
    basis = found(grown.root)
    assert (basis.base.commit, basis.base.level, basis.base.note) == (head, 0, UNCHOSEN)
    assert blocks(basis) == ()
    fresh = rewrite(grown, 6, 32)
    assert (found(grown.root).base.commit, found(grown.root).base.level) == (fresh, 32)


@pytest.mark.parametrize("number", [1, 2, 5])
def test_a_short_history_has_a_base_that_is_remembered(repo: RepoBuilder, number: int) -> None:
    repo.file("long.py", LONG)
    ids = [change(repo, at) for at in range(number)]
    with Ledger(None) as ledger:
        first = found(repo.root, ledger=ledger)
        assert (first.base.commit, first.base.note) == (ids[-1], UNCHOSEN)
        change(repo, 99)
        second = found(repo.root, ledger=ledger)
        assert second.base.text == first.base.text
        assert second.behind == 1
        check(second, repo, "a.py", "long.py")
        for at in range(5):
            rewrite(repo, at, 0)
        third = found(repo.root, ledger=ledger)
        assert third.base.commit == repo.git("rev-parse", "HEAD").strip()


def test_a_remembered_base_of_another_branch_is_left(repo: RepoBuilder) -> None:
    repo.file("long.py", LONG)
    change(repo, 1)
    repo.git("checkout", "-q", "-b", "topic")
    change(repo, 2)
    with Ledger(None) as ledger:
        found(repo.root, ledger=ledger)
        repo.git("checkout", "-q", "main")
        change(repo, 3)
        basis = found(repo.root, ledger=ledger)
        check(basis, repo, "a.py", "long.py")
        assert basis.base.commit == repo.git("rev-parse", "HEAD").strip()


class Due(Ledger):
    """A ledger that was last told of a base long ago, or has carried an overlay for long."""

    def __init__(self, age_s: float, usd: float) -> None:
        super().__init__(None)
        self._age_s, self._usd = age_s, usd

    def last_used(self, repo: str, base_id: str) -> float | None:
        return time.time() - self._age_s

    def carried_usd(self, repo: str, base_id: str, hit_price: float) -> float:
        return self._usd


@pytest.mark.parametrize(
    ("age_s", "usd", "is_new"), [(0, 0, False), (EXPIRED_S + 1, 0, True), (0, 99, True)]
)
def test_a_remembered_base_is_made_anew_when_that_is_free_or_pays(
    repo: RepoBuilder, age_s: float, usd: float, is_new: bool
) -> None:
    repo.file("long.py", LONG)
    change(repo, 1)
    with Due(age_s, usd) as ledger:
        first = found(repo.root, ledger=ledger)
        change(repo, 2)
        assert (found(repo.root, ledger=ledger).base.commit != first.base.commit) == is_new


def test_a_dry_run_remembers_nothing(repo: RepoBuilder) -> None:
    repo.file("long.py", LONG)
    change(repo, 1)
    with Ledger(None) as ledger, open_bench(Settings(folder=repo.root), QUIET) as bench:
        finder = BasisFinder(bench, FLASH, ledger, is_dry=True)
        finder.find()
        assert ledger.remembered(str(repo.root), finder._key) is None


QUIET = Progress(quiet=True, verbose=False)


def clone(repo: RepoBuilder, root: Path, *options: str) -> RepoBuilder:
    repo.git("clone", "-q", *options, f"file://{repo.root}", str(root))
    made = RepoBuilder(root, init=False)
    made._time_s = repo._time_s
    return made


def test_every_clone_makes_the_same_bytes_or_says_why_not(
    grown: RepoBuilder, tmp_path: Path
) -> None:
    for at in (2, 3):
        change(grown, at)
    plain = found(grown.root)
    dirty = clone(grown, tmp_path / "deep" / "dirty")
    dirty.file("a.py", "a = 'dirty'\n").file("untracked.py", "u = 1\n")
    topic = clone(grown, tmp_path / "topic")
    topic.git("checkout", "-q", "-b", "topic")
    topic.file("t.py", "t = 1\n")
    commit_until(topic, 32)
    bare = clone(grown, tmp_path / "bare.git", "--bare")
    crlf = clone(grown, tmp_path / "crlf", "-c", "core.autocrlf=true")
    assert b"\r\n" in (crlf.root / "a.py").read_bytes()
    linked = tmp_path / "linked"
    topic.git("worktree", "add", "-q", "--detach", str(linked), "origin/main")
    for root in (dirty.root, topic.root, crlf.root, linked):
        basis = found(root)
        assert (basis.base.text, basis.base.note) == (plain.base.text, "")
        assert blocks(basis)[: plain.behind] == blocks(plain)
    at_main = found(bare.root, rev="main")
    assert (at_main.base.text, blocks(at_main)) == (plain.base.text, blocks(plain))
    assert blocks(found(crlf.root)) == blocks(plain)
    shallow = found(clone(grown, tmp_path / "shallow", "--depth", "1").root)
    assert "shallow" in shallow.base.note
    assert shallow.base.level == 0


def partial(repo: RepoBuilder, root: Path, *options: str) -> RepoBuilder:
    repo.git("config", "uploadpack.allowFilter", "true")
    return clone(repo, root, *options)


def test_a_clone_without_old_blobs_begins_with_what_it_has_and_says_so(
    grown: RepoBuilder, tmp_path: Path
) -> None:
    part = partial(grown, tmp_path / "part", "--filter=blob:none")
    same = found(part.root)
    assert (same.base.text, same.base.note) == (found(grown.root).base.text, "")
    head = change(grown, 2)
    young = partial(grown, tmp_path / "young", "--filter=blob:none")
    basis = found(young.root)
    assert (basis.base.commit, basis.base.level, basis.base.note) == (head, 0, LACKING)
    check(basis, young, "a.py", "b.py", "long.py")
    with Ledger(None) as ledger:
        found(young.root, ledger=ledger)
        change(grown, 3)
        young.git("pull", "-q")
        young.file("b.py", "b = 'dirty'\n")
        later = found(young.root, ledger=ledger)
        assert (later.base.commit, later.behind) == (head, 1)
        check(later, young, "a.py", "b.py", "long.py")
        for at in (4, 5):
            change(grown, at)
        young.git("pull", "-q")
        jumped = found(young.root, ledger=ledger)
        assert jumped.base.commit == grown.git("rev-parse", "HEAD").strip()
        check(jumped, young, "a.py", "b.py", "long.py")


def test_a_clone_without_trees_says_that_its_order_may_be_another(
    grown: RepoBuilder, tmp_path: Path
) -> None:
    basis = found(partial(grown, tmp_path / "part", "--filter=tree:0").root)
    assert basis.base.commit == grown.git("rev-parse", "HEAD").strip()
    assert "without trees" in basis.base.note


def test_a_sparse_partial_clone_goes_by_the_files_on_disk(
    grown: RepoBuilder, tmp_path: Path
) -> None:
    grown.file("in/x.py", "x = 1\n").file("out/y.py", "y = 1\n")
    change(grown, 2)
    part = partial(grown, tmp_path / "part", "--filter=blob:none", "--no-checkout")
    part.git("sparse-checkout", "set", "in")
    part.git("checkout", "-q", "main")
    with Ledger(None) as ledger:
        basis = found(part.root, ledger=ledger)
        assert (basis.base.commit, basis.base.note) == ("", LACKING)
        assert "x = 1" in basis.base.text
        part.file("in/x.py", "x = 2\n")
        again = found(part.root, ledger=ledger)
        assert again.base.text == basis.base.text
        assert "1+\tx = 2" in blocks(again)[0]
        told = news(part.root, basis, "", ledger=ledger)
        assert told is not None
        assert told.files == again.files


def test_a_bare_partial_clone_cannot_be_read_and_git_says_why(
    grown: RepoBuilder, tmp_path: Path
) -> None:
    bare = partial(grown, tmp_path / "bare.git", "--bare", "--filter=blob:none")
    with pytest.raises(RepoError, match="promisor"):
        found(bare.root)


@pytest.mark.parametrize("what", ["attributes", "grafts"])
def test_what_only_this_clone_has_is_said(grown: RepoBuilder, what: str) -> None:
    rules = {"attributes": "*.py linguist-generated\n"}
    (grown.root / ".git" / "info" / what).write_text(rules.get(what, ""))
    assert what in found(grown.root).base.note


USER_CONFIG = """
[diff]
 algorithm = patience
 context = 9
 noprefix = true
 renames = false
 mnemonicPrefix = true
 relative = true
[core]
 autocrlf = input
 quotePath = true
 abbrev = 4
[color]
 ui = always
[log]
 showSignature = true
 decorate = full
 follow = true
[i18n]
 logOutputEncoding = latin1
[format]
 pretty = fuller
"""


# What `agent/index/history.py` does not fend off yet, and the base's order depends on.
HISTORY_CONFIG = """
[diff]
 orderFile = /nowhere
[log]
 diffMerges = off
 showRoot = false
"""


@pytest.mark.parametrize("config", [USER_CONFIG, HISTORY_CONFIG])
def test_the_user_s_git_changes_nothing(
    grown: RepoBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: str
) -> None:
    grown.git("checkout", "-q", "-b", "topic")
    change(grown, 2)
    grown.git("checkout", "-q", "main")
    grown.git("merge", "-q", "--no-ff", "-m", "merge", "topic")
    grown.git("mv", "b.py", "ç.py")
    grown.file("a.py", "x\ny\nx\ny\n").git("add", "-A")
    grown.git("commit", "-q", "-m", "mövé")
    grown.file("a.py", "y\nx\ny\nx\n")
    plain = found(grown.root)
    home = tmp_path / "other"
    home.mkdir()
    (home / ".gitconfig").write_text(config)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    again = found(grown.root)
    assert (again.base.commit, blocks(again)) == (plain.base.commit, blocks(plain))
    assert "mövé" in blocks(again)[1]
    assert again.base.text == plain.base.text


def test_what_was_made_once_is_not_made_again(
    grown: RepoBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(grown, 2)
    first = found(grown.root)
    asked = list[int]()
    monkeypatch.setattr(parts, "read_commits", lambda *_: asked.append(1))
    assert blocks(found(grown.root)) == blocks(first)
    assert asked == []


def test_only_the_newest_commit_is_made(
    grown: RepoBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(grown, 2)
    found(grown.root)
    change(grown, 3)
    read, counts = read_commits, list[int]()

    def watch(repo: Any, newest: str, count: int) -> Any:
        counts.append(count)
        return read(repo, newest, count)

    monkeypatch.setattr(parts, "read_commits", watch)
    basis = found(grown.root)
    assert counts == [1]
    check(basis, grown, "a.py", "b.py", "long.py")


def test_a_giant_commit_makes_no_base_carry_it(grown: RepoBuilder) -> None:
    for at in range(60):
        grown.file(f"d/f{at}.py", LONG[:8_000])
    head = commit_until(grown, 0)
    with Ledger(None) as ledger:
        basis = found(grown.root, ledger=ledger)
        assert (basis.base.commit, blocks(basis)) == (head, ())
        change(grown, 2)
        later = found(grown.root, ledger=ledger)
        assert (later.base.commit, later.behind) == (head, 1)


def test_no_base_carries_a_block_that_tells_not_all(
    grown: RepoBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bathy.agent.pack.drift.MOST_BLOCK_CHARS", 1_000)
    for at in range(3):
        grown.file(f"f{at}.py", LONG[:600])
    head = commit_until(grown, 0)
    assert (found(grown.root).base.commit, found(grown.root).base.note) == (head, UNCHOSEN)


def test_a_file_whose_changes_are_too_long_to_tell_weighs_as_if_they_were_told(
    grown: RepoBuilder,
) -> None:
    head = commit_until(grown.file("long.py", LONG.replace("value", "number")), 0)
    basis = found(grown.root)
    assert basis.base.commit == head


def test_uncommitted_changes_that_are_too_many_are_only_named(
    grown: RepoBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FILES_TOKENS", 500)
    for at in range(20):
        grown.file(f"new{at}.py", LONG[:2_000])
    grown.file("a.py", "a = 2\n")
    basis = found(grown.root)
    assert basis.files.count("<new path=") == 20
    assert "not shown" in basis.files
    assert '<changed path="a.py">what stands above of it may be void; read it' in basis.files
    assert basis.overlay.paths >= {"a.py", "new0.py"}
    assert basis.overlay_tokens < 500


def test_very_many_changed_files_are_not_even_read(
    grown: RepoBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(60):
        grown.file(f"d/f{at}.py", f"x = {at}\n")
    commit_until(grown, 32)
    for at in range(60):
        grown.file(f"d/f{at}.py", f"y = {at}\n")
    read = list[str]()

    def watch(reader: Reader, path: str, blob: str) -> str | None:
        read.append(path)
        return plain(reader, path, blob)

    plain = Reader.read_shown
    assert "1+\ty = 7" in found(grown.root).files
    monkeypatch.setattr(Reader, "read_shown", watch)
    monkeypatch.setattr(module, "FILES_TOKENS", 1_000)
    monkeypatch.setattr(module, "OVERLAY_SHARE", 0.1)
    basis = found(grown.root)
    assert basis.files.count("may be void") == 60
    assert read == []


def test_a_checkout_with_crlf_is_read_once(
    grown: RepoBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(60):
        grown.file(f"d/f{at}.py", f"x = {at}\n")
    commit_until(grown, 32)
    for path in grown.root.rglob("*.py"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert found(grown.root).files == ""
    read = list[str]()

    def watch(reader: Reader, path: str, blob: str) -> bytes | None:
        read.append(path)
        return plain(reader, path, blob)

    plain = Reader.read_bytes
    monkeypatch.setattr(Reader, "read_bytes", watch)
    grown.file("d/f7.py", "x = 'seven'\r\n")
    basis = found(grown.root)
    check(basis, grown, "a.py", "b.py", "long.py", *(f"d/f{at}.py" for at in range(60)))
    assert set(read) == {"d/f7.py"}


def test_a_small_change_beside_a_small_base_is_told_whole(repo: RepoBuilder) -> None:
    repo.file("a.py", "a = 1\n")
    commit_until(repo, 32)
    repo.file("n.py", LONG[:4_000])
    assert "return value + 9" in found(repo.root).files


def test_without_commits_the_files_on_disk_are_the_base(repo: RepoBuilder) -> None:
    repo.file("a.py", "a = 1\n").file("long.py", LONG)
    with Ledger(None) as ledger:
        first = found(repo.root, ledger=ledger)
        assert (first.base.commit, first.base.note, blocks(first)) == ("", FOLDER, ())
        repo.file("a.py", "a = 2\n").file("n.py", "n = 1\n")
        second = found(repo.root, ledger=ledger)
        assert second.base.text == first.base.text
        check(second, repo, "a.py", "long.py", "n.py")


@pytest.fixture
def folder(tmp_path: Path) -> RepoBuilder:
    """A plain folder, with a link."""
    plain = RepoBuilder(tmp_path / "plain", init=False)
    plain.file("a.py", "a = 1\n").file("sub/long.py", LONG).file("b.py", "b = 1\n")
    (plain.root / "link.py").symlink_to("a.py")
    return plain


def test_a_folder_that_was_asked_about_before_keeps_its_base(folder: RepoBuilder) -> None:
    with Ledger(None) as ledger:
        first = found(folder.root, ledger=ledger)
        assert blocks(found(folder.root, ledger=ledger)) == ()
        (folder.root / "b.py").rename(folder.root / "c.py")
        folder.file("a.py", "a = 2\n")
        second = found(folder.root, ledger=ledger)
        assert second.base.text == first.base.text
        assert second.base.note == FOLDER
        check(second, folder, "a.py", "c.py", "sub/long.py")
        assert "link.py" not in second.files
        folder.file("sub/long.py", LONG.replace("value", "number"))
        third = found(folder.root, ledger=ledger)
        assert base_id(third.base.text) != base_id(first.base.text)
        check(third, folder, "a.py", "c.py", "sub/long.py")


DENIED = "denied = 'plan'\n"


def test_what_is_excluded_never_appears_wherever_it_is_moved(grown: RepoBuilder) -> None:
    options = {"exclude": ("out/",)}
    grown.file("out/x.py", DENIED)
    change(grown, 2)
    grown.git("mv", "out/x.py", "in.py")
    change(grown, 3)
    grown.git("mv", "in.py", "out/y.py")
    change(grown, 4)
    basis = found(grown.root, **options)
    texts = blocks(basis)
    assert not any("out/" in text for text in texts)
    assert [DENIED.strip() in text for text in texts] == [False, True, False]
    assert '<deleted path="in.py">' in texts[2]
    check(basis, grown, "a.py", "b.py", "long.py")
    grown.file("out/y.py", "y = 2\n").file("out/z.py", "z = 1\n")
    assert found(grown.root, **options).files == ""


SECRET = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def test_a_secret_that_a_commit_takes_out_or_brings_in_or_names_is_redacted(
    grown: RepoBuilder,
) -> None:
    for text in (f"k = '{SECRET}'\n", "k = 1\n", f"k = 1\nj = '{SECRET}'\n"):
        grown.file("k.py", text)
        commit_until(grown, 0, f"use {SECRET}")
    grown.file("k.py", f"k = 1\nj = '{SECRET}x'\n").file(".env", f"PASSWORD={SECRET}\n")
    basis = found(grown.root)
    text = "".join((basis.base.text, *blocks(basis)))
    assert SECRET not in text
    assert text.count("[redacted: github token]") >= 6
    cache = Path(os.environ["XDG_CACHE_HOME"])
    assert not any(SECRET.encode() in p.read_bytes() for p in cache.rglob("*") if p.is_file())


def test_a_commit_that_was_read_before_a_file_grew_too_long_is_told_without_it(
    grown: RepoBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown.file("big.py", "x = 1\n" * 400_000)
    change(grown, 2)
    monkeypatch.setattr("bathy.agent.index.commits.MAX_FILE_BYTES", 1 << 20)
    assert '<new path="big.py">not shown</new>' in blocks(found(grown.root))[0]


def history(repo: RepoBuilder) -> list[str]:
    return [change(repo, at) for at in (2, 3, 4)]


def test_a_conversation_hears_of_the_commits_after_the_one_it_knows(grown: RepoBuilder) -> None:
    first, second, third = history(grown)
    basis = found(grown.root, rev=first)
    told = news(grown.root, basis, first)
    assert told is not None
    assert [text.split('"')[1] for text in told.commits] == [second[:12], third[:12]]
    assert told.blobs == (
        grown.git("rev-parse", f"{second}:a.py").strip(),
        grown.git("rev-parse", "HEAD:a.py").strip(),
    )
    nothing = news(grown.root, basis, third)
    assert nothing is not None
    assert (nothing.commits, nothing.files, nothing.blobs) == ((), "", ())


def follows(grown: RepoBuilder, basis: Basis, known: tuple[str, ...], since: str) -> News:
    """What a conversation hears makes it know the files on disk, whatever happened."""
    told = news(grown.root, basis, since)
    assert told is not None
    files = (told.files,) if told.files else ()
    paths = [path.name for path in sorted(grown.root.glob("*.py"))]
    heard = known_after(basis.base.text, (*known, *told.commits, *files))
    assert heard == texts_at(grown, paths)
    return told


def test_a_conversation_hears_of_rewritten_history_in_one_block(grown: RepoBuilder) -> None:
    first, _, third = history(grown)
    basis = found(grown.root)
    grown.git("reset", "-q", "--hard", first)
    grown.file("b.py", "b = 'rebased'\n").file("n.py", "n = 1\n")
    commit_until(grown, 0)
    told = follows(grown, basis, blocks(basis), third)
    assert len(told.commits) == 1
    assert (
        f"another line of commits is looked at; this is all that differs from {third[:12]}"
        in told.commits[0]
    )


def test_a_conversation_follows_to_before_its_base_and_back_again(grown: RepoBuilder) -> None:
    history(grown)
    basis, tip = found(grown.root), grown.git("rev-parse", "HEAD").strip()
    grown.git("checkout", "-q", "--detach", "HEAD~4")
    old = grown.git("rev-parse", "HEAD").strip()
    away = follows(grown, basis, blocks(basis), tip)
    grown.git("checkout", "-q", "main")
    back = follows(grown, basis, (*blocks(basis), *away.commits), old)
    assert len(back.commits) == 1


def test_a_base_that_left_the_line_is_still_the_base(grown: RepoBuilder) -> None:
    history(grown)
    basis, tip = found(grown.root), grown.git("rev-parse", "HEAD").strip()
    grown.git("checkout", "-q", "--orphan", "fresh")
    grown.file("a.py", "a = 'fresh'\n")
    change(grown, 7)
    follows(grown, basis, blocks(basis), tip)


def test_a_conversation_whose_commits_have_gone_is_told_that_nothing_is_known(
    grown: RepoBuilder,
) -> None:
    history(grown)
    basis = found(grown.root)
    assert news(grown.root, basis, "1" * 40) is None
    gone = Basis(replace_commit(basis, "2" * 40), basis.overlay, 0, 0)
    assert news(grown.root, gone, basis.base.commit) is None


def replace_commit(basis: Basis, commit: str) -> module.Base:
    base = basis.base
    return module.Base(commit, base.manifest, base.text, base.level)


def test_too_much_news_comes_in_one_block_and_far_too_much_by_name(
    grown: RepoBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    basis, tip = found(grown.root), grown.git("rev-parse", "HEAD").strip()
    for at in range(8):
        rewrite(grown, at % 2, 0)
        (grown.root / "more0.py").unlink(missing_ok=True)
    monkeypatch.setattr(module, "FILES_TOKENS", 3_000)
    told = follows(grown, basis, (), tip)
    assert len(told.commits) == 1
    assert "too much to tell commit by commit" in told.commits[0]
    for at in range(8):
        rewrite(grown, at, 0)
    far = news(grown.root, basis, tip)
    assert far is not None
    assert '<new path="more7.py">not shown</new>' in far.commits[0]
    assert len(far.commits[0]) < 2_000


def test_news_of_a_folder_are_all_that_differs(folder: RepoBuilder) -> None:
    with Ledger(None) as ledger:
        basis = found(folder.root, ledger=ledger)
        folder.file("a.py", "a = 2\n")
        told = news(folder.root, basis, "", ledger=ledger)
        assert told is not None
        assert (told.commits, "1+\ta = 2" in told.files) == ((), True)
        assert told.blobs == (blob_id(b"a = 2\n"),)
    assert news(folder.root, basis, "") is None


def children() -> set[str]:
    """Ids of the processes that this one has started and that are not over."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[1] == str(os.getpid()):
            found.add(stat.parent.name)
    return found


def test_no_git_is_left_behind(grown: RepoBuilder, monkeypatch: pytest.MonkeyPatch) -> None:
    history(grown)
    grown.file("a.py", "a = 'dirty'\n")
    before = children()
    found(grown.root)
    assert children() <= before

    def fail(_text: str) -> int:
        raise OSError("no room")

    monkeypatch.setattr("bathy.agent.index.tokens.count_tokens", fail)
    change(grown, 9)
    with pytest.raises(OSError, match="no room"):
        found(grown.root)
    assert children() <= before
