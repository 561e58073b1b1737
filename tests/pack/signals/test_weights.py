from pathlib import Path

import pytest
from bathy.agent.index.files import FileClass
from bathy.agent.index.postings import Postings
from bathy.agent.pack.question import parse_question
from bathy.agent.pack.retrieve import retrieve
from bathy.agent.pack.signals.weights import (
    ISSUE,
    MOST_WORDS_OF_A_QUESTION,
    QUESTION,
    Weights,
    weights_for,
)
from corpora import corpus_of, past_of

WITHOUT_TEXT = {
    FileClass.BINARY,
    FileClass.LFS_POINTER,
    FileClass.SUBMODULE,
    FileClass.SYMLINK,
}
FILES = {
    "site/basket.py": "from site.shelf import take_ware\n\n\nclass Basket:\n"
    "    def put(self, name):\n        return take_ware(name)\n",
    "site/shelf.py": "def take_ware(name):\n    return SHELF[name]\n",
    "site/till.py": "from site.basket import Basket\n\n\ndef pay():\n    return Basket().put(1)\n",
    "site/other.py": "nothing = 1\n",
}
PAST = past_of(
    ("Put wares into the basket", ["site/basket.py", "site/till.py"]),
    ("Basket", ["site/basket.py", "site/other.py"]),
)
ISSUE_TEXT = """\
`Basket.put` in site/basket.py loses wares, basket
It calls `pay` and:

```
Traceback (most recent call last):
  File "/x/site/till.py", line 5, in pay
    x
  File "/x/site/shelf.py", line 2, in take_ware
    x
KeyError: 1
```
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", QUESTION),
        ("Where is it?", QUESTION),
        ("word " * MOST_WORDS_OF_A_QUESTION, QUESTION),
        ("word " * (MOST_WORDS_OF_A_QUESTION + 1), ISSUE),
        ("It fails\nalways", ISSUE),
        ("x\n", ISSUE),
    ],
)
def test_the_form_of_a_text_decides(text: str, expected: Weights) -> None:
    assert weights_for(text) is expected


def test_line_breaks_around_a_question_are_not_of_its_form() -> None:
    assert weights_for(parse_question("\r\nWhere is it?\r\n").text) is QUESTION


@pytest.mark.parametrize("weights", [ISSUE, QUESTION])
def test_every_signal_of_a_ranking_has_a_weight_and_every_weight_a_signal(
    weights: Weights, tmp_path: Path
) -> None:
    seen = set[str]()
    with Postings(tmp_path / "p.sqlite") as postings:
        corpus = corpus_of(postings, FILES, past=PAST)
        for text in (ISSUE_TEXT, "Where does `Basket` put wares?", "who uses take_ware"):
            for file in retrieve(parse_question(text), corpus).files:
                seen |= file.signals.keys()
    assert seen == {"words", *weights.signals}


@pytest.mark.parametrize("weights", [ISSUE, QUESTION])
def test_every_class_of_file_with_text_has_a_prior_and_no_other(weights: Weights) -> None:
    assert weights.prior.keys() == set(FileClass) - WITHOUT_TEXT
    assert weights.prior[FileClass.SOURCE] == 1.0
    assert all(0 < prior <= 1 for prior in weights.prior.values())
    assert all(weight >= 0 for weight in weights.signals.values())
