"""A pattern -> the lines of the repository that match it, found by `git grep -P`.

git only finds the places. The lines themselves are taken from the text as shown, so that what a
secret's mark hides in one tool is hidden in all, and a link in the path leads nowhere.
"""

import contextlib
import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from bathy.tools.base import (
    MAX_RESULT_CHARS,
    RepoView,
    Tool,
    ToolError,
    ToolResult,
    count_of,
    description_of,
    shorten,
    split_lines,
)
from bathy.tools.git import GitError, GitRepo, stream_bytes
from bathy.tools.paths import glob_filter, resolve_folder
from bathy.tools.workspace import decode_path, encode_path, quote_path
from pydantic import BaseModel, ConfigDict, Field

DEFAULT_RESULTS = 100
"""Matching lines shown where the model does not say."""

MOST_RESULTS = 1_000
MOST_PLACES = 50_000
"""The search ends after so many matching lines; the footer then says "at least"."""

TIMEOUT_S = 20
"""Seconds that one search may take."""

_MOST_CONTEXT = 20


class Grep(BaseModel):
    """What the model may ask for."""

    model_config = ConfigDict(extra="forbid")

    pattern: str = Field(description="PCRE, matched within a line; with fixed, the text itself")
    path: str = Field(default="", description="a file or folder to search in")
    glob: str = Field(default="", description="gitignore syntax, such as *.py; only these files")
    ignore_case: bool = Field(default=False, description="upper and lower case alike")
    fixed: bool = Field(default=False, description="the pattern is plain text")
    word: bool = Field(default=False, description="match whole words only")
    context_lines: int = Field(default=0, description="lines around each match, at most 20")
    max_results: int = Field(
        default=DEFAULT_RESULTS, description="matching lines to show, 100 if left out, at most 1000"
    )


Places = Mapping[str, Sequence[int]]
"""1-based numbers of the matching lines, ascending, by path."""


def grep(args: Grep, view: RepoView) -> ToolResult:
    """Search, and show the first matches by path."""
    fits = glob_filter(args.glob)
    wanted = frozenset(path for path in resolve_folder(view, args.path) if fits(path))
    places, is_whole = find_places(view, args, wanted)
    total = sum(map(len, places.values()))
    if not total:
        raise ToolError(_nothing(args, len(wanted)))
    limit = min(max(1, args.max_results), MOST_RESULTS)
    around = min(max(0, args.context_lines), _MOST_CONTEXT)
    body, shown = _render(view, places, limit, around)
    count = f"{count_of(total, 'matching line')} in {count_of(len(places), 'file')}"
    count = count if is_whole else f"at least {count}"
    footer = f"[{count}]"
    if shown < total:
        footer = f"[first {shown} of {count}; narrow with path or glob, or raise max_results]"
    return ToolResult("\n".join((*body, footer)), count)


def grep_raw(args: Grep, view: RepoView) -> bytes:
    """Search all text files below the root; give `path:line:text` for every match."""
    rows = list[bytes]()
    for path, numbers in find_places(view, args, None)[0].items():
        if args.path and not (path + "/").startswith(args.path.strip("/") + "/"):
            continue
        try:
            lines = view.raw(path).split(b"\n")
        except ToolError:
            continue
        name = encode_path(path)
        rows += [b"%s:%d:%s\n" % (name, n, lines[n - 1]) for n in numbers if n <= len(lines)]
    return b"".join(rows)


def find_places(
    view: RepoView, args: Grep, wanted: frozenset[str] | None
) -> tuple[dict[str, list[int]], bool]:
    """Find the matching lines.

    Args:
        view: Where to look.
        args: What to look for.
        wanted: Paths that count; None for all, without a limit.

    Returns:
        The places in byte order of the paths, and whether they are all there are.

    Raises:
        ToolError: The pattern is malformed, or the search takes too long.
    """
    notebooks = [path for path in wanted or () if path.endswith(".ipynb")]
    if not args.pattern or "\n" in args.pattern or "\0" in args.pattern:
        raise ToolError("pattern must be one line of text, not empty")
    found = dict[str, list[int]]()
    total, is_whole = 0, True
    try:
        with closing(_all_matches(view, args, notebooks)) as matches:
            for path, number in matches:
                if wanted is not None and path not in wanted:
                    continue
                found.setdefault(path, []).append(number)
                total += 1
                if wanted is not None and total >= MOST_PLACES:
                    is_whole = False
                    break
    except GitError as error:
        raise ToolError(_refused(str(error), args)) from error
    ordered = sorted(found, key=encode_path)
    return {path: found[path] for path in ordered}, is_whole


