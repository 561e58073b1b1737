"""Citations of real answers, as they are and damaged, against the checker.

  python benchmarks/citations.py --data repoqa.jsonl --repos DIR [--show KIND]

Each line of the data has `repo`, `commit`, `answer` and `answer_cites` ([path, first, last]); repositories lie in
DIR/OWNER+NAME (bare ones do). The lines that an answer names in prose are turned into [path:first-last] at the
place where they stand. Damage is drawn from a generator that is seeded by the citation.
"""

import argparse
import collections
import json
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bathy.agent.index.live import LiveView
from bathy.agent.index.repo import locate, read_snapshot
from bathy.agent.loop.citations import check_citations
from bathy.agent.loop.claims import Claim, read_claim, sentence_around


class Files:
    """A commit, each file read once."""

    def __init__(self, root: Path, commit: str) -> None:
        snapshot = read_snapshot(locate(root), root, rev=commit, known={})
        self._view = LiveView(snapshot, lambda _path: None)
        self.paths = self._view.paths
        self._cache: dict[str, Sequence[str] | None] = {}

    def lines(self, path: str) -> Sequence[str] | None:
        """Return the lines of a text."""
        if path not in self._cache:
            self._cache[path] = self._view.lines(path)
        return self._cache[path]


class Case(NamedTuple):
    """A citation between the text before and after it, and what it truly means."""

    kind: str
    before: str
    place: str
    after: str
    path: str
    first: int
    last: int


def cite(path: str, first: int, last: int) -> str:
    """Write a citation."""
    return f"[{path}:{first}-{last}]" if last > first else f"[{path}:{first}]"


def placed(answer: str, path: str, first: int, last: int) -> Case | None:
    """Put a citation where the answer names its lines; None if that cannot be found."""
    name = path.rpartition("/")[2]
    dash = "[-\N{EN DASH}]"
    numbers = rf"{first}(?:\s?{dash}\s?|\s?/\s?| to | and ){last}" if last > first else f"{first}"
    lines = rf"(?:\blines?\s+|#L|:L?|\bL)?(?<![\w.])(?<!\n){numbers}(?![\w.]*\d)"
    places = list(re.finditer(lines, answer))
    names = [m.start() for m in re.finditer(re.escape(name), answer)]
    if not places or not names:
        return None
    best = min(places, key=lambda m: (min(abs(m.start() - n) for n in names), m.start()))
    begin, end = best.start(), best.end()
    opening = answer.rfind("(", max(0, begin - 100), begin)
    closing = answer.find(")", end, end + 100)
    inside = answer[opening + 1 : closing] if opening >= 0 and closing >= 0 else ")"
    if not set("()") & set(inside) and len(re.findall(rf"\d+(?:{dash}\d+)?", inside)) == 1:
        begin, end = opening, closing + 1
    own = re.search(
        rf"(?:\b(?:in|at|from|of|see)\s+)?`?(?:[\w./-]*/)?{re.escape(name)}`?(?:\s*,|\s+at|:)?\s*$",
        answer[max(0, begin - 150) : begin],
    )
    space = ""
    if own:
        begin, end, space = begin - len(own[0]), end + (answer[end : end + 1] == "`"), " "
    return Case(
        "as it is", answer[:begin] + space, cite(path, first, last), answer[end:], path, first, last
    )


def claim_of(case: Case) -> Claim:
    """What stands beside a citation on its left, or in the code block after it."""
    text = case.before + case.place + case.after
    start, _ = sentence_around(text, len(case.before), len(case.before) + len(case.place))
    left = text[start : len(case.before)]
    return read_claim(left, "", left, case.after[:9000])


