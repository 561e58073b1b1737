"""Times `bathy pack` against another packer on the same repositories, in one run, as ratios.

    python benchmarks/pack.py REPOSITORY... --peer 'repomix -o {out}' [--runs 3] [--workers 2]

Cold: empty caches. Warm: nothing changed since. Changed: one source file has one more line. Every
    figure is a whole process with its children: CPU seconds (user and system), wall seconds, and
    the peak of the sum of their proportional set sizes (PSS), read every 20 ms. Runs alternate
    between the two, and the medians are compared. Needs Linux. Works on copies and leaves the
    repositories alone.
"""

import argparse
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

POLL_S = 0.02


@dataclass(frozen=True)
class Cost:
    """What one run of a command took: CPU and wall seconds, and peak PSS in bytes."""

    cpu_s: float
    wall_s: float
    pss_bytes: int


def measure(command: list[str], cwd: Path, environment: Mapping[str, str]) -> Cost:
    """Run a command to its end; raise if it fails."""
    before = os.times()
    began_s = time.monotonic()
    process = subprocess.Popen(
        command, cwd=cwd, env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    peak = [0]
    done = threading.Event()
    watch = threading.Thread(target=_watch, args=(process.pid, peak, done))
    watch.start()
    _, stderr = process.communicate()
    wall_s = time.monotonic() - began_s
    done.set()
    watch.join()
    after = os.times()
    if process.returncode:
        sys.exit(f"{shlex.join(command)} failed: {stderr.decode(errors='replace')[-2000:]}")
    cpu_s = after.children_user + after.children_system
    return Cost(cpu_s - before.children_user - before.children_system, wall_s, peak[0])


def _watch(pid: int, peak: list[int], done: threading.Event) -> None:
    while not done.wait(POLL_S):
        peak[0] = max(peak[0], sum(_pss(each) for each in _tree(pid)))


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _tree(int(child))


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().split("\n")
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


class Contender:
    """A packer with caches of its own in a folder that can be emptied."""

    def __init__(self, name: str, command: str, work: Path) -> None:
        """Prepare a command line; {out} stands for the file that it writes to."""
        self.name = name
        self.caches = work / f"{name}-caches"
        self.command = shlex.split(command.replace("{out}", str(work / f"{name}.out")))

    def forget(self) -> None:
        """Empty the caches."""
        shutil.rmtree(self.caches, ignore_errors=True)

    def run(self, repository: Path) -> Cost:
        """Pack a repository once."""
        self.caches.mkdir(exist_ok=True)
        places = dict.fromkeys(("XDG_CACHE_HOME", "TMPDIR", "HOME"), str(self.caches))
        return measure(self.command, repository, {**os.environ, **places})


def compare(repository: Path, contenders: list[Contender], runs: int) -> list[dict[str, object]]:
    """Measure every contender cold, warm and after a change."""
    costs: dict[tuple[str, str], list[Cost]] = {}
    changed = _a_source_file(repository)
    for _ in range(runs):
        for contender in contenders:
            contender.forget()
            costs.setdefault((contender.name, "cold"), []).append(contender.run(repository))
            contender.run(repository)
            costs.setdefault((contender.name, "warm"), []).append(contender.run(repository))
            original = changed.read_bytes()
            changed.write_bytes(original + b"\n# one more line\n")
            costs.setdefault((contender.name, "changed"), []).append(contender.run(repository))
            changed.write_bytes(original)
    return [
        {
            "repository": repository.name,
            "packer": name,
            "state": state,
            "cpu_s": round(statistics.median(c.cpu_s for c in found), 2),
            "wall_s": round(statistics.median(c.wall_s for c in found), 2),
            "pss_mb": round(statistics.median(c.pss_bytes for c in found) / 1e6),
        }
        for (name, state), found in costs.items()
    ]


def _a_source_file(repository: Path) -> Path:
    """The largest Python file, or the largest file of all."""
    files = [p for p in repository.rglob("*.py") if p.is_file()] or [
        p for p in repository.rglob("*") if p.is_file() and ".git" not in p.parts
    ]
    return max(files, key=lambda p: (p.stat().st_size, p))


def main() -> None:
    """Measure, and print a table with ratios."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("repositories", nargs="+", type=Path)
    parser.add_argument("--peer", required=True, help="command; {out} is the file it writes")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--bathy", default=str(Path(sys.executable).parent / "bathy"))
    parser.add_argument("--json", type=Path, help="write the figures to a file too")
    args = parser.parse_args()
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        ours = f"{shlex.quote(args.bathy)} pack --quiet --workers {args.workers}"
        for source in args.repositories:
            copy = work / source.resolve().name
            subprocess.run(["git", "clone", "-q", str(source.resolve()), str(copy)], check=True)
            contenders = [Contender("bathy", ours, work), Contender("peer", args.peer, work)]
            rows += compare(copy, contenders, args.runs)
    print(
        "| repository | state | bathy CPU s | peer CPU s | ratio | wall | ratio | PSS MB | ratio |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        if row["packer"] == "bathy":
            _print_row(row, rows)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1))


def _print_row(ours: dict[str, object], rows: list[dict[str, object]]) -> None:
    theirs = next(
        r
        for r in rows
        if r["packer"] == "peer"
        and (r["repository"], r["state"]) == (ours["repository"], ours["state"])
    )
    cells = [str(ours["repository"]), str(ours["state"]), str(ours["cpu_s"]), str(theirs["cpu_s"])]
    for key, shown in (("cpu_s", False), ("wall_s", True), ("pss_mb", True)):
        if shown:
            cells.append(f"{ours[key]} / {theirs[key]}")
        cells.append(f"{float(str(ours[key])) / float(str(theirs[key])):.2f}")
    print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
