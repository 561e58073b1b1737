"""The bytes of one file -> everything that they alone say. Runs in worker processes.

tree-sitter holds the interpreter lock while it parses, so threads would not help.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from bathy.agent.index.files import FileClass, class_by_content, class_by_path, language_of
from bathy.agent.index.notebooks import notebook_text
from bathy.agent.index.repo import MAX_FILE_BYTES
from bathy.agent.index.symbols import Definition, Symbols, extract_symbols
from bathy.agent.index.tokens import count_tokens
from bathy.tools.decode import Decoded, decode
from bathy.tools.git import BlobReader, GitRepo
from bathy.tools.redact import Finding, redact
from bathy.tools.workspace import Workspace, WorkspaceError

NO_SYMBOLS = Symbols((), (), (), False)

WITH_SYMBOLS = frozenset({FileClass.SOURCE, FileClass.CONFIGURATION, FileClass.DOCUMENTATION})
"""Classes whose symbols rank and outline files. Parsing is most of the work of a first run, and
tests, generated and vendored code would double it without changing which files matter."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the content of a file at a path says, whatever else the repository holds.

    Attributes:
        file_class: What the file is for.
        reason: Which rule said so, in a few words.
        language: Name of the language, "" if unknown.
        encoding: Codec that decodes it; "" for binary files.
        newline: "lf", "crlf", "mixed" or "none".
        lines: Lines of the text as shown; 0 for binary files.
        tokens: Tokens of the decoded text alone, before redaction; 0 for binary files.
        findings: Secrets in it, by line.
        symbols: Definitions, references and outline of the text as shown.
        parsed: The symbols have been looked for; a search alone does without them.
    """

    file_class: FileClass
    reason: str
    language: str
    encoding: str
    newline: str
    lines: int
    tokens: int
    findings: tuple[Finding, ...]
    symbols: Symbols
    parsed: bool


class Work(NamedTuple):
    """One file to examine.

    Attributes:
        path: Repository-relative.
        blob: Its blob id.
        attributes: Its git attributes.
        with_symbols: Look for symbols, if its class is one of `WITH_SYMBOLS`.
        known: What `dump_facts` gave for it without symbols, or "".
    """

    path: str
    blob: str
    attributes: Mapping[str, str]
    with_symbols: bool
    known: str = ""


class Reader:
    """Reads the files of one snapshot: from disk, or from git objects. Opened once a process."""

    def __init__(self, root: Path, repo: GitRepo | None) -> None:
        """Read from git objects if `repo` is given, else from the folder."""
        self._workspace = Workspace(root)
        self._blobs = BlobReader(repo) if repo is not None else None

    def read_bytes(self, path: str, blob: str) -> bytes | None:
        """Return a file's bytes; None if they have gone or cannot be read."""
        if self._blobs is not None:
            return self._blobs.read(blob)
        try:
            return self._workspace.read_bytes(path, max_bytes=MAX_FILE_BYTES)
        except WorkspaceError:
            return None

    def read_shown(self, path: str, blob: str) -> str | None:
        """Return a file's text as people and models are shown it: decoded, redacted.

        Notebooks come as their cells. None for binary files and files that cannot be read.
        """
        data = self.read_bytes(path, blob)
        return None if data is None else shown_text(path, data)

    def close(self) -> None:
        """End the git process, if there is one."""
        if self._blobs is not None:
            self._blobs.close()


def shown_text(path: str, data: bytes) -> str | None:
    """Return a file's text as people and models are shown it; None for a binary file."""
    decoded = decode(data)
    return None if decoded is None else redact(_shown(path, decoded), path).text


def examine(data: bytes, path: str, attributes: Mapping[str, str], *, with_symbols: bool) -> Facts:
    """Examine one file.

    Args:
        data: Its bytes.
        path: Repository-relative; decides class and language together with the content.
        attributes: Its linguist and filter attributes.
        with_symbols: Look for symbols, if its class is one of `WITH_SYMBOLS`.

    Returns:
        The same facts for the same arguments, always.
    """
    by_path, reason = class_by_path(path, attributes)
    decoded = decode(data)
    if decoded is None:
        return Facts(FileClass.BINARY, "not text", "", "", "none", 0, 0, (), NO_SYMBOLS, True)
    if by_path is FileClass.BINARY:
        by_path, reason = FileClass.DATA, "text under the name of a binary format"
    file_class, by_content = class_by_content(path, by_path, decoded.text, attributes)
    shown = redact(_shown(path, decoded), path)
    language = language_of(path, decoded.text.partition("\n")[0][:200])
    has_symbols = with_symbols and file_class in WITH_SYMBOLS
    return Facts(
        file_class,
        by_content or reason,
        language,
        decoded.encoding,
        decoded.newline,
        count_lines(shown.text),
        count_tokens(decoded.text),
        shown.findings,
        extract_symbols(shown.text, language) if has_symbols else NO_SYMBOLS,
        with_symbols or file_class not in WITH_SYMBOLS,
    )


def complete(data: bytes, path: str, facts: Facts) -> Facts:
    """Look for the symbols that `examine` left out."""
    decoded = decode(data)
    if facts.parsed or decoded is None:
        return facts
    shown = redact(_shown(path, decoded), path).text
    return replace(facts, symbols=extract_symbols(shown, facts.language), parsed=True)


def count_lines(text: str) -> int:
    """Count lines: only LF ends one, and what follows the last LF is a line if it is not empty."""
    return text.count("\n") + (0 if text.endswith("\n") or not text else 1)


def _shown(path: str, decoded: Decoded) -> str:
    cells = notebook_text(decoded.text) if path.endswith(".ipynb") else None
    text = decoded.text if cells is None else cells
    return text.replace("\r\n", "\n")


def dump_facts(facts: Facts) -> tuple[str, str]:
    """Return facts as two JSON texts, which `load_facts` reads back.

    The second holds the symbols alone; it is "" if they have not been looked for.
    """
    small = [
        facts.file_class.value,
        facts.reason,
        facts.language,
        facts.encoding,
        facts.newline,
        facts.lines,
        facts.tokens,
        [(f.kind, f.line) for f in facts.findings],
    ]
    s = facts.symbols
    definitions = [(d.name, d.kind, d.start_line, d.end_line, d.container) for d in s.definitions]
    symbols = [definitions, s.references, s.outline, s.has_errors]
    return _dump(small), _dump(symbols) if facts.parsed else ""


def _dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def load_facts(small: str, symbols: str) -> Facts:
    """Rebuild facts from the texts that `dump_facts` made."""
    file_class, reason, language, encoding, newline, lines, tokens, findings = json.loads(small)
    return Facts(
        FileClass(file_class),
        reason,
        language,
        encoding,
        newline,
        lines,
        tokens,
        tuple(Finding(kind, line) for kind, line in findings),
        _load_symbols(json.loads(symbols)) if symbols else NO_SYMBOLS,
        bool(symbols),
    )


def _load_symbols(value: list[Any]) -> Symbols:
    definitions, references, outline, has_errors = value
    return Symbols(
        tuple(Definition(*d) for d in definitions),
        tuple((name, count) for name, count in references),
        tuple((first, last) for first, last in outline),
        has_errors,
    )
