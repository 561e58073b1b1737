"""Ranked files and a budget -> a level of detail for each: full, outline or path.

What fits goes in whole. What does not is chosen by priority for its size, within quotas by class,
so that tests, translations or one large table cannot eat the window; room that the quotas leave is
then given away without them. Every cost is an exact count of rendered bytes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from bathy.agent.index.build import SourceFile
from bathy.agent.index.files import FileClass
from bathy.agent.pack.priority import Priority

Level = Literal["full", "outline", "path", "skipped"]

FULL_SHARE = 0.75
"""Part of the budget for full texts before outlines get their turn."""

SIZE_EXPONENT = 0.4
"""Priority is divided by tokens to this power: a large file must be worth its room. By trial: most
of what was changed next then stands within 128,000 tokens; see `docs/retrieval.md`."""

_STEP_DOWN = (FileClass.LOCK_FILE, FileClass.MINIFIED, FileClass.GENERATED, FileClass.VENDORED)
_QUOTAS: Mapping[FileClass, tuple[str, float]] = {
    FileClass.TEST: ("tests", 0.15),
    FileClass.DOCUMENTATION: ("documentation", 0.15),
    FileClass.CONFIGURATION: ("configuration", 0.08),
    FileClass.NOTEBOOK: ("notebooks", 0.05),
    **dict.fromkeys(
        (
            FileClass.DATA,
            FileClass.TRANSLATION,
            FileClass.LOCK_FILE,
            FileClass.GENERATED,
            FileClass.VENDORED,
            FileClass.MINIFIED,
            FileClass.LFS_POINTER,
            FileClass.SECRET,
        ),
        ("data, generated and vendored files", 0.03),
    ),
}
"""Share of the budget, while it is short, by group of classes. Source has no quota."""

# Measured over source in Python, JavaScript and Java: a numbered line costs about 2 tokens more.
_TOKENS_A_LINE = 2
TOKENS_AN_OUTLINE_LINE = 12
_GUESS_SLACK = 1.15
"""A guess may be so much too high; what is guessed beyond it certainly does not fit."""


class Block(NamedTuple):
    """A file at a level: its rendered bytes and their exact tokens."""

    level: Level
    text: str
    tokens: int


Render = Callable[[SourceFile, Level], Block | None]
"""Renders and counts a file at "full" or "outline"; None if its text has gone."""


@dataclass(frozen=True, slots=True)
class Fit:
    """The outcome for every ranked file.

    Attributes:
        blocks: By path, for files at "full" or "outline".
        reasons: By path, why a file has the level that it has.
        whole: Every text file is in, in full.
        stepped_down: Files left out of an otherwise whole pack.
    """

    blocks: Mapping[str, Block]
    reasons: Mapping[str, str]
    whole: bool
    stepped_down: tuple[str, ...]


def fit_files(
    files: Mapping[str, SourceFile],
    ranked: Sequence[Priority],
    *,
    budget_tokens: int,
    render: Render,
    may_choose: bool = True,
    may_step_down: bool = True,
) -> Fit | None:
    """Choose a level for every ranked file.

    Args:
        files: By path.
        ranked: Best first.
        budget_tokens: For file blocks alone, over 0.
        render: Gives exact costs.
        may_choose: Choose by priority if it must be; else give up.
        may_step_down: Leave out lock, generated, vendored and minified files, the largest first, if
            the rest then fits whole.

    Returns:
        A fit whose blocks hold at most `budget_tokens` together; None if it takes what the caller
        did not allow. Deterministic.
    """
    order = [files[p.path] for p in ranked]
    whole = _fit_whole(order, budget_tokens, render, may_step_down=may_step_down)
    if whole is not None or not may_choose:
        return whole
    return _fit_ladder(order, ranked, budget_tokens, render)


def fit_outlines(
    files: Mapping[str, SourceFile],
    ranked: Sequence[Priority],
    *,
    budget_tokens: int,
    render: Render,
) -> Fit:
    """Outline as many files as there is room for, best first, and show none in full."""
    order = [files[p.path] for p in ranked]
    chosen = _Chosen(budget_tokens, render)
    chosen.fill(order, "outline", limit=budget_tokens, quotas=True)
    chosen.fill(order, "outline", limit=budget_tokens, quotas=False)
    reasons = dict.fromkeys(chosen.blocks, "outlines were asked for")
    for file in order:
        reasons.setdefault(file.path, "it has no outline, or the budget no room")
    return Fit(chosen.blocks, reasons, whole=False, stepped_down=())


def estimate_tokens(file: SourceFile) -> int:
    """Guess what a file costs in full, with its line numbers, to within a tenth."""
    return file.facts.tokens + _TOKENS_A_LINE * file.facts.lines + 15


def _fit_whole(
    order: Sequence[SourceFile], budget_tokens: int, render: Render, *, may_step_down: bool
) -> Fit | None:
    """Everything in full, or all but the largest lock, generated and vendored files."""
    spare = [f for f in order if f.facts.file_class in _STEP_DOWN and may_step_down]
    spare.sort(key=lambda f: (-f.facts.tokens, f.path))
    stepped: dict[str, str] = {}
    guess = sum(estimate_tokens(f) for f in order)
    # Rendering is exact and dear: what is plainly too much is not rendered at all.
    while spare and guess > budget_tokens * _GUESS_SLACK:
        largest = spare.pop(0)
        guess -= estimate_tokens(largest)
        stepped[largest.path] = files_label(largest)
    if guess > budget_tokens * _GUESS_SLACK:
        return None
    kept = (f for f in order if f.path not in stepped)
    blocks = {f.path: block for f in kept if (block := render(f, "full")) is not None}
    total = sum(block.tokens for block in blocks.values())
    for file in spare:
        if total > budget_tokens and file.path in blocks:
            total -= blocks.pop(file.path).tokens
            stepped[file.path] = files_label(file)
    if total > budget_tokens:
        return None
    what = "all that is written by hand fits" if stepped else "the whole repository fits"
    reasons = dict.fromkeys(blocks, what)
    for path, label in stepped.items():
        reasons[path] = f"{label} left out so that the rest fits whole"
    return Fit(blocks, reasons, not stepped, tuple(stepped))


def _fit_ladder(
    order: Sequence[SourceFile], ranked: Sequence[Priority], budget_tokens: int, render: Render
) -> Fit:
    scores = {p.path: p.score for p in ranked}
    by_value = sorted(
        order,
        key=lambda f: (-scores[f.path] / estimate_tokens(f) ** SIZE_EXPONENT, f.path),
    )
    chosen = _Chosen(budget_tokens, render)
    chosen.fill(by_value, "full", limit=int(budget_tokens * FULL_SHARE), quotas=True)
    chosen.fill(order, "outline", limit=budget_tokens, quotas=True)
    chosen.fill(by_value, "full", limit=budget_tokens, quotas=False)
    chosen.fill(order, "outline", limit=budget_tokens, quotas=False)
    for file in order:
        chosen.reasons.setdefault(file.path, "over the budget")
    return Fit(chosen.blocks, chosen.reasons, whole=False, stepped_down=())


class _Chosen:
    """Blocks taken so far, and what each group of classes has used."""

    def __init__(self, budget_tokens: int, render: Render) -> None:
        self.blocks: dict[str, Block] = {}
        self.reasons: dict[str, str] = {}
        self._budget = budget_tokens
        self._render = render
        self._used = 0
        self._group_used: dict[str, int] = {}

    def fill(self, files: Iterable[SourceFile], level: Level, *, limit: int, quotas: bool) -> None:
        for file in files:
            if file.path in self.blocks:
                continue
            guess = _guess(file, level)
            group, share = _QUOTAS.get(file.facts.file_class, ("", 1.0))
            room = limit - self._used
            if quotas and group:
                left = int(self._budget * share) - self._group_used.get(group, 0)
                if room > left and guess > left * _GUESS_SLACK:
                    self.reasons[file.path] = f"over the budget; the share of {group} is used up"
                room = min(room, left)
            if not guess or guess > room * _GUESS_SLACK:
                continue
            block = self._render(file, level)
            if block is None or block.tokens > room:
                continue
            self.blocks[file.path] = block
            self._used += block.tokens
            self._group_used[group] = self._group_used.get(group, 0) + block.tokens
            self.reasons[file.path] = (
                "chosen by priority for its size" if level == "full" else "over the budget in full"
            )


def _guess(file: SourceFile, level: Level) -> int:
    if level == "full":
        return estimate_tokens(file)
    lines = sum(last - first + 1 for first, last in file.facts.symbols.outline)
    return lines * TOKENS_AN_OUTLINE_LINE


def files_label(file: SourceFile) -> str:
    """Name a file's class for a sentence: "lock file", "generated file"."""
    name = file.facts.file_class.value.replace("_", " ")
    return name if name.endswith(("file", "pointer", "notebook")) else f"{name} file"
