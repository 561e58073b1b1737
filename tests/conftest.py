"""Every test runs in a folder, a home and an environment of its own, without a network."""

import json
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.cli import main
from bathy.agent.index import tokens
from hypothesis import settings
from repo_builder import RepoBuilder

# What a single example takes is no property of the code, on a machine that does other things, too.
# A change is judged by the examples that were judged before; `make examples` looks for new ones.
settings.register_profile("known", deadline=None, derandomize=True)
settings.register_profile("new", deadline=None, print_blob=True)
settings.load_profile("known")

MEMORY, ENOUGH_BYTES = Path("/dev/shm"), 1 << 30


def pytest_configure() -> None:
    """Let tests write into memory where they can: on a disk they mostly wait."""
    if "PYTEST_DEBUG_TEMPROOT" not in os.environ and os.access(MEMORY, os.W_OK):
        room = os.statvfs(MEMORY)
        is_enough = room.f_bavail * room.f_frsize >= ENOUGH_BYTES
        # Some tests make programs and start them.
        if is_enough and not room.f_flag & os.ST_NOEXEC:
            os.environ["PYTEST_DEBUG_TEMPROOT"] = str(MEMORY)


@pytest.fixture(autouse=True)
def _isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("DEEPSEEK_", "BATHY_", "GIT_", "GITHUB_", "GH_", "XDG_")):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / ".cache"))
    # Nothing in a test speaks TLS, and to read all certificates takes each client 20 ms.
    monkeypatch.setattr("ssl.SSLContext.load_verify_locations", lambda *_args, **_options: None)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.chdir(home)


@pytest.fixture(scope="session")
def _vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The short form of the vocabulary, as the first command of a user makes it."""
    cache = tmp_path_factory.mktemp("vocabulary")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(cache))
        tokens._vocabulary()
    (made,) = (cache / "bathy").iterdir()
    return made


@pytest.fixture
def vocabulary(_vocabulary: Path, tmp_path: Path) -> None:
    """Commands that are started as processes find it; to make it takes each a third of a second."""
    cache = tmp_path / "home" / ".cache" / "bathy"
    cache.mkdir(parents=True, mode=0o700)
    (cache / _vocabulary.name).hardlink_to(_vocabulary)


@pytest.fixture
def repo(tmp_path: Path) -> RepoBuilder:
    """An empty git repository."""
    return RepoBuilder(tmp_path / "repo")


@dataclass(frozen=True)
class Ran:
    """What a command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        """The files of a manifest by path."""
        return {file["path"]: file for file in self.json["files"]}


Run = Callable[..., Ran]


def exit_code(*args: str | Path) -> int:
    """Run bathy in this process; signals are handled as before once it has ended."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return main([str(arg) for arg in args])
    except SystemExit as ended:
        return int(ended.code or 0)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs bathy in this process."""

    def call(*args: str | Path) -> Ran:
        capsys.readouterr()
        return Ran(exit_code(*args), *capsys.readouterr())

    return call
