import json

from bathy.agent.index.notebooks import notebook_text
from hypothesis import given
from hypothesis import strategies as st


def test_cells_come_in_order_without_outputs() -> None:
    book = {
        "cells": [
            {"cell_type": "markdown", "source": ["# Title\n", "text"]},
            {"cell_type": "code", "source": "x = 1\r\n", "outputs": [{"text": "noise"}]},
        ],
        "nbformat": 4,
    }
    expected = "# %% [markdown] cell 1\n# Title\ntext\n\n# %% [code] cell 2\nx = 1\n"
    assert notebook_text(json.dumps(book)) == expected


def test_the_older_format_is_read() -> None:
    book = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["y = 2"]}]}], "nbformat": 3}
    assert notebook_text(json.dumps(book)) == "# %% [code] cell 1\ny = 2\n"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["cells", "source", "cell_type", "worksheets", "input"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_other_json_does_not_break_it(value: object) -> None:
    text = notebook_text(json.dumps(value))
    assert text is None or text.encode("utf-8") is not None


@given(st.text(max_size=50))
def test_text_that_is_no_json_is_no_notebook(text: str) -> None:
    assert notebook_text("{" + text) is None or text.startswith("}")
