"""A view of a folder or commit for tests of tools."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bathy.agent.index.live import LiveView
from bathy.agent.index.repo import locate, read_snapshot


@contextmanager
def open_view(root: Path, rev: str | None = None) -> Iterator[LiveView]:
    view = LiveView(read_snapshot(locate(root), root, rev=rev, known={}), lambda _path: None)
    try:
        yield view
    finally:
        view.close()
