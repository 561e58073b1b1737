"""An index and a budget -> the packed prompt and its manifest: choice, detail, place, bytes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bathy.agent.errors import BudgetError
from bathy.agent.index.build import Index, SourceFile
from bathy.agent.index.repo import OUT_OF_SIGHT, Skipped
from bathy.agent.index.tokens import TOKENIZER
from bathy.agent.pack.advice import exclude_globs
from bathy.agent.pack.fit import Block, Fit, Level, fit_files, fit_outlines
from bathy.agent.pack.manifest import Manifest, ManifestEntry
from bathy.agent.pack.priority import Priority, rank_files
from bathy.agent.pack.render import FOOTER, HEADER, render_file, render_outline, render_tree
from bathy.agent.pack.room import DEFAULT_TOKENS, Room

_TREE_SHARE = 0.25

ShownText = Callable[[SourceFile], str | None]
"""A file's text as shown and redacted; None if it has gone."""

Count = Callable[[str], int]
"""Exact tokens of a text."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A pack and the account of it."""

    text: str
    manifest: Manifest


def pack_index(index: Index, room: Room, *, shown: ShownText, count: Count) -> Packed:
    """Pack a repository.

    Args:
        index: What it holds.
        room: How much of it.
        shown: Gives texts.
        count: Counts tokens.

    Returns:
        A pack of at most the budget. The same index and room give the same bytes.

    Raises:
        BudgetError: Not even the list of folders fits.
    """
    ranked = rank_files(index)
    found = (_pack(index, ranked, attempt, room, shown, count) for attempt in _attempts(room))
    return next(packed for packed in found if packed is not None)


class _Attempt(NamedTuple):
    """A budget, and what may be given up for it."""

    budget: int
    may_step_down: bool
    may_choose: bool


def _attempts(room: Room) -> list[_Attempt]:
    """What is tried, in order; the last one always gives a pack."""
    capacity, usual = room.capacity, min(DEFAULT_TOKENS, room.capacity)
    if room.budget is None and not room.only_outlines:
        return [
            _Attempt(capacity, may_step_down=False, may_choose=False),
            _Attempt(usual, may_step_down=True, may_choose=False),
            _Attempt(capacity, may_step_down=True, may_choose=False),
            _Attempt(usual, may_step_down=True, may_choose=True),
        ]
    allowed = usual if room.budget is None else room.budget
    allowed = capacity if isinstance(allowed, str) else allowed
    return [_Attempt(allowed, may_step_down=True, may_choose=True)]


def _pack(
    index: Index,
    ranked: Sequence[Priority],
    attempt: _Attempt,
    room: Room,
    shown: ShownText,
    count: Count,
) -> Packed | None:
    budget = attempt.budget
    paths = [f.path for f in index.files] + [s.path for s in index.skipped]
    with_names, frame = _frame_tokens(paths, budget, count)
    left, render = budget - frame, _renderer(shown, count)
    fit: Fit | None
    if room.only_outlines:
        fit = fit_outlines(index.by_path, ranked, budget_tokens=left, render=render)
    else:
        fit = fit_files(
            index.by_path,
            ranked,
            budget_tokens=left,
            render=render,
            may_choose=attempt.may_choose,
            may_step_down=attempt.may_step_down,
        )
    if fit is None:
        return None
    placed = place(index, ranked, fit.blocks)
    levels = {path: fit.blocks[path].level if path in fit.blocks else "path" for path in paths}
    tree = render_tree(levels.items(), with_names=with_names)
    text = "".join((HEADER, *(fit.blocks[path].text for path in placed), tree, FOOTER))
    tree_tokens = count(HEADER) + count(tree) + count(FOOTER)
    tokens = tree_tokens + sum(block.tokens for block in fit.blocks.values())
    manifest = _manifest(index, ranked, fit, placed, (budget, tokens, tree_tokens, room.capacity))
    return Packed(text, manifest)


def place(
    index: Index, ranked: Sequence[Priority], chosen: Mapping[str, object]
) -> tuple[str, ...]:
    """Order the chosen files for the prompt: stable ones first, volatile ones last.

    What changes often stands late, so that a change leaves most of a cached prefix as it was. Files
    changed equally often stand in the order of dependence, the most depended upon first.
    """
    centrality = {p.path: p.centrality for p in ranked}
    changes = {path: index.history[path].changes if path in index.history else 0 for path in chosen}
    return tuple(sorted(chosen, key=lambda p: (changes[p], -centrality.get(p, 0.0), p)))


