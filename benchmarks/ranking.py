"""Ranks the files of every item of a retrieval set; writes a line for each, for the sets' scorer.

  python benchmarks/ranking.py EVAL_DIR REPOS_DIR RANKINGS.jsonl [--cache DIR] [--workers N]

EVAL_DIR holds JSON lines files (`localization*.jsonl`, `repoqa*.jsonl`); each item has an id, a
`repo` (OWNER/NAME), a commit and a query or question. REPOS_DIR/OWNER+NAME is a clone or a bare
mirror. Beside each ranking stands the order in which its files would be packed whole (`packed`).
The library is called as `bathy search --rev` calls it; repositories run in parallel
processes, and what was indexed of one commit is not indexed again for the next.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from bathy.agent.index.files import FileClass, class_by_content, class_by_path, language_of
from bathy.agent.index.notebooks import notebook_text
from bathy.agent.index.past import read_past
from bathy.agent.index.postings import Postings
from bathy.agent.index.repo import read_snapshot
from bathy.agent.index.span_terms import IndexedSpan, index_text
from bathy.agent.index.symbols import extract_uses
from bathy.agent.pack.corpus import Corpus, CorpusFile
from bathy.agent.pack.layer import order_whole
from bathy.agent.pack.question import parse_question
from bathy.agent.pack.retrieve import retrieve
from bathy.tools.decode import decode
from bathy.tools.git import BlobReader, GitRepo, find_repo

Item = dict[str, Any]


def main() -> None:
    """Rank all items; print how long it took."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("eval_dir", type=Path)
    parser.add_argument("repos_dir", type=Path)
    parser.add_argument("rankings", type=Path)
    parser.add_argument("--cache", type=Path, help="keep the indexes here between runs")
    parser.add_argument("--workers", type=int, default=4)
    args = parser.parse_args()
    by_repo = read_items(args.eval_dir)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        cache = args.cache or Path(scratch)
        cache.mkdir(parents=True, exist_ok=True)
        jobs = [
            (find_clone(args.repos_dir, name), items, cache / f"{name.replace('/', '+')}.sqlite")
            for name, items in sorted(by_repo.items(), key=lambda pair: -len(pair[1]))
        ]
        with ProcessPoolExecutor(args.workers) as pool:
            futures = [pool.submit(rank_repo, *job) for job in jobs]
            lines = [line for future in futures for line in future.result()]
    lines.sort(key=lambda line: line["id"])
    with args.rankings.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(line) + "\n" for line in lines)
    print(f"{len(lines)} items in {time.monotonic() - began:.0f} s", file=sys.stderr)


def read_items(folder: Path) -> dict[str, list[Item]]:
    """Read the items of all ranking sets in a folder, by repository."""
    by_repo: dict[str, list[Item]] = defaultdict(list)
    for pattern in ("localization*.jsonl", "repoqa*.jsonl"):
        for path in sorted(folder.glob(pattern)):
            for line in path.read_text(encoding="utf-8").split("\n"):
                if line.strip():
                    item = json.loads(line)
                    by_repo[item["repo"]].append(item)
    return by_repo


def find_clone(folder: Path, name: str) -> Path:
    """Find the git folder of OWNER/NAME."""
    top = folder / name.replace("/", "+")
    return top / "repo" if (top / "repo").is_dir() else top


def rank_repo(clone: Path, items: Sequence[Item], database: Path) -> list[Item]:
    """Rank the items of one repository; runs in a process of its own."""
    lines = []
    for item, corpus in corpora(clone, items, database):
        ranking = retrieve(parse_question(item.get("query") or item["question"]), corpus)
        lines.append(
            {
                "id": item["id"],
                "ranking": [file.path for file in ranking.files],
                "packed": order_whole(ranking, corpus.sizes),
            }
        )
    return lines


class SizedCorpus(Corpus):
    """A corpus that knows the length of its files in characters, by path."""

    sizes: Mapping[str, int]


def corpora(
    clone: Path, items: Sequence[Item], database: Path
) -> Iterator[tuple[Item, SizedCorpus]]:
    """Yield the items of one repository with the corpus that each is asked of."""
    repo = find_repo(clone)
    assert repo is not None
    classes: dict[tuple[str, str], tuple[FileClass, int]] = {}
    with Postings(database) as postings, BlobReader(repo) as reader:
        for item in sorted(items, key=lambda i: (commit_of(i), i["id"])):
            found = list(read_tree(repo, reader, commit_of(item), classes))

            def index(new: Sequence[CorpusFile]) -> Iterator[tuple[str, Sequence[IndexedSpan]]]:
                for file in new:
                    text = shown(reader, file.path, file.blob) or ""
                    language = language_of(file.path, text.partition("\n")[0][:200])
                    symbols, uses = extract_uses(text, language)
                    yield file.blob, index_text(text, symbols.definitions, uses)

            past = read_past(repo, commit_of(item))
            corpus = SizedCorpus([file for file, _ in found], postings, index, past)
            corpus.sizes = {file.path: size for file, size in found}
            yield item, corpus


def commit_of(item: Item) -> str:
    """Return the commit that an item is about."""
    return str(item.get("base_commit") or item["commit"])


def read_tree(
    repo: GitRepo,
    reader: BlobReader,
    commit: str,
    classes: dict[tuple[str, str], tuple[FileClass, int]],
) -> Iterator[tuple[CorpusFile, int]]:
    """List the files of a commit with their classes, and their lengths in characters."""
    snapshot = read_snapshot(repo, repo.root, rev=commit, known={})
    for entry in snapshot.entries:
        if entry.kind != "file":
            continue
        key = (entry.path, entry.blob)
        if key not in classes:
            attributes = snapshot.attributes.get(entry.path, {})
            text = shown(reader, *key)
            by_path, _ = class_by_path(entry.path, attributes)
            file_class = (
                FileClass.BINARY
                if text is None
                else class_by_content(entry.path, by_path, text, attributes)[0]
            )
            classes[key] = (file_class, len(text or ""))
        file_class, size = classes[key]
        yield CorpusFile(entry.path, entry.blob, file_class), size


def shown(reader: BlobReader, path: str, blob: str) -> str | None:
    """Return a file's text; None if it is binary."""
    data = reader.read(blob)
    decoded = decode(data) if data is not None else None
    if decoded is None:
        return None
    cells = notebook_text(decoded.text) if path.endswith(".ipynb") else None
    return decoded.text if cells is None else cells


if __name__ == "__main__":
    main()