def _all_matches(
    view: RepoView, args: Grep, notebooks: Sequence[str]
) -> Generator[tuple[str, int], None, None]:
    """(path, line) of each match, in the lines of the text as shown.

    A notebook is shown as its cells, so a copy of that is searched in its place.
    """
    repo = view.git or GitRepo(view.root, view.root, view.root, is_bare=False)
    hidden = frozenset(notebooks)
    for path, number in _matches(repo, _command(view, args), view.commit):
        if path not in hidden:
            yield path, number
    if not notebooks:
        return
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for number, path in enumerate(notebooks):
            with contextlib.suppress(ToolError):
                text = view.shown(path).encode("utf-8", "surrogatepass")
                (root / str(number)).write_bytes(text)
        copies = GitRepo(root, root, root, is_bare=False)
        command = ["grep", *_options(args), "--no-index", "-e", args.pattern]
        for name, number in _matches(copies, command, ""):
            yield notebooks[int(name)], number


def _options(args: Grep) -> list[str]:
    options = ["-I", "-z", "-n", "--no-column", "--no-color", "--full-name"]
    options += ["--no-recurse-submodules", "-F" if args.fixed else "-P"]
    return [*options, *["-w"] * args.word, *["-i"] * args.ignore_case]


def _command(view: RepoView, args: Grep) -> list[str]:
    command = ["grep", *_options(args)]
    if view.git is None:
        command += ["--no-index", "--no-exclude-standard"]
    elif not view.commit:
        command.append("--untracked")
    command += ["-e", args.pattern]
    return [*command, view.commit] if view.commit else command


def _matches(
    repo: GitRepo, command: Sequence[str], commit: str
) -> Generator[tuple[str, int], None, None]:
    """(path, line) of each match. A record is the path, NUL, the number, NUL, text up to LF."""
    prefix = len(commit) + 1 if commit else 0
    rest = b""
    for chunk in stream_bytes(repo, *command, "--", no_match_code=1, timeout_s=TIMEOUT_S):
        data, at = rest + chunk, 0
        while (end := data.find(b"\0", at)) >= 0:
            colon = data.find(b"\0", end + 1)
            stop = data.find(b"\n", colon + 1) if colon >= 0 else -1
            if stop < 0:
                break
            yield decode_path(data[at + prefix : end]), int(data[end + 1 : colon])
            at = stop + 1
        rest = data[at:]


def _render(view: RepoView, places: Places, limit: int, around: int) -> tuple[list[str], int]:
    """Rows of the first matches, and how many matches they show."""
    rows, shown, chars = list[str](), 0, 0
    for path, numbers in places.items():
        if shown >= limit or chars > MAX_RESULT_CHARS:
            break
        try:
            lines = split_lines(view.shown(path))
        except ToolError:
            continue
        chosen = [n for n in numbers if n <= len(lines)][: limit - shown]
        rows.append(quote_path(path))
        for row, is_match in _rows(lines, chosen, around):
            rows.append(row)
            shown += is_match
            chars += len(row) + 1
            if chars > MAX_RESULT_CHARS:
                break
    return rows, shown


def _rows(lines: Sequence[str], numbers: Sequence[int], around: int) -> Iterator[tuple[str, bool]]:
    matching, last = set(numbers), 0
    for number in numbers:
        first = max(last + 1, number - around)
        if around and last and first > last + 1:
            yield "--", False
        for n in range(first, min(number + around, len(lines)) + 1):
            yield f"{n}{':' if n in matching else '-'}{shorten(lines[n - 1])}", n in matching
            last = n


def _nothing(args: Grep, files: int) -> str:
    advice = [
        "ignore_case" * (not args.ignore_case),
        "a wider path or glob" * bool(args.path or args.glob),
        "no word" * args.word,
        "fixed, if the pattern is plain text" * (not args.fixed),
    ]
    tried = ", ".join(filter(None, advice)) or "another word for the same thing"
    return f"no line of {files} files matches {args.pattern!r}; try {tried}"


def _refused(reason: str, args: Grep) -> str:
    if "was stopped" in reason:
        return f"the search took over {TIMEOUT_S} s; simplify the pattern, or give path or glob"
    return f"git grep refuses {args.pattern!r}: {reason}; escape it, or use fixed for plain text"


GREP = Tool("grep", description_of(__file__), Grep, grep, grep_raw)
"""The tool."""
