"""How soon the full screen is there: the first screen, the pack, the first evidence for a question.

  python benchmarks/first_screen.py --repo DIR [--runs 10] [--question TEXT]

Starts `bathy --offline` in a terminal of 120x40 that is read as fast as it is written, waits for the
words of each state, and asks one question. The first run warms the index and is not counted. Printed
are the median and the worst, in seconds: of the first two from the start of the process, of evidence
from the enter key. What is asked of them: a first screen within 0.8 s, evidence within 2 s.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from terminal import environment, open_pty

STATES = ("first screen", "pack", "evidence")


def main() -> None:
    """Measure, and print a line for each state."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repo", type=Path, required=True, metavar="DIR")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--question", default="Where is the cache written?")
    args = parser.parse_args()
    runs = [measured(args.repo, args.question) for _ in range(args.runs + 1)][1:]
    for name, seconds in zip(STATES, zip(*runs, strict=True), strict=True):
        print(f"{name}: {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s")


def measured(repo: Path, question: str) -> tuple[float, float, float]:
    """Start the command once; return the seconds to each of the states."""
    ours, theirs = open_pty()
    command = [sys.executable, "-m", "bathy.agent", "-C", str(repo), "--offline", "--no-session"]
    begin = time.perf_counter()
    with subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(),
        start_new_session=True,
    ) as process:
        os.close(theirs)
        try:
            first = until(ours, b"PACK") - begin
            pack = until(ours, b"packed: ") - begin
            os.write(ours, question.encode())
            until(ours, question.split()[-1].encode())
            asked = time.perf_counter()
            os.write(ours, b"\r")
            return first, pack, until(ours, b"[1 ") - asked
        finally:
            process.kill()
            os.close(ours)


def until(device: int, word: bytes) -> float:
    """Read until a word has come; return the time of it."""
    seen = b""
    while word not in seen:
        seen += os.read(device, 65536)
    return time.perf_counter()


if __name__ == "__main__":
    main()
