"""Titled sections of text, tables and plots -> one HTML page: no script, no network, light or dark.

Everything that is given as text is escaped; only plots are taken as they are, from `plot`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bathy.agent.modes.page.markup import escape


@dataclass(frozen=True, slots=True)
class Code:
    """A cell that is a path, an id or other text of a machine."""

    text: str


Cell = str | Code


@dataclass(frozen=True, slots=True)
class Heading:
    """A row that names those below it."""

    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    Attributes:
        name: What it holds, for those who do not see it.
        columns: Their headings.
        rows: Cells, as many as there are columns, or a heading.
        figures: Columns from this one on, 0-based, hold figures and stand to the right.
    """

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell] | Heading]
    figures: int = 1


@dataclass(frozen=True, slots=True)
class Figure:
    """A plot, as `plot` draws it, and what is to be said below it."""

    svg: str
    caption: str = ""


Block = str | Table | Figure
"""A paragraph of plain text, a table or a plot."""


@dataclass(frozen=True, slots=True)
class Section:
    """Some blocks under a title."""

    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Page:
    """All of a page.

    Attributes:
        title: Its title.
        lead: The first paragraph.
        sections: The rest, in order.
    """

    title: str
    lead: str
    sections: Sequence[Section]


_STYLE = """
:root{color-scheme:light dark;--text:#24292f;--dim:#57606a;--back:#f6f8fa;--card:#fff;
--rule:#d8dee4;--mark:#eef4fb}
@media (prefers-color-scheme:dark){:root{--text:#e6edf3;--dim:#9ea7b3;--back:#0d1117;--card:#161b22;
--rule:#30363d;--mark:#1c2733}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);
font:16px/1.55 system-ui,'Segoe UI','DejaVu Sans',sans-serif}
main{max-width:62rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.7rem;line-height:1.25;margin:0 0 .5rem;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:2.5rem 0 .75rem}
p{margin:.5rem 0 1rem;max-width:46rem;overflow-wrap:anywhere}
.lead,figcaption{color:var(--dim)}
figure{margin:1rem 0}
figcaption{font-size:.875rem;margin-top:.5rem;max-width:46rem}
svg{display:block;width:100%;height:auto;border:1px solid var(--rule);border-radius:8px}
.wide{overflow-x:auto;border:1px solid var(--rule);border-radius:8px;background:var(--card);
margin:1rem 0}
table{border-collapse:collapse;width:100%;font-size:.875rem;line-height:1.4}
th,td{padding:.45rem .75rem;text-align:left;vertical-align:top;border-top:1px solid var(--rule);
font-weight:400;overflow-wrap:break-word;min-width:3.5rem;max-width:26rem}
tbody th[scope=row]{min-width:9rem}
thead th{border-top:0;color:var(--dim);font-weight:600;white-space:nowrap}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.group{background:var(--mark);font-weight:600}
code{overflow-wrap:break-word;
font:.8125rem/1.4 ui-monospace,'SFMono-Regular',Menlo,'DejaVu Sans Mono',monospace}
@media print{body{background:#fff}.wide{overflow:visible}}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render_page(page: Page) -> str:
    """Return a page as one HTML document, the same for the same page."""
    return "".join(
        (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="referrer" content="no-referrer">\n',
            f"<title>{escape(page.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n",
            f'<h1>{escape(page.title)}</h1>\n<p class="lead">{escape(page.lead)}</p>\n',
            *(part for section in page.sections for part in _section(section)),
            "</main>\n</body>\n</html>\n",
        )
    )


def _section(section: Section) -> Iterator[str]:
    yield f"<section>\n<h2>{escape(section.title)}</h2>\n"
    for block in section.blocks:
        if isinstance(block, Table):
            yield from _table(block)
        elif isinstance(block, Figure):
            caption = block.caption and f"<figcaption>{escape(block.caption)}</figcaption>"
            yield f"<figure>{block.svg}{caption}</figure>\n"
        else:
            yield f"<p>{escape(block)}</p>\n"
    yield "</section>\n"


def _table(table: Table) -> Iterator[str]:
    # What can be scrolled must be reached by the keyboard, too.
    yield f'<div class="wide" role="region" tabindex="0" aria-label="{escape(table.name)}">\n'
    heads = "".join(
        f'<th scope="col"{_kind(at, table)}>{escape(name)}</th>'
        for at, name in enumerate(table.columns)
    )
    yield f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n"
    for row in table.rows:
        if isinstance(row, Heading):
            span = f'colspan="{len(table.columns)}"'
            yield f'<tr><th class="group" scope="rowgroup" {span}>{escape(row.text)}</th></tr>\n'
        else:
            first, *rest = row
            cells = (f"<td{_kind(at, table)}>{_cell(c)}</td>" for at, c in enumerate(rest, 1))
            yield f'<tr><th scope="row">{_cell(first)}</th>{"".join(cells)}</tr>\n'
    yield "</tbody>\n</table>\n</div>\n"


def _kind(at: int, table: Table) -> str:
    return ' class="n"' if at >= table.figures else ""


def _cell(cell: Cell) -> str:
    if not isinstance(cell, Code):
        return escape(cell)
    # Paths are broken where their parts end, if they must be.
    return f"<code>{escape(cell.text).replace('/', '/<wbr>')}</code>"
