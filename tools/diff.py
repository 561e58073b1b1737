"""Files before and after -> one unified diff, as git writes it and `git apply` takes it."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bathy.tools.git import GitRepo, stream_bytes
from bathy.tools.workspace import Workspace, encode_path


@dataclass(frozen=True, slots=True)
class FileState:
    """A file's content and whether it is a program; no content means that there is no such file."""

    data: bytes | None
    is_executable: bool = False


Change = tuple[FileState, FileState]
"""A file before and after."""


def render_text(files: Mapping[str, Change]) -> str:
    """Return the change of some files for what takes texts alone, such as JSON.

    Args:
        files: As for `render_diff`.

    Returns:
        The same diff; if it is no UTF-8, then files that are none stand in it as binary ones, so
        that `git apply` finds their bytes.

    Raises:
        GitError: There is no git.
    """
    try:
        return render_diff(files).decode("utf-8")
    except UnicodeDecodeError:
        plain = {path: change for path, change in files.items() if _is_text(change)}
        other = {path: change for path, change in files.items() if path not in plain}
        parts = render_diff(plain), render_diff(other, as_binary=True)
        # What is left of other bytes is in names.
        return b"".join(parts).decode("utf-8", "replace")


def _is_text(change: Change) -> bool:
    try:
        for state in change:
            (state.data or b"").decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def render_diff(files: Mapping[str, Change], *, as_binary: bool = False) -> bytes:
    """Return the change of some files.

    Args:
        files: State before and after by repository-relative path.
        as_binary: None of them is shown line by line.

    Returns:
        A diff with `a/` and `b/`, of binary files too; b"" if nothing differs. Renames show as a
        deletion and a creation. The same for the same arguments, whatever the user's settings.

    Raises:
        GitError: There is no git.
    """
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder).resolve()
        for side, name in enumerate(("a", "b")):
            (top / name).mkdir()
            workspace = Workspace(top / name)
            for path, states in files.items():
                state = states[side]
                if state.data is not None:
                    mode = 0o755 if state.is_executable else 0o644
                    workspace.write_bytes(path, state.data, mode=mode, mark="bathy")
        repo = GitRepo(top, top, top, is_bare=False)
        options = ("--no-index", "--no-prefix", "--binary", "--full-index", "--no-color")
        attributes = top / "attributes"
        attributes.write_text("* -diff\n" if as_binary else "", encoding="ascii")
        # The user's own settings must not change what lines end with.
        # The folder may lie in a repository, whose attributes could name programs: there is none.
        plain = (
            f"--git-dir={top / 'none'}",
            "-c",
            f"core.attributesFile={attributes}",
            "-c",
            "core.autocrlf=false",
            "-c",
            "core.safecrlf=false",
            "-c",
            "diff.noprefix=false",
        )
        command = (
            *plain,
            "diff",
            *options,
            "--no-ext-diff",
            "--no-textconv",
            "--no-renames",
            "-U3",
        )
        diff = b"".join(stream_bytes(repo, *command, "--", "a", "b", no_match_code=1))
    for encoded in map(encode_path, files):
        # git names a file of one side alone by that side twice.
        for one in (b"a", b"b"):
            heading = b"diff --git %s/%s %s/%s\n" % (one, encoded, one, encoded)
            diff = diff.replace(heading, b"diff --git a/%s b/%s\n" % (encoded, encoded))
    return diff
