"""Small real git repositories for tests."""

import subprocess
from pathlib import Path

# Nothing here has to outlive a crash or to be tidied up.
_SETTINGS = ("protocol.file.allow=always", "core.fsync=none", "gc.auto=0", "maintenance.auto=false")
_OPTIONS = tuple(part for setting in _SETTINGS for part in ("-c", setting))


class RepoBuilder:
    """Builds a repository in a folder, by the real git."""

    def __init__(self, root: Path, *, init: bool = True) -> None:
        self.root = root
        self._time_s = 1_700_000_000
        root.mkdir(parents=True, exist_ok=True)
        if init:
            self.git("init", "-q", "-b", "main")

    def git(self, *args: str) -> str:
        self._time_s += 60
        variables = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.root),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_AUTHOR_NAME": "Ann",
            "GIT_AUTHOR_EMAIL": "ann@example.org",
            "GIT_COMMITTER_NAME": "Ann",
            "GIT_COMMITTER_EMAIL": "ann@example.org",
            "GIT_AUTHOR_DATE": f"{self._time_s} +0000",
            "GIT_COMMITTER_DATE": f"{self._time_s} +0000",
        }
        done = subprocess.run(
            ["git", "-C", str(self.root), *_OPTIONS, *args],
            env=variables,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode("utf-8", "surrogateescape")

    def file(self, path: str, content: str | bytes = "") -> "RepoBuilder":
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def commit(self, message: str = "change") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD").strip()