def damaged(case: Case, files: Files, rng: random.Random) -> Iterator[Case]:
    """Every damage that can be done to a citation."""
    path, first, last = case.path, case.first, case.last
    count, length = len(files.lines(path) or ()), last - first + 1
    steps = {
        "shifted near": rng.randint(length + 2, length + 15),
        "shifted far": rng.randint(length + 20, length + 200),
    }
    for kind, step in steps.items():
        starts = [a for a in (first + step, first - step) if a >= 1 and a + length - 1 <= count]
        if starts:
            yield case._replace(kind=kind, place=cite(path, starts[0], starts[0] + length - 1))
    yield case._replace(kind="beyond the end", place=cite(path, count + 5, count + 5 + length))
    ending = "." + path.rpartition(".")[2]
    rivals = [p for p in files.paths if p != path and p.endswith(ending) and files.lines(p)]
    if rivals:
        other = rng.choice(rivals)
        size = len(files.lines(other) or ())
        begin = first if last <= size else rng.randint(1, max(1, size - length))
        yield case._replace(
            kind="swapped path", place=cite(other, begin, min(size, begin + length - 1))
        )
    names = [name for name, _ in claim_of(case).names]
    if names:
        yield renamed(case, names, files, rng)
    name = path.rpartition("/")[2]
    if sum(p.rpartition("/")[2] == name for p in files.paths) > 1 and "/" in path:
        yield case._replace(kind="ambiguous name", place=cite(name, first, last))


def renamed(case: Case, names: Sequence[str], files: Files, rng: random.Random) -> Case:
    """The same citation beside other identifiers of the same repository."""
    some = rng.sample(list(files.paths), min(60, len(files.paths)))
    text = "\n".join(line for path in some for line in (files.lines(path) or ())[:300])
    pool = sorted(set(re.findall(r"\b[a-z]+_[a-z_]+\b|\b[A-Z][a-z]+[A-Z]\w+\b", text)) - set(names))
    other = {name: rng.choice(pool) for name in names}
    start, _ = sentence_around(case.before + case.place, len(case.before), len(case.before))

    def swap(part: str) -> str:
        return re.sub(r"[A-Za-z_$][\w$]*", lambda m: other.get(m[0], m[0]), part)

    before = case.before[:start] + swap(case.before[start:])
    return case._replace(
        kind="wrong symbols", before=before, after=swap(case.after[:200]) + case.after[200:]
    )


def cases(rows: Iterable[dict[str, Any]], repos: Path) -> Iterator[tuple[str, Case, Files]]:
    """(whether something is named beside it, citation, files) of every citation and damage."""
    known: dict[tuple[str, str], Files] = {}
    for row in rows:
        root = repos / row["repo"].replace("/", "+")
        root = root / "repo" if (root / "repo").exists() else root
        key = row["repo"], row["commit"]
        files = known[key] = known.get(key) or Files(root, row["commit"])
        for path, first, last in row["answer_cites"]:
            case = placed(row["answer"], path, first, last)
            if case is None or last > len(files.lines(path) or ()):
                continue
            claim = claim_of(case)
            group = "named" if claim.names or claim.quotes else "bare"
            rng = random.Random(f"{row['id']} {path} {first} {last}")
            for each in (case, *damaged(case, files, rng)):
                yield group, each, files


def main() -> None:
    """Print the shares that are caught."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--repos", type=Path, required=True)
    parser.add_argument("--show", help="print the misses of this kind")
    args = parser.parse_args()
    total, caught, repaired = (collections.Counter[tuple[str, str]]() for _ in range(3))
    for group, case, files in cases(map(json.loads, args.data.open()), args.repos):
        checked = check_citations(case.before + case.place + case.after, files).citations
        found = next((c for c in checked if f"[{c.written}]" == case.place), None)
        status = found.status if found else "not seen"
        right = status == "repaired" and found is not None and found.path == case.path
        right = right and found.start_line <= case.last and found.end_line >= case.first
        kinds = [case.kind] if case.kind == "as it is" else [case.kind, "all damage"]
        for key in [(g, kind) for g in (group, "all") for kind in kinds]:
            total[key] += 1
            caught[key] += status != "verified"
            repaired[key] += right
        if args.show == case.kind and (status != "verified") == (case.kind == "as it is"):
            print("---", group, case.place, status, repr(case.before[-300:]), repr(case.after[:80]))
    print(
        "not verified, of n (repaired to the right place); beside a bare citation nothing is named"
    )
    for kind in dict.fromkeys(kind for _, kind in total):
        row = [
            f"{g} {100 * caught[g, kind] / total[g, kind]:5.1f} % of {total[g, kind]:4} ({repaired[g, kind]})"
            for g in ("all", "named", "bare")
            if total[g, kind]
        ]
        print(f"{kind:15}", "  ".join(row))


if __name__ == "__main__":
    main()
