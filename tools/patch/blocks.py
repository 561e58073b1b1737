"""SEARCH/REPLACE blocks -> file patches, one for each block."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from bathy.tools.patch.hunks import Action, FilePatch, Hunk, Item, PatchError

_OPEN = re.compile(r"(<{5,9}) ?SEARCH>?[ \t]*(.*)")
_CLOSE = re.compile(r">{5,9} ?REPLACE[ \t]*")
_DIVIDER = re.compile(r"={5,9}[ \t]*")
_FENCE = re.compile(r"[ \t]*(?:`{3,}|~{3,})(.*)")
_QUOTED = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*")
_MOST_CELLS = 250_000
"""Longest comparison of the two sides, in line pairs; larger ones keep only equal ends."""


def is_block_start(line: str) -> bool:
    """Whether a line opens a block."""
    return _OPEN.fullmatch(line) is not None


def parse_blocks(lines: Sequence[str]) -> tuple[tuple[FilePatch, ...], list[str]]:
    """Parse all blocks of a text.

    Lines that both sides of a block have become context, so that the file's own are kept.

    Args:
        lines: Without line ends.

    Returns:
        One file patch for each block, its path "" where none is named; and the lines outside.

    Raises:
        PatchError: A block does not end, or has no divider or several.
    """
    files: list[FilePatch] = []
    outside: list[str] = []
    before: list[str] = []
    at = 0
    while at < len(lines):
        if not is_block_start(lines[at]):
            before.append(lines[at])
            outside.append(lines[at])
            at += 1
            continue
        end = _block_end(lines, at)
        old, new = _sides(lines, at, end)
        name = _name_before(before)
        if not name and files and not any(line.strip() for line in before):
            name = files[-1].path
        hunk = Hunk(tuple(_items(old, new)))
        action: Action = "edit" if old else "create"
        files.append(FilePatch(name, action, (hunk,), form="block"))
        before = []
        at = end + 1
    return tuple(files), outside


def _block_end(lines: Sequence[str], start: int) -> int:
    for at in range(start + 1, len(lines)):
        if is_block_start(lines[at]):
            break
        if _CLOSE.fullmatch(lines[at]):
            return at
    raise PatchError(
        "a SEARCH block does not end; it is <<<<<<< SEARCH, the old lines, =======, the new lines, "
        ">>>>>>> REPLACE"
    )


def _sides(lines: Sequence[str], start: int, end: int) -> tuple[Sequence[str], Sequence[str]]:
    """Return the lines of both sides; a divider as long as the opening mark goes first."""
    dividers = [at for at in range(start + 1, end) if _DIVIDER.fullmatch(lines[at])]
    opening = _OPEN.fullmatch(lines[start])
    length = len(opening[1]) if opening else 0
    same = [at for at in dividers if len(lines[at].rstrip()) == length]
    chosen = same or dividers
    if len(chosen) != 1:
        raise PatchError(
            f"a SEARCH block has {len(chosen)} lines that may be its divider =======, where one is "
            "needed; if the text itself has such lines, write all three marks with 9 characters"
        )
    return lines[start + 1 : chosen[0]], lines[chosen[0] + 1 : end]


def _items(old: Sequence[str], new: Sequence[str]) -> list[Item]:
    """Return both sides as one hunk, equal lines as context."""
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    old_middle, new_middle = old[head : len(old) - tail], new[head : len(new) - tail]
    items = [Item("context", line, is_bare=True) for line in old[:head]]
    if len(old_middle) * len(new_middle) > _MOST_CELLS:
        items += [Item("removed", line) for line in old_middle]
        items += [Item("added", line) for line in new_middle]
    else:
        matcher = SequenceMatcher(None, old_middle, new_middle, autojunk=False)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes():
            if tag == "equal":
                items += [Item("context", line, is_bare=True) for line in old_middle[i1:i2]]
            else:
                items += [Item("removed", line) for line in old_middle[i1:i2]]
                items += [Item("added", line) for line in new_middle[j1:j2]]
    items += [Item("context", line, is_bare=True) for line in old[len(old) - tail :]]
    return items


def _name_before(lines: Sequence[str]) -> str:
    """Return the file name on the lines before a block, or ""."""
    left = [line for line in lines if line.strip()]
    for line in reversed(left[-2:]):
        fence = _FENCE.fullmatch(line)
        if not fence:
            return _name_in(line)
        if name := _name_in_info(fence[1].strip()):
            return name
    return ""


def _name_in_info(info: str) -> str:
    """Return the file name in what stands after the fence, such as "python src/a.py", or ""."""
    words = [word.strip("\"'`{}") for word in re.split(r"[ \t]+|(?<=\w):(?=\S)", info)]
    names = [word.partition("=")[2].strip("\"'") if "=" in word else word for word in words if word]
    paths = [name for name in names if "/" in name or "." in name.strip(".")]
    return paths[-1] if paths else ""


def _name_in(line: str) -> str:
    """Return the file name that a line of prose, a heading or a bare line names, or ""."""
    quoted: list[str] = [found[1] or found[2] for found in _QUOTED.finditer(line)]
    if len(quoted) == 1 and not re.search(r"\s", quoted[0].strip("`")):
        return quoted[0].strip("`").rstrip(":")
    if quoted:
        return ""
    bare = line.strip().lstrip("#").strip()
    for label in ("File:", "file:", "Path:", "path:"):
        bare = bare.removeprefix(label).strip()
    has_colon = bare.endswith(":")
    bare = bare.rstrip(":")
    if re.search(r"\s", bare) and not re.fullmatch(r"[^\s.][^.]*/[^/]*\.\w+", bare):
        return ""
    is_path = "/" in bare or "." in bare.strip(".")
    return bare if bare and not bare.endswith(".") and (is_path or not has_colon) else ""
