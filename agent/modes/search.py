"""`bathy search`: a question -> ranked files and spans, as text or JSON."""

import json
import sys
from collections.abc import Iterator

from bathy.agent.config import Settings
from bathy.agent.errors import ConfigError
from bathy.agent.modes.compose import open_bench
from bathy.agent.modes.progress import Progress
from bathy.agent.modes.saving import save
from bathy.agent.modes.terminal import printable
from bathy.agent.pack.ranking import RankedFile, Ranking
from bathy.tools.workspace import quote_path

_MOST_FILES = 10
_MOST_SPANS = 3


def run_search(settings: Settings, question: str) -> int:
    """Print what the index ranks for a question; return the exit code.

    Raises:
        ConfigError: The question is empty.
        BathyError: The repository cannot be read.
    """
    if not question.strip():
        raise ConfigError("the question is empty")
    progress = Progress(quiet=settings.quiet, verbose=settings.verbose)
    with open_bench(settings, progress) as bench:
        ranking = bench.search(question)
        progress.trace("ranked")
    if settings.output_format == "text":
        text = printable("".join(_lines(ranking)))
    else:
        text = json.dumps(_json(question, ranking)) + "\n"
    sys.stdout.write(text)
    if settings.output is not None:
        save(settings.output, text.encode("utf-8"))
    return 0


def _json(question: str, ranking: Ranking) -> dict[str, object]:
    return {
        "schema_version": 1,
        "question": question,
        "files": [
            {
                "path": quote_path(file.path),
                "score": round(file.score, 4),
                "spans": [
                    {
                        "start_line": span.start_line,
                        "end_line": span.end_line,
                        "score": round(span.score, 4),
                        "symbol": span.symbol,
                    }
                    for span in file.spans
                ],
                "why": list(file.why),
            }
            for file in ranking.files
        ],
    }


def _lines(ranking: Ranking) -> Iterator[str]:
    if not ranking.files:
        yield "Nothing in this repository fits the question.\n"
    for place, file in enumerate(ranking.files[:_MOST_FILES], 1):
        yield from _file_lines(place, file)
    if len(ranking.files) > _MOST_FILES:
        more = len(ranking.files) - _MOST_FILES
        yield f"\nand {more:,} more files; --output-format json lists them all\n"


def _file_lines(place: int, file: RankedFile) -> Iterator[str]:
    yield f"{place:2}. {quote_path(file.path)}  {file.score:.2f}\n"
    if file.why:
        yield f"    {'; '.join(file.why)}\n"
    for span in file.spans[:_MOST_SPANS]:
        symbol = f"  {span.symbol}" if span.symbol else ""
        yield f"    [{quote_path(file.path)}:{span.start_line}-{span.end_line}]{symbol}\n"
