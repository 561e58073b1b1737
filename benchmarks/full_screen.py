"""What the full screen costs while an answer streams in, and otherwise; how soon it is there.

  python benchmarks/full_screen.py [--seconds 20] [--earlier 0 5000] [--idle 60]

A process each, in a pty of 120x40 that is read as fast as it is written; the whole application runs with Textual's own
driver for Linux, and a thread in the place of the engine. Text comes in 100 chunks a second of 4 characters: headings,
paragraphs, lists, code, tables. The lag is how late a wake-up every 5 ms is. CPU is that of the process, from the first
chunk to the last. Afterwards: one key at a time while more streams in, idle, page-up, search, resize.
"""

import argparse
import asyncio
import gc
import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bathy.agent.cli import GC_THRESHOLDS
from bathy.agent.config import Settings
from bathy.agent.loop.events import Finished
from bathy.agent.model.messages import TextDelta, Usage
from bathy.agent.modes.tui.app import BathyApp
from bathy.agent.modes.tui.engine import Engine
from bathy.agent.modes.tui.events import TurnBegan, TurnEnded
from bathy.agent.modes.tui.input.keymap import Keymap
from bathy.agent.modes.tui.looks import Look, dress
from bathy.agent.modes.tui.run import FRAMES_PER_S
from bathy.agent.modes.tui.transcript.view import Transcript
from rich.console import RenderableType
from terminal import environment, open_pty
from textual import events
from textual.geometry import Size
from textual.screen import Screen

CHUNK_CHARS, CHUNKS_PER_S = 4, 100
LAG_S = 0.005
MESSAGE = """## Setup of the map {n}

The map is created once in `Flask.__init__` and extended by **add_url_rule**; see [the docs](https://example.com/{n}).
Nothing is locked, 两个线程 may race on it, and the text goes on so that a paragraph of several lines comes out of it.

{items}

```python
{code}
```

| name | what it does | line |
|:-----|:-------------|-----:|
| `add_url_rule` | adds a rule to the map | {n} |
| `dispatch` | finds the view for a request, whatever the method is | 412 |

So: no race in normal use, only if a rule is added after the first request was served.

"""


@dataclass
class Figures:
    """What was measured. Times in ms, but for `cpu_s`.

    Attributes:
        earlier: Messages that were there before.
        load_ms: Wall time to add these and draw the end of them.
        cpu_s: Of the stream.
        cpu_percent: Of one processor, over the stream.
        lag_p95_ms: How late the loop wakes.
        lag_max_ms: The worst of it.
        draws: How often the transcript was drawn.
        sent_kb: To the terminal.
        key_p95_ms: From a key to the row that it types being drawn, while more streams in.
        idle_percent: CPU while nothing comes.
        page_up_ms: CPU of one page up.
        resize_ms: CPU of one resize, half-way down.
        search_ms: Wall time to the first match of a rare word from the end.
        rows: Of the transcript at the end, some of them guessed.
        rss_mb: Peak memory of the process.
    """

    earlier: int
    load_ms: float = 0
    cpu_s: float = 0
    cpu_percent: float = 0
    lag_p95_ms: float = 0
    lag_max_ms: float = 0
    draws: int = 0
    sent_kb: float = 0
    key_p95_ms: float = 0
    idle_percent: float = 0
    page_up_ms: float = 0
    resize_ms: float = 0
    search_ms: float = 0
    rows: int = 0
    rss_mb: float = 0


def message(number: int) -> str:
    """A message of some 1,500 characters."""
    items = "\n".join(f"{n + 1}. item {n} of {number}, with a few more words" for n in range(6))
    lines = (f"    self.url_map.add(rule_{n})  # not locked, {number}" for n in range(12))
    code = "\n".join(("def add_url_rule(self, rule, endpoint=None):", '    """Add."""', *lines))
    return MESSAGE.format(n=number, items=items, code=code)


