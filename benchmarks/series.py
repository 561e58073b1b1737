"""What the frozen prefix is worth: questions about a moving repository, each a new process.

  python benchmarks/series.py --repo /mirrors/pallets+flask [--cache any] [--questions repoqa.jsonl]

A clone starts some commits of the first-parent line behind and is moved on between the questions at even
distances, its `origin/main` with it. The model is the endpoint of the tests, which counts what the service would
find in its cache; its answers are one line. Hits, misses and tokens are those of the endpoint, over all requests
of a process, one that only warms the cache included; dollars and predictions are what the process reports.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from endpoint.prefix_cache import UNIT_TOKENS
from endpoint.script import Reply
from endpoint.server import Endpoint, Recorded

GENERAL = (
    "How are errors handled?",
    "Where does the program start, and what happens first?",
    "What are the main parts, and how do they depend on each other?",
    "Where is configuration read, and what overrides what?",
    "What does the public interface consist of?",
    "How is the code tested, and what do tests share?",
    "Which state is shared between calls or threads?",
    "How is text encoded and decoded?",
    "What is cached, and when is it thrown away?",
    "Which inputs are checked before they are used?",
    "How are resources such as files and connections closed?",
    "What is deprecated, and what takes its place?",
    "How does logging work?",
    "Which other packages are needed, and what for?",
    "How could a user extend this without changing it?",
    "What was changed most recently, and why?",
    "Where are defaults defined?",
    "Which parts talk to the network or the file system?",
    "How are types and data structures declared?",
    "How is a release built?",
)
ANSWER = Reply("It is said in the code.", "I have read it.")
TOKENS = ("prompt_tokens", "cache_hit_tokens", "cache_miss_tokens")
"""Of a usage and of a forecast."""

ENDS_S = 600
"""A process that takes longer is given up."""


@dataclass(frozen=True)
class Answered:
    """A question, the commit that it was asked at, and what came of it.

    Attributes:
        question: As asked.
        commit: Id of `HEAD`.
        requests: All that the process sent.
        result: The JSON that it printed.
    """

    question: str
    commit: str
    requests: Sequence[Recorded]
    result: dict[str, Any]

    @property
    def tokens(self) -> int:
        """Of all prompts."""
        return sum(one.prompt_tokens for one in self.requests)

    @property
    def hits(self) -> int:
        """Of these, found in the cache."""
        return sum(one.hit_tokens for one in self.requests)

    @property
    def base_id(self) -> str:
        """Of the part of the pack that is to be cached; "" if none is told."""
        return str(self._pack.get("base_id") or "")

    @property
    def overlay_tokens(self) -> int | None:
        """Of the changes since the base."""
        return self._pack.get("overlay_tokens")

    @property
    def misses_base(self) -> bool:
        """Whether the first request hit less than the base; without one, than the whole pack."""
        base = int(self._pack.get("tokens") or 0)
        hits = self.requests[0].hit_tokens if self.requests else 0
        return hits < base // UNIT_TOKENS * UNIT_TOKENS

    @property
    def usage(self) -> dict[str, int]:
        """Tokens as the process reports them."""
        found: dict[str, int] = self.result.get("usage") or {}
        return found

    @property
    def cost_usd(self) -> float:
        """Of prompts and answers, as the process reports it."""
        return float(self.result.get("total_cost_usd") or 0)

    @property
    def prompt_usd(self) -> float:
        """Of the prompts alone, as the process reports it; of all, if it tells them not apart."""
        cache: dict[str, float] = self.result.get("cache") or {}
        return cache.get("prompt_cost_usd", self.cost_usd)

    @property
    def forecast(self) -> dict[str, float]:
        """What the process predicted of its prompts; empty if nothing."""
        found: dict[str, Any] = self.result.get("forecast") or {}
        usd = found.get("prompt_cost_usd", found.get("cost_usd"))
        tokens = {key: found[key] for key in TOKENS if key in found}
        return tokens if usd is None else {**tokens, "usd": usd}

    @property
    def _pack(self) -> dict[str, Any]:
        return self.result.get("pack") or {}


def main() -> None:
    """Ask, and print a table and a summary."""
    args = _parser().parse_args()
    if args.ask_otherwise is not None:
        ask_otherwise(args.layout, args.ask_otherwise)
        return
    count = args.questions_per_run
    questions = read_questions(args.questions, args.repo.resolve(), count)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        clone, home = work / "clone", work / "home"
        home.mkdir()
        line = clone_behind(args.repo.resolve(), clone, args.commits)
        with Endpoint(lambda _: ANSWER, cache=args.cache) as endpoint:
            environment = {**_places(home), "DEEPSEEK_API_KEY": "test"}
            environment["DEEPSEEK_BASE_URL"] = endpoint.base_url
            series = []
            for number, question in enumerate(questions):
                commit = line[number * len(line) // len(questions)]
                move(clone, commit)
                before = len(endpoint.requests)
                if args.layout == "frozen":
                    command = [args.bathy, f"--task={question}", "--output-format=json"]
                else:
                    command = [sys.executable, __file__, "--repo=.", "--layout", args.layout]
                    command += ["--ask-otherwise", question]
                result = ask(command, clone, environment)
                series.append(Answered(question, commit, endpoint.requests[before:], result))
                print(f"\r{number + 1}/{len(questions)}", end="", file=sys.stderr)
            print(file=sys.stderr)
    over = f"{len(series)} questions over {len(line) - 1} commits"
    print(f"{args.repo}: {over}, cache {args.cache}, layout {args.layout}")
    print_table(series)
    print_summary(series)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repo", type=Path, required=True, help="a clone, bare ones do")
    parser.add_argument("--cache", choices=["units", "any"], default="units", help="what is kept")
    parser.add_argument("--questions", type=Path, help="JSON lines with a question, maybe a repo")
    parser.add_argument("--questions-per-run", type=int, default=len(GENERAL))
    parser.add_argument("--commits", type=int, default=8, help="that the clone is moved on by")
    parser.add_argument(
        "--layout",
        choices=["frozen", "resorted", "shared"],
        default="frozen",
        help="frozen as bathy asks; for comparison the pack of each commit anew, in its own order,"
        " and one turn that base, changes and question share",
    )
    parser.add_argument("--ask-otherwise", help=argparse.SUPPRESS)
    parser.add_argument("--bathy", default=str(Path(sys.executable).parent / "bathy"))
    return parser


def read_questions(file: Path | None, repo: Path, count: int) -> list[str]:
    """Read questions about a repository, filled up with general ones.

    Args:
        file: JSON lines; those whose `repo` is OWNER/NAME of another repository are left out.
        repo: A path with a part OWNER+NAME.
        count: How many; general ones are repeated.
    """
    name = next((part.replace("+", "/") for part in repo.parts if "+" in part), "")
    lines = file.read_text(encoding="utf-8").split("\n") if file else []
    items = [json.loads(line) for line in lines if line.strip()]
    found = [item["question"] for item in items if item.get("repo") in (None, name)][:count]
    return found + [GENERAL[n % len(GENERAL)] for n in range(count - len(found))]


def git(folder: Path, *args: str | Path) -> str:
    """Run git; raise if it fails."""
    done = subprocess.run(["git", *args], cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def clone_behind(source: Path, clone: Path, count: int) -> list[str]:
    """Clone a repository, and let no ref know more than what `move` is told.

    Args:
        source: What is cloned.
        clone: A folder that is not there yet.
        count: Commits that the clone can be moved on by.

    Returns:
        Ids of `count` + 1 commits of the first-parent line, oldest first.
    """
    no_log = ("-c", "core.logAllRefUpdates=false")
    git(source, "clone", "-q", "--no-tags", *no_log, source, clone)
    newest = git(clone, "rev-list", "--first-parent", f"--max-count={count + 1}", "HEAD").split()
    git(clone, "checkout", "-q", "-B", "main", newest[-1])
    for ref in git(clone, "for-each-ref", "--format=%(refname)").split():
        if ref != "refs/heads/main":
            git(clone, "update-ref", "--no-deref", "-d", ref)
    git(clone, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    return newest[::-1]


def move(clone: Path, commit: str) -> None:
    """Let a commit be checked out, and be all that origin has."""
    git(clone, "reset", "-q", "--hard", commit)
    git(clone, "update-ref", "refs/remotes/origin/main", commit)


def _places(home: Path) -> dict[str, str]:
    kinds = ("CACHE_HOME", "CONFIG_HOME", "DATA_HOME", "STATE_HOME")
    folders = {f"XDG_{kind}": str(home / kind.lower()) for kind in kinds}
    return {"PATH": os.environ["PATH"], "HOME": str(home), **folders}


def ask(command: Sequence[str], clone: Path, environment: dict[str, str]) -> dict[str, Any]:
    """Ask in a new process; return its result, or end if it fails."""
    done = subprocess.run(
        command,
        cwd=clone,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=ENDS_S,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{command} ended with {done.returncode}:\n{done.stderr[-4000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def ask_otherwise(layout: str, question: str) -> None:
    """Ask in this process, with the messages laid out in another way; print a result."""
    from bathy.agent.config import Settings, read_service
    from bathy.agent.loop.prompt import prefix_messages
    from bathy.agent.model.messages import Message, Reply
    from bathy.agent.modes.ask import open_run
    from bathy.agent.modes.compose import open_bench
    from bathy.agent.modes.first_prompt import Task
    from bathy.agent.modes.progress import Progress

    settings = Settings()
    with (
        open_bench(settings, Progress(quiet=True, verbose=False)) as bench,
        open_run(bench, read_service(settings), Task(question), is_dry=True) as asked,
    ):
        request = asked.run.preview().request
        system, *rest = request.messages
        if layout == "resorted":
            manifest, text = bench.pack(with_text=True)
            pack = {"tokens": manifest.tokens}
            messages = (*prefix_messages(text), request.messages[-1])
        else:
            pack = {"tokens": (asked.start.header["pack"] or {}).get("tokens", 0)}
            told = "\n\n".join(one.content for one in rest if one.role == "user")
            messages = (system, Message("user", told))

        async def last() -> Reply:
            deltas = [d async for d in asked.client.stream(replace(request, messages=messages))]
            await asked.client.close()
            assert isinstance(deltas[-1], Reply)
            return deltas[-1]

        usage = asyncio.run(last()).usage
    print(json.dumps({"usage": asdict(usage) if usage else {}, "pack": pack}))


Column = tuple[str, Callable[[int, Answered], str]]
COLUMNS: tuple[Column, ...] = (
    ("#", lambda number, _: str(number)),
    ("commit", lambda _, a: a.commit[:8]),
    ("requests", lambda _, a: "+".join(_kind(one) for one in a.requests)),
    ("tokens", lambda _, a: f"{a.tokens:,}"),
    ("hit", lambda _, a: f"{a.hits:,}"),
    ("miss", lambda _, a: f"{a.tokens - a.hits:,}"),
    ("predicted hit", lambda _, a: _number(a.forecast.get("cache_hit_tokens"))),
    ("predicted miss", lambda _, a: _number(a.forecast.get("cache_miss_tokens"))),
    ("USD", lambda _, a: f"{a.cost_usd:.5f}"),
    ("prompt USD", lambda _, a: f"{a.prompt_usd:.5f}"),
    ("predicted", lambda _, a: _number(a.forecast.get("usd"), ".5f")),
    ("base", lambda _, a: a.base_id[:8] or "-"),
    ("overlay", lambda _, a: _number(a.overlay_tokens)),
    ("misses base", lambda _, a: "yes" if a.misses_base else ""),
)


def _kind(request: Recorded) -> str:
    """Say whether a request asks, only warms the cache, or was answered with an error."""
    if request.status != 200:
        return str(request.status)
    return "warm" if request.body.get("max_tokens") == 1 else "ask"


def _number(value: float | None, form: str = ",") -> str:
    return "-" if value is None else format(value, form)


def print_table(series: Sequence[Answered]) -> None:
    """Print a line for each question."""
    names = [name for name, _ in COLUMNS]
    lines = [[cell(n, each) for _, cell in COLUMNS] for n, each in enumerate(series, 1)]
    widths = [max(map(len, column)) for column in zip(names, *lines, strict=True)]
    for cells in (names, ["-" * width for width in widths], *lines):
        padded = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
        print("| " + " | ".join(padded) + " |")


def print_summary(series: Sequence[Answered]) -> None:
    """Print sums, what was missed, and predictions beside what came."""
    later = series[1:]
    hits, tokens = sum(a.hits for a in later), sum(a.tokens for a in later)
    print(f"hit from the 2nd question on: {_share(hits, tokens)} ({hits:,} of {tokens:,})")
    explain_misses(later)
    bases = {a.base_id for a in series} - {""}
    print(f"bases: {len(bases)}; missed by {_numbers(series, lambda a: a.misses_base)}")
    usd = sum(a.cost_usd for a in series)
    print(f"dollars: {usd:.5f}, of which {series[0].cost_usd:.5f} for the first question")
    print("predicted, of what was reported by those that predict it:")
    for key in (*TOKENS, "usd"):
        foretold = [a for a in series if key in a.forecast]
        said = sum(a.forecast[key] for a in foretold)
        came = sum(a.prompt_usd if key == "usd" else a.usage.get(key, 0) for a in foretold)
        print(f"  {key:17} {_share(said, came)} ({len(foretold)} questions)")
    wrong = _numbers(series, lambda a: _reported(a) != (a.tokens, a.hits))
    print(f"reported otherwise than the endpoint counts: by {wrong}")


def explain_misses(series: Sequence[Answered]) -> None:
    """Print what was not cached, by what it was; and what a change of base cost."""
    parts: dict[str, int] = {}
    for each in series:
        for label, tokens in (each.result.get("cache") or {}).get("uncached", {}).items():
            parts[label] = parts.get(label, 0) + tokens
    missed = sum(a.tokens - a.hits for a in series)
    told = ", ".join(f"{label} {tokens:,}" for label, tokens in parts.items())
    print(f"not cached: {missed:,}; explained {_share(sum(parts.values()), missed)}: {told or '-'}")
    changes = [a for a, b in zip(series[1:], series, strict=False) if a.base_id != b.base_id]
    for each in changes:
        rest = [a for a in series if a is not each]
        hits, tokens = sum(a.hits for a in rest), sum(a.tokens for a in rest)
        print(
            f"a planned change of base at {each.commit[:8]} missed {each.tokens - each.hits:,};"
            f" without it {_share(hits, tokens)}"
        )


def _reported(a: Answered) -> tuple[int | None, int | None]:
    return a.usage.get("prompt_tokens"), a.usage.get("cache_hit_tokens")


def _numbers(series: Iterable[Answered], holds: Callable[[Answered], bool]) -> str:
    found = [str(number) for number, each in enumerate(series, 1) if holds(each)]
    return ", ".join(found) or "none"


def _share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "-"


if __name__ == "__main__":
    main()
