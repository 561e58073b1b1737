"""A pattern -> the lines of the repository that match it, found by `git grep -P`.

git only finds the places. The lines themselves are taken from the text as shown, so that what a
secret's mark hides in one tool is hidden in all, and a link in the path leads nowhere.
"""

import functools
import re
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
from bathy.tools.decode import decode
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

_MARK = r"\A(?:\xff\xfe|\xfe\xff|\x00\x00\xfe\xff)"
"""A byte order mark of UTF-16 or UTF-32. It fails at once, so git only has to read the files."""

_NOT_ASCII = r"[\x80-\xff]"
_NUL = r"\x00"

_BYTEWISE = re.compile(r"(?:[\w ,;:=#\"'/<>@!%&~`{}\]|()$-]|\\[^\w\s]|\.[*+])*", re.ASCII)
"""Patterns for which a byte is as good as a character: no class, single dot or Unicode property.

`^` is not among them, for a byte order mark stands before the first line. Ignoring case passes over
the two characters beyond ASCII whose other case is in it, the long s and the Kelvin sign.
"""

_BEYOND_ASCII = re.compile(
    r"\\x\{0*(?:[89a-f][0-9a-f]|[1-9a-f][0-9a-f]{2,})\}|\\[\x00-\x7f]|[^\x00-\x7f]", re.IGNORECASE
)
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
_UTF_VERB = re.compile(r"(?:\(\*[^)]*\))*?\(\*UTF")


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
        wanted: Paths that count, searched as they are shown; None for all that git calls text, byte
            by byte and without a limit.

    Returns:
        The places in byte order of the paths, and whether they are all there are.

    Raises:
        ToolError: The pattern is malformed, or the search takes too long.
    """
    _check(args.pattern)
    found = dict[str, list[int]]()
    total, is_whole = 0, True
    try:
        with closing(_all_matches(view, args, wanted)) as matches:
            for path, number in matches:
                found.setdefault(path, []).append(number)
                total += 1
                if wanted is not None and total >= MOST_PLACES:
                    is_whole = False
                    break
    except GitError as error:
        raise ToolError(_refused(str(error), args)) from error
    ordered = sorted(found, key=encode_path)
    return {path: found[path] for path in ordered}, is_whole


def quote(text: str) -> str:
    """Return the pattern that matches a text itself."""
    return _PUNCTUATION.sub(r"\\\g<0>", text)


def _check(pattern: str) -> None:
    if not pattern or "\n" in pattern or "\0" in pattern:
        raise ToolError("pattern must be one line of text, not empty")
    if not pattern.isascii() and any("\ud800" <= character <= "\udfff" for character in pattern):
        raise ToolError("pattern holds half of a surrogate pair, which no text holds; leave it out")
    if _UTF_VERB.match(pattern):
        raise ToolError("leave (*UTF) out of the pattern; it matches characters as it is")


def _all_matches(
    view: RepoView, args: Grep, wanted: frozenset[str] | None
) -> Generator[tuple[str, int], None, None]:
    """(path, line) of each match, in the lines of the text as shown.

    Where that is not what git sees, a copy of it is searched in its place.
    """
    if wanted is None:
        command = ["grep", "-I", *_options(args), *_where(view), "-e", args.pattern]
        yield from _matches(_repo(view), [*command, *_commit(view)], view.commit)
        return
    copied = sorted(_copied(view, args) & wanted)
    hidden = frozenset(copied)
    # With -I instead of -a, a .gitattributes file of the repository could call any text binary.
    pattern = args.pattern if args.fixed else _for_ascii_text(args.pattern)
    command = ["grep", "-a", *_options(args), *_where(view), "-e", pattern, *_commit(view)]
    is_text = functools.cache(lambda path: _text_of(view, path) is not None)
    for path, number in _matches(_repo(view), command, view.commit):
        if path in wanted and path not in hidden and is_text(path):
            yield path, number
    if copied:
        yield from _matches_in_copies(view, args, copied)


def _matches_in_copies(
    view: RepoView, args: Grep, copied: Sequence[str]
) -> Generator[tuple[str, int], None, None]:
    """Search copies of the texts, as characters.

    PCRE's compiled patterns trust that what they match as UTF-8 is UTF-8, and git does not look in
    the C locale; so only these copies, which are, may be searched with (*UTF).
    """
    pattern = f"(*UTF)(*UCP){quote(args.pattern) if args.fixed else args.pattern}"
    options = _options(args.model_copy(update={"fixed": False}))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for number, path in enumerate(copied):
            text = _text_of(view, path)
            if text is not None:
                (root / str(number)).write_bytes(text.encode("utf-8", "replace"))
        copies = GitRepo(root, root, root, is_bare=False)
        command = ["grep", "-a", *options, "--no-index", "-e", pattern]
        for name, number in _matches(copies, command, ""):
            yield copied[int(name)], number


def _copied(view: RepoView, args: Grep) -> set[str]:
    """Files that git cannot search as they are shown.

    Notebooks are shown as their cells, proposed edits stand nowhere yet, UTF-16 and UTF-32 are not
    what a pattern is written in; and where a byte is not a character, what is not ASCII.
    """
    found = {path for path in view.paths if path.endswith(".ipynb")} | set(view.proposed)
    marked = _files_with(view, _MARK)
    if not _is_bytewise(args):
        found |= _files_with(view, _NOT_ASCII) - (_files_with(view, _NUL) - marked)
    return found | marked


def _is_bytewise(args: Grep) -> bool:
    """Whether bytes and characters give the same lines of UTF-8."""
    return args.pattern.isascii() and (args.fixed or _BYTEWISE.fullmatch(args.pattern) is not None)


def _for_ascii_text(pattern: str) -> str:
    """Replace what is not ASCII by a byte, for text that holds none: `é?` is then one unit."""
    return _BEYOND_ASCII.sub(
        lambda m: m[0] if m[0][0] == "\\" and len(m[0]) == 2 else "\udc80", pattern
    )


def _text_of(view: RepoView, path: str) -> str | None:
    """Text whose lines are those shown; None if none are."""
    try:
        if path.endswith(".ipynb"):
            return view.shown(path)
        decoded = decode(view.raw(path))
    except ToolError:
        return None
    return None if decoded is None else decoded.text


def _files_with(view: RepoView, pattern: str) -> set[str]:
    """Files in which some bytes stand."""
    command = ["grep", "-a", "-l", "-z", "--full-name", "--no-color", "--no-recurse-submodules"]
    command += ["-P", *_where(view), "-e", pattern, *_commit(view), "--"]
    data = b"".join(stream_bytes(_repo(view), *command, no_match_code=1, timeout_s=TIMEOUT_S))
    prefix = len(view.commit) + 1 if view.commit else 0
    return {decode_path(name[prefix:]) for name in data.split(b"\0") if name}


def _options(args: Grep) -> list[str]:
    options = ["-z", "-n", "--no-column", "--no-color", "--full-name"]
    options += ["--no-recurse-submodules", "-F" if args.fixed else "-P"]
    return [*options, *["-w"] * args.word, *["-i"] * args.ignore_case]


def _repo(view: RepoView) -> GitRepo:
    return view.git or GitRepo(view.root, view.root, view.root, is_bare=False)


def _where(view: RepoView) -> list[str]:
    if view.git is None:
        return ["--no-index", "--no-exclude-standard"]
    return [] if view.commit else ["--untracked"]


def _commit(view: RepoView) -> list[str]:
    return [view.commit] if view.commit else []


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