def main() -> None:
    """Measure each case in a process of its own, and print a table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--earlier", type=int, nargs="+", default=[0, 5000])
    parser.add_argument("--idle", type=float, default=60)
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure is not None:
        asyncio.run(measure(args.measure, args.seconds, args.idle))
        return
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print_table([in_pty(earlier, args.seconds, args.idle) for earlier in args.earlier])


def in_pty(earlier: int, seconds: float, idle: float) -> Figures:
    """Run a case with a terminal that takes all that it is sent."""
    ours, theirs = open_pty()
    result, write = os.pipe()
    numbers = [str(earlier), "--seconds", str(seconds), "--idle", str(idle)]
    command = [sys.executable, __file__, "--measure", *numbers]
    told = {**environment(), "TEXTUAL_FPS": FRAMES_PER_S, "RESULT_FD": str(write)}
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=told, pass_fds=[write]
    )
    os.close(theirs)
    os.close(write)
    sent = [0]

    def drain() -> None:
        while True:
            try:
                data = os.read(ours, 65536)
            except OSError:
                return
            if not data:
                return
            sent[0] += len(data)

    reader = threading.Thread(target=drain)
    reader.start()
    with os.fdopen(result) as file:
        text = file.read()
    process.wait()
    reader.join()
    os.close(ours)
    if not text:
        sys.exit(f"the case with {earlier} earlier messages ended with {process.returncode}")
    return Figures(**json.loads(text))


class Silent(Engine):
    """An engine that does nothing: what it would tell is told by the bench."""

    def start(self) -> None:
        """Do not begin."""

    def close(self) -> None:
        """There is nothing to end."""


class Bench(BathyApp):
    """The application, and the cases one after the other."""

    def __init__(self, figures: Figures, seconds: float, idle: float) -> None:
        settings = Settings(folder=Path(), keep_session=False)
        super().__init__(settings, Look(), Keymap(), time.monotonic)
        dress(self, Look())
        self.engine = Silent(settings, self.post, lambda _question: False)
        self.figures, self.seconds, self.idle = figures, seconds, idle
        self.displayed = asyncio.Event()
        self.typed = asyncio.Event()
        self.keys = -1
        self.draws = 0
        self.fault: BaseException | None = None

    def on_ready(self) -> None:
        """Begin."""
        flush = self.transcript.flush

        def counted() -> None:
            self.draws += 1
            flush()

        self.transcript.flush = counted  # type: ignore[method-assign]
        self.run_worker(self.cases())

    def _display(self, screen: Screen[None], renderable: RenderableType | None) -> None:
        super()._display(screen, renderable)
        self.displayed.set()
        if len(self.composer.area.text) == self.keys:
            self.typed.set()

    async def cases(self) -> None:
        """Measure, and leave."""
        try:
            await run_cases(self, self.transcript, self.figures, self.seconds)
        except BaseException as fault:
            self.fault = fault
            raise
        finally:
            self.exit()


async def measure(earlier: int, seconds: float, idle: float) -> None:
    """Run the app and write what was measured to the pipe."""
    gc.set_threshold(*GC_THRESHOLDS)
    bench = Bench(Figures(earlier), seconds, idle)
    await bench.run_async()
    if bench.fault:
        raise bench.fault
    bench.figures.rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with os.fdopen(int(os.environ["RESULT_FD"]), "w") as file:
        json.dump(asdict(bench.figures), file)


async def run_cases(app: Bench, transcript: Transcript, figures: Figures, seconds: float) -> None:
    """Run one case after the other."""
    sent = [0]
    driver = app._driver
    assert driver is not None
    write = driver.write

    def counted(data: str) -> None:
        sent[0] += len(data.encode())
        write(data)

    driver.write = counted  # type: ignore[method-assign]
    begin = time.perf_counter()
    for number in range(figures.earlier):
        app.take(TurnBegan(f"Question {number}, where is it?"))
        app.take(finished(message(number)))
        app.take(TurnEnded("answered"))
    app.take(TurnBegan("And now?"))
    await drawn(app, transcript)
    figures.load_ms = 1000 * (time.perf_counter() - begin)
    sent[0], app.draws = 0, 0
    await stream_measured(app, figures, seconds)
    figures.draws, figures.sent_kb = app.draws, sent[0] / 1000
    figures.key_p95_ms = await keys(app)
    app.take(finished(transcript_text(seconds)))
    app.take(TurnEnded("answered"))
    await drawn(app, transcript)
    await asyncio.sleep(1)
    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.sleep(app.idle)
    figures.idle_percent = 100 * (time.process_time() - cpu) / (time.perf_counter() - wall)
    figures.page_up_ms = await cost(app, transcript, 20, lambda: transcript.scroll_page(-1))
    begin = time.perf_counter()
    transcript.find("question 3,")
    await drawn(app, transcript)
    figures.search_ms = 1000 * (time.perf_counter() - begin)
    transcript.find("")
    transcript.viewport.scroll_to(transcript.viewport.total // 2)
    transcript.place()
    figures.resize_ms = await resized(app, transcript)
    figures.rows = transcript.viewport.total


def finished(text: str) -> Finished:
    """The end of a run with this answer."""
    return Finished("success", text, 1, Usage(0, 0, 0, 0, 0), 0.0, "", 0)


def transcript_text(seconds: float) -> str:
    """All that is streamed in so many seconds."""
    size = int(seconds * CHUNKS_PER_S * CHUNK_CHARS)
    return "".join(message(number) for number in range(size // 1_000 + 1))[:size]


async def stream_measured(app: Bench, figures: Figures, seconds: float) -> None:
    """Let text stream in, and measure CPU and lag meanwhile."""
    text = transcript_text(seconds)
    lags = list[float]()
    watch = asyncio.create_task(watch_lag(lags))
    cpu, begin = time.process_time(), time.perf_counter()

    def tell() -> None:
        for number, at in enumerate(range(0, len(text), CHUNK_CHARS)):
            app.post(TextDelta(text[at : at + CHUNK_CHARS]))
            time.sleep(max(0.0, begin + (number + 1) / CHUNKS_PER_S - time.perf_counter()))

    await asyncio.to_thread(tell)
    figures.cpu_s = time.process_time() - cpu
    figures.cpu_percent = 100 * figures.cpu_s / (time.perf_counter() - begin)
    watch.cancel()
    lags.sort()
    figures.lag_p95_ms = 1000 * lags[int(0.95 * len(lags))]
    figures.lag_max_ms = 1000 * lags[-1]


async def watch_lag(lags: list[float]) -> None:
    """Note how late wake-ups are."""
    while True:
        begin = time.perf_counter()
        await asyncio.sleep(LAG_S)
        lags.append(time.perf_counter() - begin - LAG_S)


async def keys(app: Bench) -> float:
    """95th percentile, in ms, of a key to its being drawn, while text streams in."""
    text, waits = message(7), list[float]()
    for number in range(60):
        for at in range(3):
            start = (number * 12 + at * 4) % len(text)
            app.take(TextDelta(text[start : start + 4]))
            await asyncio.sleep(0.01)
        app.keys = number + 1
        app.typed.clear()
        begin = time.perf_counter()
        app.post_message(events.Key("x", "x"))
        await app.typed.wait()
        waits.append(time.perf_counter() - begin)
    waits.sort()
    return 1000 * waits[int(0.95 * len(waits))]


async def drawn(app: Bench, transcript: Transcript) -> None:
    """Wait until what has changed is on the screen."""
    transcript.flush()
    done = asyncio.Event()
    app.screen.call_after_refresh(done.set)
    await done.wait()


async def cost(app: Bench, transcript: Transcript, times: int, act: Callable[[], None]) -> float:
    """CPU of an action and of drawing what it changes, in ms."""
    cpu = time.process_time()
    for _ in range(times):
        act()
        await drawn(app, transcript)
    return 1000 * (time.process_time() - cpu) / times


async def resized(app: Bench, transcript: Transcript) -> float:
    """CPU of a change of the terminal's size, in ms."""
    cpu, sizes = time.process_time(), ((80, 24), (100, 30), (81, 24), (120, 40))
    for width, height in sizes:
        size = Size(width, height)
        app.post_message(events.Resize(size, size))
        while app.screen.size.width != width:
            app.displayed.clear()
            await app.displayed.wait()
        await drawn(app, transcript)
    return 1000 * (time.process_time() - cpu) / len(sizes)


