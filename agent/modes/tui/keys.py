"""Which key does what in the full-screen mode: one table, data only.

`input/keymap.py` makes the bindings of the widgets, the hints and the F1 help of it, and reads the
user's changes.
"""

from dataclasses import dataclass
from typing import cast

from bathy.agent.modes.tui.contexts import Context


@dataclass(frozen=True, slots=True)
class Key:
    """What a key does.

    Attributes:
        id: Context and action, "composer.send": the binding's id for Textual, and how the file
            names it.
        keys: By default, as Textual names them; characters stand for themselves.
        help: In a few words.
        call: Textual's action, without "action_".
    """

    id: str
    keys: tuple[str, ...]
    help: str
    call: str

    @property
    def context(self) -> Context:
        """Where it means that."""
        return cast("Context", self.id.partition(".")[0])


def _keys(context: Context, *rows: tuple[str, str, str] | tuple[str, str, str, str]) -> list[Key]:
    """Rows of action, keys with spaces between, help, and the call where it is not the action."""
    return [
        Key(f"{context}.{action}", tuple(keys.split()), text, call[0] if call else action)
        for action, keys, text, *call in rows
    ]


TABLE: tuple[Key, ...] = (
    *_keys(
        "everywhere",
        (
            "stop",
            "escape",
            "close what is open; back to the composer, and stop the turn; text stays",
        ),
        (
            "interrupt",
            "ctrl+c",
            "copy what the mouse has selected; else stop; twice within a second when idle: leave",
        ),
        ("help", "f1", "keys and commands"),
        ("palette", "ctrl+p", "all commands", "command_palette"),
        ("pack", "f2", "what is in the window"),
        ("viewer", "f3", "find a file and show it"),
        ("review", "f4", "review of edits"),
        ("mouse", "f6", "leave the mouse to the terminal, or take it back"),
        ("reasoning", "ctrl+t", "open or close the reasoning"),
        ("tool_output", "ctrl+o", "open or close what tools gave"),
        ("search", "ctrl+f", "search the transcript"),
        ("earlier_prompt", "alt+up", "the question before", "prompt(-1)"),
        ("later_prompt", "alt+down", "the question after", "prompt(1)"),
        ("page_up", "pageup", "a page up in the transcript"),
        ("page_down", "pagedown", "a page down in the transcript"),
        ("follow", "end ctrl+end", "the end of the transcript, and follow it"),
        ("next_part", "tab", "to the transcript, the side panel, the composer", "focus_next"),
        ("previous_part", "shift+tab", "the other way round", "focus_previous"),
        ("sessions", "ctrl+r", "earlier sessions"),
        ("new_session", "ctrl+n", "begin a session"),
        *((f"citation_{n}", f"alt+{n}", "open citation n", f"citation({n})") for n in range(1, 10)),
        ("link", "alt+l", "open a web link of the answer"),
    ),
    *_keys(
        "composer",
        ("send", "enter", "send; while a question is worked on: put it into the queue"),
        ("newline", "shift+enter ctrl+j", "a new line"),
        (
            "older",
            "up",
            "a line up; in the first: the last of the queue, or an older question",
        ),
        ("newer", "down", "a line down; in the last: a newer question"),
        ("editor", "ctrl+g", "write in $VISUAL or $EDITOR"),
    ),
    *_keys(
        "popup",
        ("accept", "enter", "take the name; run a command that needs nothing more"),
        ("complete", "tab", "take the name"),
        ("previous", "up", "the name above", "choose(-1)"),
        ("next", "down", "the name below", "choose(1)"),
        ("dismiss", "escape", "close the names"),
    ),
    *_keys(
        "edit",
        ("left", "left", "a character back", "cursor_left"),
        ("right", "right", "a character on", "cursor_right"),
        ("word_left", "ctrl+left alt+b", "a word back", "cursor_word_left"),
        ("word_right", "ctrl+right alt+f", "a word on", "cursor_word_right"),
        ("line_start", "home ctrl+a", "start of the line", "cursor_line_start"),
        ("line_end", "end ctrl+e", "end of the line", "cursor_line_end"),
        ("select_left", "shift+left", "select back", "cursor_left(True)"),
        ("select_right", "shift+right", "select on", "cursor_right(True)"),
        ("select_up", "shift+up", "select up", "cursor_up(True)"),
        ("select_down", "shift+down", "select down", "cursor_down(True)"),
        ("select_word_left", "ctrl+shift+left", "select a word back", "cursor_word_left(True)"),
        ("select_word_right", "ctrl+shift+right", "select a word on", "cursor_word_right(True)"),
        ("select_home", "shift+home", "select to the start", "cursor_line_start(True)"),
        ("select_end", "shift+end", "select to the end", "cursor_line_end(True)"),
        ("delete_left", "backspace", "delete back"),
        ("delete_right", "delete ctrl+d", "delete on"),
        ("delete_word_left", "ctrl+w ctrl+backspace alt+backspace", "delete a word back"),
        ("delete_word_right", "alt+delete alt+d", "delete a word on"),
        ("delete_to_start", "ctrl+u", "delete to the start", "delete_to_start_of_line"),
        ("delete_to_end", "ctrl+k", "delete to the end", "delete_to_end_of_line_or_delete_line"),
        ("copy", "ctrl+c super+c", "copy what is selected", "copy"),
        ("cut", "ctrl+x super+x", "cut what is selected, or the line"),
        ("paste", "ctrl+v super+v", "paste what was copied or cut here"),
        ("undo", "ctrl+z super+z", "undo"),
        ("redo", "ctrl+y super+y", "redo"),
    ),
    *_keys(
        "reading",
        ("help", "?", "keys and commands"),
        ("search", "/", "search"),
        ("find_next", "n", "next place found", "find_next(1)"),
        ("find_previous", "N", "place found before", "find_next(-1)"),
        ("edit", "e", "open $EDITOR at the line"),
        ("copy", "y", "copy what is selected, or the block"),
        (
            "suspend",
            "ctrl+z",
            "stop bathy until fg; within the text: ctrl+p suspend",
            "suspend_process",
        ),
    ),
    *_keys(
        "moving",
        ("up", "up", "up", "move(-1)"),
        ("down", "down", "down", "move(1)"),
        ("left", "left", "to the left; a folder closes", "move_side(-1)"),
        ("right", "right", "to the right; a folder opens", "move_side(1)"),
        ("page_up", "pageup", "a page up", "move_page(-1)"),
        ("page_down", "pagedown", "a page down", "move_page(1)"),
        ("top", "home", "to the top", "home"),
        ("bottom", "end", "to the bottom", "end"),
    ),
    *_keys(
        "transcript",
        ("open", "enter", "open the citation or link; unfold evidence, thinking, a tool's output"),
        ("block_above", "ctrl+up", "the block above", "block(-1)"),
        ("block_below", "ctrl+down", "the block below", "block(1)"),
        ("copy_code", "c", "copy the code"),
        ("retry", "r", "try a failed question again"),
        ("earlier_prompt", "{", "the question before", "prompt(-1)"),
        ("later_prompt", "}", "the question after", "prompt(1)"),
    ),
    *_keys(
        "viewer",
        ("go_to", ": g", "go to a line"),
        ("up", "k", "up", "move(-1)"),
        ("down", "j", "down", "move(1)"),
        ("page_down", "space", "a page down", "move_page(1)"),
        ("back", "escape q", "back"),
    ),
    *_keys(
        "pack",
        ("open", "enter", "go into a folder"),
        ("out", "backspace", "go out of it", "zoom_out"),
        ("exclude", "x", "leave it out", "leave_out"),
        ("include", "i", "take it back", "put_back"),
        ("undo", "u", "undo the last change"),
        ("sort", "t", "sort in another way"),
        ("switch", "tab", "map or tree"),
        ("back", "escape", "back"),
    ),
    *_keys(
        "side",
        ("open", "enter", "open the citation", "choose"),
        ("grow", "+", "give the panel more room", "widen(1)"),
        ("shrink", "_", "give it less", "widen(-1)"),
    ),
    *_keys(
        "review",
        ("accept", "a", "accept the hunk", "decide('accepted')"),
        ("reject", "r", "reject the hunk", "decide('rejected')"),
        ("accept_file", "A", "accept the rest of the file", "decide_rest('accepted')"),
        ("reject_file", "R", "reject the rest of the file", "decide_rest('rejected')"),
        ("next_hunk", "]", "next hunk", "go_to_hunk(1)"),
        ("previous_hunk", "[", "hunk before", "go_to_hunk(-1)"),
        ("split", "s", "split the hunk"),
        ("comment", "c", "tell the model something about it"),
        ("rewrite", "e", "write the hunk anew"),
        ("open", "o", "open the file"),
        ("wrap", "w", "wrap long lines, or cut them"),
        ("apply", "enter", "apply what was accepted"),
        ("back", "escape", "back"),
    ),
    *_keys(
        "sessions",
        ("resume", "enter", "go on with it"),
        ("rename", "f5", "give it a name"),
        ("export", "f7", "write it to a file"),
        ("back", "escape", "back"),
    ),
    *_keys(
        "search",
        ("next", "enter down", "next place", "step(1)"),
        ("previous", "shift+enter up", "place before", "step(-1)"),
        ("close", "escape", "close it; what was typed stays"),
    ),
    *_keys(
        "files",
        ("open", "enter", "show the file", "take"),
        ("up", "up", "the file above", "move(-1)"),
        ("down", "down", "the file below", "move(1)"),
        ("page_up", "pageup", "a page up", "move_page(-1)"),
        ("page_down", "pagedown", "a page down", "move_page(1)"),
        ("close", "escape", "close it"),
    ),
    *_keys(
        "asking",
        ("answer", "enter", "take what is written", "submit"),
        ("leave", "escape", "leave it; what is written stays for the next time"),
    ),
    *_keys("approval", ("yes", "y", "yes"), ("no", "n escape ctrl+c", "no")),
    *_keys(
        "link",
        ("open", "y", "open it in the browser, once all of it was seen", "answer('open')"),
        ("copy", "c", "copy the address", "answer('copy')"),
        ("next", "tab", "the next link", "step(1)"),
        ("previous", "shift+tab", "the link before", "step(-1)"),
        ("up", "up", "a line up in a long address", "move(-1)"),
        ("down", "down", "a line down", "move(1)"),
        ("leave", "n escape", "leave it"),
    ),
    *_keys("help", ("close", "escape q f1 ?", "close it")),
)
"""Every action of the full-screen mode with its default keys."""
