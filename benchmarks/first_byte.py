"""Time from the start of `bathy --task` to the first byte of its request, beside the bare import of openai.

  python benchmarks/first_byte.py --repo DIR [--runs 9]

Both are measured in turns within one run. The index of the repository is warmed first. What counts is
the difference of the medians: the work of bathy itself, over the import that it cannot do without.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time


def first_byte_s(repo: str, environment: dict[str, str]) -> float:
    """Seconds from the start of the process to the first byte that reaches the server."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        arrived: list[float] = []

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1)
                arrived.append(time.perf_counter())
                while connection.recv(1 << 20):
                    pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        command = [sys.executable, "-I", "-m", "bathy.agent", "--task", "How are cookies signed?"]
        began = time.perf_counter()
        process = subprocess.Popen(
            [*command, "-C", repo, "--base-url", url, "--quiet", "--no-session"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not arrived and process.poll() is None:
            time.sleep(0.001)
        process.kill()
        process.wait()
        thread.join(5)
        if not arrived:
            raise SystemExit("bathy ended without a request")
        return arrived[0] - began


def import_s(environment: dict[str, str]) -> float:
    """Seconds that a Python takes which only imports openai."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-c", "import openai"], check=True, env=environment)
    return time.perf_counter() - began


def main() -> None:
    """Measure, and print medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--repo", required=True)
    parser.add_argument("--runs", type=int, default=9)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "XDG_CACHE_HOME": home,
            "DEEPSEEK_API_KEY": "sk-of-no-account",
        }
        for _ in range(2):
            first_byte_s(args.repo, environment)
        pairs = [
            (first_byte_s(args.repo, environment), import_s(environment)) for _ in range(args.runs)
        ]
    ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(
        f"first byte of bathy --task {ours:.3f} s, bare import of openai {bare:.3f} s (medians of {args.runs})"
    )
    print(f"over the import: {ours - bare:.3f} s; ratio {ours / bare:.2f}")


if __name__ == "__main__":
    main()