COLUMNS = (
    ("earlier messages", "earlier", ",d"),
    ("load ms", "load_ms", ",.0f"),
    ("CPU s", "cpu_s", ".2f"),
    ("CPU %", "cpu_percent", ".1f"),
    ("lag p95 ms", "lag_p95_ms", ".1f"),
    ("lag max ms", "lag_max_ms", ".0f"),
    ("draws", "draws", "d"),
    ("kB sent", "sent_kb", ",.0f"),
    ("key p95 ms", "key_p95_ms", ".1f"),
    ("idle CPU %", "idle_percent", ".2f"),
    ("page-up CPU ms", "page_up_ms", ".1f"),
    ("resize CPU ms", "resize_ms", ".0f"),
    ("search ms", "search_ms", ",.0f"),
    ("rows", "rows", ",d"),
    ("peak RSS MB", "rss_mb", ".0f"),
)


def print_table(all_figures: Sequence[Figures]) -> None:
    """Print a line for each figure, a column for each case."""
    lines = [
        [name, *(format(getattr(f, field), form) for f in all_figures)]
        for name, field, form in COLUMNS
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for number, (name, *cells) in enumerate(lines):
        padded = (cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))
        print("| " + " | ".join((name.ljust(widths[0]), *padded)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


if __name__ == "__main__":
    main()
