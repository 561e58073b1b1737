"""Names, files and a model that send escape sequences: none of them reaches the terminal."""

import re
from pathlib import Path

import pytest
from endpoint.contract import tokenizer
from endpoint.script import Call, Reply
from endpoint.server import Endpoint
from repo_builder import RepoBuilder
from tui.screens.sample import build
from tui.terminal.replies import key
from tui.terminal.tmux import NEEDS_TMUX, Terminal, squeezed

pytestmark = [NEEDS_TMUX, pytest.mark.usefixtures("vocabulary")]

EVIL = "\x1b]0;owned\x07\x1b[2J\x1b]52;c;b3duZWQ=\x07\x9b2J\x9d0;owned\x9c\x1bPowned\x1b\\"
NAME = "src/evil\x1b]0;owned\x07\x1b[2J.py"
MARKUP = "[b]bold[/b] [@click=app.exit]leave[/]"
READ = Reply(
    f"Let me see {EVIL}.",
    f"Thinking {EVIL}.",
    (
        Call("grep", {"pattern": f"evil{EVIL}", "fixed": True}),
        Call("grep", {"pattern": "购物车("}),
        Call("read_file", {"path": NAME}),
        Call(f"no{EVIL}", {}),
        Call("edit_file", {"path": NAME, "old_text": "(cart)", "new_text": f"(cart, _={EVIL!r})"}),
    ),
)
ANSWER = f"""\
It is {EVIL} {MARKUP} [{NAME}:3].

```{EVIL}
{EVIL}
```

| {EVIL} | b |
|--|--|
| [to{EVIL}](http://x/{EVIL}) | {EVIL} |

It ends here.
"""
# Textual tells the terminal the shape of the pointer, and asks nothing else by such sequences.
OWN_STRINGS = {b"\x1b]22;default\x07"}


def hostile(folder: Path) -> RepoBuilder:
    repo = build(folder)
    repo.file(
        NAME, f'"""Evil cart {EVIL} {MARKUP}"""\n\ndef evil_cart(cart):\n    return "{EVIL}"\n'
    )
    repo.commit(f"Do evil {EVIL}")
    return repo


def test_no_escape_sequence_of_others_reaches_the_terminal(tmp_path: Path) -> None:
    tokenizer()
    repo = hostile(tmp_path)
    with (
        Endpoint([READ, Reply(ANSWER)]) as endpoint,
        Terminal(repo.root, env=key(endpoint)) as seat,
    ):
        seat.until("packed: 10 files")
        title = seat.flag("pane_title")
        seat.say(f"What does evil_cart do, {MARKUP}?", "Send it?")
        seat.outwait_grace()
        seat.closes("y", "Send it?")
        text = seat.until("It ends here.", "ready")
        assert squeezed(MARKUP) in squeezed(text)
        for key_name, words in (("F2", "frozen base"), ("F3", "some letters of a name")):
            seat.opens(key_name, words)
            seat.closes("Escape", words)
        seat.opens("F4", "hunk 1/1")
        seat.outwait_grace()
        seat.opens("a", "1 accepted")
        seat.opens("Enter", "1 file written")
        seat.opens("F3", "some letters of a name")
        seat.type("evil")
        seat.until_gone("README.md")
        seat.opens("Enter", "side  y copy")
        seat.closes("Escape", "side  y copy")
        seat.opens("C-r", "enter go on with it")
        seat.until(MARKUP)
        assert seat.flag("pane_title") == title
        assert seat.copied == ""
        seen = seat.raw
    assert b"It ends here." in seen
    assert set(re.findall(rb"\x1b[\]PX^_][^\x07\x1b]*\x07?", seen)) <= OWN_STRINGS
    assert b"\x1b[2J" not in seen
    assert not re.search(r"[\x80-\x9f]", seen.decode())
