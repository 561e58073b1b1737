"""An index and a budget -> the packed prompt and its manifest: choice, detail, place, bytes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bathy.agent.errors import BudgetError
from bathy.agent.index.build import Index, SourceFile
from bathy.agent.index.tokens import TOKENIZER
from bathy.agent.pack.advice import exclude_globs
from bathy.agent.pack.fit import Block, Fit, Level, fit_files
from bathy.agent.pack.manifest import Manifest, ManifestEntry
from bathy.agent.pack.priority import Priority, rank_files
from bathy.agent.pack.render import FOOTER, HEADER, render_file, render_outline, render_tree

WINDOW_TOKENS = 1_048_576
"""Window of DeepSeek V4, prompt and answer together (the service's model page, 15 Nov 2026)."""

RESERVE_TOKENS = 131_072
"""Kept free of the pack: instructions, evidence, the conversation, thinking and the answer."""

DEFAULT_TOKENS = 500_000
"""Budget for a repository that does not fit whole: recall falls with length."""

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


def pack_index(index: Index, *, budget: int | str | None, shown: ShownText, count: Count) -> Packed:
    """Pack a repository.

    Args:
        index: What it holds.
        budget: Tokens, "max" for all that the window leaves, or None: the whole repository if it
            fits into the window, else without lock, generated and vendored files if they make the
            difference, else the best `DEFAULT_TOKENS`.
        shown: Gives texts.
        count: Counts tokens.

    Returns:
        A pack of at most the budget. The same index and budget give the same bytes.

    Raises:
        BudgetError: Not even the list of folders fits.
    """
    capacity = WINDOW_TOKENS - RESERVE_TOKENS
    ranked = rank_files(index)
    attempts: list[_Attempt]
    if budget is None:
        attempts = [
            _Attempt(capacity, may_step_down=False, may_choose=False),
            _Attempt(DEFAULT_TOKENS, may_step_down=True, may_choose=False),
            _Attempt(capacity, may_step_down=True, may_choose=False),
            _Attempt(DEFAULT_TOKENS, may_step_down=True, may_choose=True),
        ]
    else:
        allowed = capacity if isinstance(budget, str) else budget
        attempts = [_Attempt(allowed, may_step_down=True, may_choose=True)]
    found = (_pack(index, ranked, attempt, shown, count) for attempt in attempts)
    return next(packed for packed in found if packed is not None)


class _Attempt(NamedTuple):
    """A budget, and what may be given up for it."""

    budget: int
    may_step_down: bool
    may_choose: bool


def _pack(
    index: Index,
    ranked: Sequence[Priority],
    attempt: _Attempt,
    shown: ShownText,
    count: Count,
) -> Packed | None:
    budget = attempt.budget
    paths = [f.path for f in index.files] + [s.path for s in index.skipped]
    with_names, frame = _frame_tokens(paths, budget, count)
    fit = fit_files(
        index.by_path,
        ranked,
        budget_tokens=budget - frame,
        render=_renderer(shown, count),
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
    return Packed(text, _manifest(index, ranked, fit, placed, budget, tokens, tree_tokens))


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
    budget: int,
    tokens: int,
    tree_tokens: int,
) -> Manifest:
    ranks = {p.path: (at, p) for at, p in enumerate(ranked, 1)}
    positions = {path: at for at, path in enumerate(placed, 1)}
    entries = [_entry(f, fit, ranks.get(f.path), positions.get(f.path, 0)) for f in index.files]
    entries += [
        ManifestEntry(s.path, "", "", "skipped", 0, 0, 0, 0, s.reason) for s in index.skipped
    ]
    entries.sort(key=lambda e: e.path.encode("utf-8", "surrogateescape"))
    snapshot = index.snapshot
    whole = fit.whole or bool(fit.stepped_down)
    capacity = WINDOW_TOKENS - RESERVE_TOKENS
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
        summary=_summary(fit),
        hints=() if whole else exclude_globs(index.files, capacity_tokens=capacity),
        notices=snapshot.notices,
    )


def _summary(fit: Fit) -> str:
    if fit.whole:
        return "The whole repository fits: every text file is in, in full."
    if fit.stepped_down:
        return (
            f"Every text file is in, in full, but {len(fit.stepped_down)} lock, generated, vendored"
            " or minified ones, left out to make room."
        )
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
