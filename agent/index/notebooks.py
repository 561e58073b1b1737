"""A notebook's JSON -> its cells as text; outputs are left out."""

import json
from typing import Any


def notebook_text(text: str) -> str | None:
    """Turn a Jupyter notebook into text that people can read.

    Args:
        text: The .ipynb file.

    Returns:
        Each cell behind a line `# %% [kind] cell N` (N from 1), in order; None if the text is no
        notebook. Line numbers of a notebook are those of this text.
    """
    try:
        book: Any = json.loads(text)
    except (ValueError, RecursionError):
        return None
    cells = book.get("cells") if isinstance(book, dict) else None
    if cells is None and isinstance(book, dict):
        # Before version 4 of the format, cells stood in worksheets.
        sheets = book.get("worksheets")
        first = sheets[0] if isinstance(sheets, list) and sheets else {}
        cells = first.get("cells") if isinstance(first, dict) else None
    if not isinstance(cells, list):
        return None
    parts = [_cell(number, cell) for number, cell in enumerate(cells, 1) if isinstance(cell, dict)]
    return "\n".join(parts)


def _cell(number: int, cell: dict[str, Any]) -> str:
    kind = str(cell.get("cell_type", "cell"))
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(str(line) for line in source)
    body = str(source).replace("\r\n", "\n").rstrip("\n")
    # Lone surrogates are legal in JSON escapes and nowhere else.
    clean = f"{kind} cell {number}".encode("utf-8", "replace").decode()
    body = body.encode("utf-8", "replace").decode()
    return f"# %% [{clean.partition(' ')[0]}] cell {number}\n{body}\n"
