"""What a model that follows a prompt to the letter takes the files to hold: base, then each block."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bathy.agent.pack.render import full_texts

Texts = dict[str, list[str]]
"""Lines of the files whose text is known, by path as it is quoted."""

_QUOTED = r'("(?:[^"\\]|\\.)*")'
_ENTRY = re.compile(
    rf"<(\w+) path={_QUOTED}(?: from={_QUOTED})?(?: supersedes=\"lines ([^\"]*)\")?>(.*)"
)
_FRAME = re.compile(r'<commit id="[0-9a-f]{12}" subject="[^"<]*">|<uncommitted(?: note="[^"<]*")?>')


@dataclass
class Entry:
    """What one block says of one file."""

    kind: str
    path: str
    old_path: str
    superseded: list[tuple[int, int]]
    text: str = ""
    lines: list[str] = field(default_factory=list)


def read_block(block: str) -> Iterator[Entry]:
    """Read a rendered block; whatever is not as it should be is an error."""
    first, *lines, last = block.removesuffix("\n").split("\n")
    assert _FRAME.fullmatch(first), first
    assert last == f"</{first[1:].partition(' ')[0].rstrip('>')}>"
    entry: Entry | None = None
    for line in lines:
        if entry is not None:
            if line == f"</{entry.kind}>":
                yield entry
                entry = None
            else:
                assert not line.startswith("<")
                entry.lines.append(line)
        elif not line.startswith("<more files="):
            match = _ENTRY.fullmatch(line)
            assert match is not None, line
            found = Entry(match[1], match[2], match[3] or "", _ranges(match[4] or ""))
            if match[5]:
                found.text = match[5].removesuffix(f"</{match[1]}>")
                assert found.text != match[5]
                yield found
            else:
                entry = found
    assert entry is None


def follow(texts: Mapping[str, list[str]], block: str) -> Texts:
    """Return what is known after a block."""
    now = dict(texts)
    for entry in read_block(block):
        was = texts.get(entry.old_path or entry.path)
        for path in (entry.old_path, entry.path):
            # Another file of the same block may have taken its place already.
            if path and (path == entry.path or now.get(path) is texts.get(path)):
                now.pop(path, None)
        if entry.kind == "new" and not entry.text:
            now[entry.path] = _numbered(entry.lines)
        elif entry.kind == "renamed" and entry.text == "its text is as above":
            assert was is not None
            now[entry.path] = was
        elif entry.kind in ("changed", "renamed") and not entry.text:
            assert was is not None
            now[entry.path] = apply_hunks(was, entry)
    return now


def known_after(base: str, blocks: Iterable[str]) -> Texts:
    """Return what is known after a base, as it is rendered, and the blocks on it."""
    texts = {path: text.split("\n")[:-1] for path, text in full_texts(base).items()}
    for block in blocks:
        texts = follow(texts, block)
    return texts


def apply_hunks(before: list[str], entry: Entry) -> list[str]:
    """Make the lines after a change from those before; each line that is named must be there."""
    old, out, removed = 0, list[str](), list[int]()
    for line in entry.lines:
        if line == "…":
            continue
        sign, _, text = line.partition("\t")
        if sign == "-":
            assert before[old] == text
            old += 1
            removed.append(old)
        elif sign.endswith("+"):
            assert len(out) == int(sign[:-1]) - 1
            out.append(text)
        else:
            gap = int(sign) - 1 - len(out)
            out += before[old : old + gap]
            old += gap + 1
            assert before[old - 1] == text
            out.append(text)
    assert removed == [n for first, last in entry.superseded for n in range(first, last + 1)]
    return out + before[old:]


def _ranges(text: str) -> list[tuple[int, int]]:
    parts = [part.split("-") for part in text.split(", ")] if text else []
    return [(int(part[0]), int(part[-1])) for part in parts]


def _numbered(lines: list[str]) -> list[str]:
    found = []
    for number, line in enumerate(lines, 1):
        head, tab, text = line.partition("\t")
        assert (head == str(number)) if tab else not line
        found.append(text)
    return found
