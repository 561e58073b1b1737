"""A question -> the spans that the index finds for it, with their lines, to be shown at once."""

from bathy.agent.loop.evidence import Span
from bathy.agent.model.offline import choose_evidence, trimmed
from bathy.agent.modes.compose import MOST_FILES, Bench


def find_evidence(bench: Bench, question: str) -> tuple[Span, ...]:
    """Return the best spans, best first; () if nothing fits."""
    files = bench.search(question).files[:MOST_FILES]
    found = list[Span]()
    with bench.view() as view:
        chosen = choose_evidence(
            (
                (file.path, file.score, file.why, span.start_line, span.end_line, span.symbol)
                for file in files
                for span in file.spans
            ),
            lambda path: view.lines(path) or (),
        )
        for item in chosen:
            lines = view.lines(item.path) or ()
            if 1 <= item.start_line <= item.end_line <= len(lines):
                full = trimmed(item, lines)
                shown = lines[full.start_line - 1 : full.end_line]
                place = (full.path, full.start_line, full.end_line, full.symbol)
                found.append(Span(*place, tuple(shown)))
    return tuple(found)