def _frame_tokens(paths: Sequence[str], budget: int, count: Count) -> tuple[bool, int]:
    """Tokens to keep for all that is not a file block, and whether the tree can name files."""
    fixed = count(HEADER) + count(FOOTER)
    for with_names in (True, False):
        tree = render_tree(((path, "path") for path in paths), with_names=with_names)
        # The marks that the real tree has differ a little from those counted here.
        frame = fixed + int(count(tree) * 1.03) + 16
        if frame <= max(budget * _TREE_SHARE, 2_000) and frame < budget:
            return with_names, frame
    raise BudgetError(
        f"a budget of {budget:,} tokens does not hold the list of folders, which takes {frame:,};"
        " raise --budget or narrow the repository with --include"
    )


def _renderer(shown: ShownText, count: Count) -> Callable[[SourceFile, Level], Block | None]:
    def render(file: SourceFile, level: Level) -> Block | None:
        text = shown(file)
        if text is None:
            return None
        if level == "full":
            block = render_file(file.path, text)
        else:
            block = render_outline(file.path, text, file.facts.symbols.outline)
        return Block(level, block, count(block))

    return render


def _manifest(
    index: Index,
    ranked: Sequence[Priority],
    fit: Fit,
    placed: Sequence[str],
    sizes: tuple[int, int, int, int],
) -> Manifest:
    budget, tokens, tree_tokens, capacity = sizes
    ranks = {p.path: (at, p) for at, p in enumerate(ranked, 1)}
    positions = {path: at for at, path in enumerate(placed, 1)}
    entries = [_entry(f, fit, ranks.get(f.path), positions.get(f.path, 0)) for f in index.files]
    entries += [
        ManifestEntry(s.path, "", "", "skipped", 0, 0, 0, 0, s.reason) for s in index.skipped
    ]
    entries.sort(key=lambda e: e.path.encode("utf-8", "surrogateescape"))
    snapshot = index.snapshot
    whole = fit.whole or bool(fit.stepped_down)
    return Manifest(
        name=snapshot.name,
        commit=snapshot.commit,
        dirty=snapshot.dirty,
        tokenizer=TOKENIZER,
        budget=budget,
        tokens=tokens,
        tree_tokens=tree_tokens,
        files=tuple(entries),
        redacted=sum(len(f.facts.findings) for f in index.files if f.path in fit.blocks),
        secrets=sum(len(f.facts.findings) for f in index.files),
        summary=_summary(fit, index.skipped),
        hints=() if whole else exclude_globs(index.files, capacity_tokens=capacity),
        notices=snapshot.notices,
    )


def _summary(fit: Fit, skipped: Sequence[Skipped]) -> str:
    if fit.whole and not skipped:
        return "The whole repository fits: every text file is in, in full."
    are = "is" if len(skipped) == 1 else "are"
    which, rest = "", f" {_count(len(skipped), 'file')} {are} not read." if skipped else ""
    if skipped:
        is_sparse = all(one.reason == OUT_OF_SIGHT for one in skipped)
        which = " that is checked out" if is_sparse else " that can be read"
    if fit.whole:
        return f"Every text file{which} is in, in full.{rest}"
    if fit.stepped_down:
        return (
            f"Every text file{which} is in, in full, but {len(fit.stepped_down)} lock, generated,"
            f" vendored or minified ones, left out to make room.{rest}"
        )
    if all(block.level == "outline" for block in fit.blocks.values()):
        return "Outlines alone: no file is in in full."
    return "The repository does not fit whole: the files that matter most are in, by priority."


def _entry(
    file: SourceFile, fit: Fit, ranked: tuple[int, Priority] | None, position: int
) -> ManifestEntry:
    block = fit.blocks.get(file.path)
    rank, priority = ranked if ranked is not None else (0, None)
    parts = [file.facts.reason]
    if priority is not None:
        parts += [priority.note] if priority.note else []
        parts += [f"used by {_count(priority.used_by, 'file')}"] if priority.used_by else []
        parts += [_count(priority.changes, "change")] if priority.changes else []
        parts.append(fit.reasons.get(file.path, "its text has gone"))
    if file.facts.findings:
        parts.append(f"{_count(len(file.facts.findings), 'secret')} redacted")
    return ManifestEntry(
        file.path,
        file.blob,
        file.facts.file_class.value,
        block.level if block is not None else "path",
        file.facts.tokens,
        block.tokens if block is not None else 0,
        rank,
        position,
        "; ".join(part for part in parts if part),
    )


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
