"""What the index finds, as it is shown."""

from bathy.agent.config import Settings
from bathy.agent.modes.compose import open_bench
from bathy.agent.modes.progress import Progress
from bathy.agent.modes.tui.evidence import find_evidence
from repo_builder import RepoBuilder


def test_evidence_has_all_the_lines_that_it_cites(repo: RepoBuilder) -> None:
    body = "".join(f"    total += {number}\n" for number in range(100))
    repo.file("sums.py", f"def add_everything():\n    total = 0\n{body}    return total\n").commit()
    with open_bench(
        Settings(folder=repo.root, workers=1), Progress(quiet=True, verbose=False)
    ) as bench:
        (span,) = find_evidence(bench, "what does add_everything return?")
    assert (span.start_line, span.end_line) == (1, 103)
    assert span.lines[-1] == "    return total"
    assert len(span.lines) == 103
