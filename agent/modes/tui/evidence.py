"""A question -> the spans that the index finds for it, with their lines, to be shown at once."""

from bathy.agent.loop.evidence import Span
from bathy.agent.modes.compose import Bench, evidence_of


def find_evidence(bench: Bench, question: str) -> tuple[Span, ...]:
    """Return the best spans, best first; () if nothing fits."""
    found = list[Span]()
    with bench.view() as view:
        chosen = evidence_of(bench.search(question), lambda path: view.lines(path) or ())
        for item in chosen:
            lines = view.lines(item.path) or ()
            if 1 <= item.start_line <= item.end_line <= len(lines):
                shown = lines[item.start_line - 1 : item.end_line]
                place = (item.path, item.start_line, item.end_line, item.symbol)
                found.append(Span(*place, tuple(shown)))
    return tuple(found)
