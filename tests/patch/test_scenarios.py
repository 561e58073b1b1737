import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from bathy.tools.patch.hunks import PatchError
from bathy.tools.patch.plan import plan_patch

SCENARIOS = Path(__file__).parents[1] / "scenarios" / "patch"
FOLDERS = sorted(path.name for path in SCENARIOS.iterdir() if path.is_dir())


class MemoryFiles:
    """Files by path."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    @property
    def paths(self) -> Sequence[str]:
        return sorted(self.files, key=os.fsencode)

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)


def files_below(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_there_are_enough_of_them() -> None:
    assert len(FOLDERS) >= 80


@pytest.mark.parametrize("name", FOLDERS)
def test_a_patch_gives_exactly_the_expected_files_or_is_refused(name: str) -> None:
    folder = SCENARIOS / name
    files = files_below(folder / "input")
    text = (folder / "patch.txt").read_bytes().decode("utf-8")
    if (refused := folder / "refused.txt").exists():
        with pytest.raises(PatchError) as caught:
            plan_patch(text, MemoryFiles(files))
        message = str(caught.value)
        for words in refused.read_text(encoding="utf-8").splitlines():
            assert words in message, message
        assert len(message.splitlines()) <= 40
        return
    changes = plan_patch(text, MemoryFiles(files))
    after = dict(files)
    for change in changes:
        assert change.before == files.get(change.path)
        assert not change.renamed_from or files[change.renamed_from]
        if change.after is None:
            del after[change.path]
        else:
            after[change.path] = change.after
    assert after == files_below(folder / "expected")
    modes = {c.path: c.is_executable for c in changes if c.is_executable is not None}
    if (stated := folder / "modes.txt").exists():
        lines = [line.split() for line in stated.read_text(encoding="utf-8").splitlines()]
        assert modes == {path: mode == "executable" for path, mode in lines}
