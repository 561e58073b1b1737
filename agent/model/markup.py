"""The text of a reply -> the tool calls that leaked into it, and the text that may be shown.

A model writes its calls as markup, which the service turns into data. Where that fails, the markup
comes as text and nothing runs. Three forms are known; the bars of the first come in several kinds:

```
<|DSML|tool_calls><|DSML|invoke name="…"><|DSML|parameter name="…" string="true">…
<tool_call id="…" name="…">{…}</tool_call>
<tool_call>{"name": "…", "arguments": {…}}</tool_call>
```

Markup in a code fence or in inline code is a quotation: an answer may well explain it. Only what
stands before it decides that, so a stream and the whole text are judged alike.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bathy.agent.model.messages import ToolCall


@dataclass(frozen=True, slots=True)
class Leaked:
    """What a text turned out to hold.

    Attributes:
        text: What stands before the first block; the whole text if there is none. What a model
            writes after its calls tells of results that it has not seen, and is dropped.
        calls: The complete calls, in order.
        truncated: A block was opened and not closed.
    """

    text: str
    calls: tuple[ToolCall, ...]
    truncated: bool


def split_leaked_calls(content: str, tool_names: Collection[str]) -> Leaked:
    """Find the calls in a text.

    Args:
        content: Of an assistant's message.
        tool_names: What may be called; a block that calls nothing of it is left in the text.

    Returns:
        The calls of the first block and of those that follow it at once, with the ids "leaked_00",
        "leaked_01" and so on. Their arguments are as the model wrote them, not always valid JSON.
    """
    scanner, at = _Scanner(), 0
    while tool_names:
        at, is_found = scanner.scan(content, at, is_all=True)
        if not is_found:
            break
        block = _read_block(content, at)
        if block.is_for(tool_names):
            found, is_closed = _read_run(content, block)
            known = [(name, arguments) for name, arguments in found if name in tool_names]
            calls = [ToolCall(f"leaked_{n:02}", *call) for n, call in enumerate(known)]
            return Leaked(content[:at].rstrip(), tuple(calls), truncated=not is_closed)
        scanner.skip(content[at : block.end])
        at = block.end
    return Leaked(content, (), truncated=False)


class MarkupFilter:
    """Lets a stream of text through up to the first block of leaked calls, and nothing after it.

    What it lets through does not depend on where the text is cut into pieces. A block is a block
    here whatever it calls: the names may come later than the decision.
    """

    def __init__(self) -> None:
        self._scanner = _Scanner()
        self._held = ""
        self._is_open = False

    def push(self, text: str) -> str:
        """Take more text; return what may be shown now.

        What may be the beginning of a block is held back, at most some 300 characters.
        """
        return self._next(text, is_all=False)

    def finish(self) -> str:
        """Return what was held back and turned out to be plain text. Nothing may follow."""
        return self._next("", is_all=True)

    def _next(self, more: str, *, is_all: bool) -> str:
        if self._is_open:
            return ""
        text = self._held + more
        end, self._is_open = self._scanner.scan(text, 0, is_all=is_all)
        self._held = "" if self._is_open else text[end:]
        return text[:end]


def _beginnings(parts: Sequence[str], last: str = "") -> str:
    """A pattern for the first few of some patterns; `last` may follow all of them."""
    pattern = last
    for part in reversed(parts):
        pattern = f"(?:{part}{pattern})?"
    return pattern


# Every repetition below is bounded or possessive: a text is searched in linear time, and little of
# a stream has to be held back.
_BARS = "[｜|‖]{1,2}"  # noqa: RUF001 - what models write
_DSML = f"{_BARS}DSML{_BARS} {{0,2}}"
_BLOCKS = ("tool_calls", "function_calls", "calls")
_BLOCK = f"(?:{'|'.join(_BLOCKS)})"
_ATTRIBUTES = r'(?:\s{1,4}\w{1,32}="[^"\n]{0,256}"){0,4}'

# An opening tag alone may be talked about; what follows it tells a block.
_START = re.compile(
    rf"<{_DSML}(?:{_BLOCK} {{0,2}}>(?P<gap>\s{{0,16}})<{_DSML})?invoke\s{{1,4}}name="
    r"|<tool_call(?:\s[^<>\n]{0,256})?>(?P<json_gap>\s{0,16})\{"
)
_MARK = ("<", _BARS, *"DSML", _BARS, " {0,2}")
_INVOKE = (*"invoke", r"\s{1,4}", *"name=")
_AFTER_MARK = "|".join(
    _beginnings(parts)
    for parts in (
        _INVOKE,
        *((*block, " {0,2}", ">", r"\s{0,16}", *_MARK, *_INVOKE) for block in _BLOCKS),
    )
)
_TOOL_CALL_PARTS = (*"<tool_call", r"(?:\s[^<>\n]{0,256})?", ">", r"\s{0,16}")
_MAYBE_START = re.compile(
    rf"(?:{_beginnings(_MARK, f'(?:{_AFTER_MARK})')}|{_beginnings(_TOOL_CALL_PARTS)})\Z"
)
_SURELY_MARKUP = re.compile(rf"<{_BARS}DSML|<tool_call[\s>]")

_TAG = re.compile(
    rf"<(?P<close>/?){_DSML}(?P<kind>{_BLOCK}|invoke|parameter)(?P<attributes>{_ATTRIBUTES})\s{{0,4}}>"
)
_PARAMETER_END = re.compile(
    rf"</{_DSML}parameter\s{{0,4}}>(?=\s*+<(?:{_DSML}parameter|/?{_DSML}(?:invoke|{_BLOCK})))"
)
_TOOL_CALL = re.compile(rf"<tool_call(?P<attributes>{_ATTRIBUTES})[^<>\n]{{0,256}}>\s*+")
_TOOL_CALL_END = "</tool_call>"
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_SPACE = re.compile(r"\s*+")
_STEP = re.compile(r"\n|`+|~+|<|[^\n`~<]+")

_MOST_JSON_CHARS = 65_536
"""A call in JSON that is longer ends at the first closing tag, even one inside a string."""


_MOST_INDENT = 40
_INDENT = re.compile(rf"(?=.{{0,{_MOST_INDENT - 1}}}\Z)[ \t>]*+(?:(?:[-*+]|\d{{1,9}}[.)])[ \t]++)?")


class _Run(NamedTuple):
    """Backticks or tildes in a row."""

    char: str
    length: int


_NO_RUN = _Run("", 0)


class _Scanner:
    """Goes through a text piece by piece, up to the first block that is no quotation."""

    def __init__(self) -> None:
        self._place = _Place()

    def scan(self, text: str, at: int, *, is_all: bool) -> tuple[int, bool]:
        """Go on from `at`.

        Returns:
            How far the text is plain, and whether a block begins there. If none does, the rest of
            the text is undecided and must come again with more; `is_all` says that there is none.
        """
        for step in _STEP.finditer(text, at):
            if step[0] == "<":
                start = step.start()
                self._place.end_run()
                if self._is_start(text, start, is_all=is_all):
                    return start, True
                if not is_all and _MAYBE_START.match(text, start):
                    return start, False
            self._place.go(step[0])
        return len(text), False

    def skip(self, text: str) -> None:
        """Take a text for plain, whatever it holds."""
        for step in _STEP.finditer(text):
            self._place.go(step[0])

    def _is_start(self, text: str, at: int, *, is_all: bool) -> bool:
        if self._place.is_in_fence:
            return False
        if found := _START.match(text, at):
            # Inline code ends with its line, so a block that goes on below was not quoted in it.
            gap = found["gap"] or found["json_gap"] or ""
            return not self._place.is_in_span or "\n" in gap
        return is_all and not self._place.is_in_span and _is_cut(text, at)


def _is_cut(text: str, at: int) -> bool:
    """Whether a text ends within the opening of a block."""
    return bool(_SURELY_MARKUP.match(text, at) and _MAYBE_START.match(text, at))


class _Place:
    """Where in Markdown a text has come to: in a code fence, in inline code, or in neither.

    Inline code is taken to end with its line.
    """

    def __init__(self) -> None:
        self._fence = self._opener = self._run = _NO_RUN
        self._span = 0
        self._before = ""
        self._is_closing = False

    @property
    def is_in_fence(self) -> bool:
        return bool(self._fence.length or self._opener.length)

    @property
    def is_in_span(self) -> bool:
        return self._span > 0

    def go(self, step: str) -> None:
        """Pass one step: a line feed, a run of backticks or tildes or a part of one, other text."""
        if step[0] in "`~":
            if self._run.char != step[0]:
                self.end_run()
            self._run = _Run(step[0], self._run.length + len(step))
            return
        self.end_run()
        if step == "\n":
            self._end_line()
            return
        if not step.isspace():
            self._is_closing = False
        if len(self._before) < _MOST_INDENT:
            self._before = (self._before + step)[:_MOST_INDENT]

    def end_run(self) -> None:
        """Say that something else follows, so that a run is known to be whole."""
        run, self._run = self._run, _NO_RUN
        if not run.length:
            return
        before, self._before = self._before, "x"
        if self._fence.length:
            is_long = run.char == self._fence.char and run.length >= self._fence.length
            self._is_closing = is_long and not before.strip(" \t>")
        elif run.length >= 3 and _INDENT.fullmatch(before):
            self._opener = run
        elif run.char == "`" and self._opener.char == "`":
            # What began like a fence is inline code between long runs.
            self._span = 0 if run == self._opener else self._opener.length
            self._opener = _NO_RUN
        elif run.char == "`" and not self._opener.length:
            self._span = {0: run.length, run.length: 0}.get(self._span, self._span)

    def _end_line(self) -> None:
        if not self._fence.length:
            self._fence = self._opener
        elif self._is_closing:
            self._fence = _NO_RUN
        self._opener, self._span, self._before, self._is_closing = _NO_RUN, 0, "", False


@dataclass(frozen=True, slots=True)
class _Block:
    """A block of calls: where it ends, its whole calls, all names in it, whether it was closed."""

    end: int
    calls: Sequence[tuple[str, str]]
    names: Sequence[str]
    is_closed: bool

    def is_for(self, tool_names: Collection[str]) -> bool:
        """Whether it calls one of these, or was cut before it could say what it calls."""
        if not self.names:
            return not self.is_closed
        return any(name in tool_names for name in self.names)


def _read_run(content: str, block: _Block) -> tuple[list[tuple[str, str]], bool]:
    """The calls of a block and of the blocks right behind it, and whether all were closed."""
    calls = list(block.calls)
    while block.is_closed:
        at = _end_of_space(content, block.end)
        if not _START.match(content, at):
            return calls, not _is_cut(content, at)
        block = _read_block(content, at)
        calls += block.calls
    return calls, False


def _read_block(content: str, start: int) -> _Block:
    if tag := _TAG.match(content, start):
        is_bare = tag["kind"] == "invoke"
        return _read_invokes(content, start if is_bare else tag.end(), is_bare=is_bare)
    if tag := _TOOL_CALL.match(content, start):
        return _read_tool_call(content, tag)
    return _Block(len(content), (), (), is_closed=False)


def _read_invokes(content: str, at: int, *, is_bare: bool) -> _Block:
    """Read calls up to the end of their block, or as far as they follow each other without one."""
    calls, names = list[tuple[str, str]](), list[str]()
    while True:
        tag = _TAG.search(content, at)
        if is_bare and (tag is None or tag.start() > _end_of_space(content, at)):
            return _Block(at, calls, names, is_closed=True)
        if tag is None:
            return _Block(len(content), calls, names, is_closed=False)
        at = tag.end()
        if tag["kind"] == "invoke" and not tag["close"]:
            name = _attributes(tag).get("name", "")
            names.append(name)
            arguments, at = _read_invoke(content, at)
            if arguments is None:
                return _Block(len(content), calls, names, is_closed=False)
            calls.append((name, arguments))
        elif tag["kind"] in _BLOCKS and tag["close"]:
            return _Block(at, calls, names, is_closed=True)


def _read_invoke(content: str, start: int) -> tuple[str | None, int]:
    """Read one call from behind its opening tag: its arguments, None if it was cut, and its end."""
    parameters, at = list[str](), start
    while tag := _TAG.search(content, at):
        at = tag.end()
        if tag["kind"] != "parameter":
            body = content[start : tag.start()].strip()
            has_json = not parameters and body.startswith("{")
            arguments = body if has_json else "{" + ", ".join(parameters) + "}"
            return arguments, at if tag["kind"] == "invoke" and tag["close"] else tag.start()
        if not tag["close"]:
            # A value is not escaped, so it may hold the very tag that would end it.
            end = _PARAMETER_END.search(content, at)
            if end is None:
                break
            parameters.append(_parameter(_attributes(tag), content[at : end.start()]))
            at = end.end()
    return None, len(content)


def _parameter(attributes: Mapping[str, str], text: str) -> str:
    """One member of a JSON object; always valid, so that no value can add others."""
    is_json = attributes.get("string") == "false" and _is_json(text)
    name = json.dumps(attributes.get("name", ""), ensure_ascii=False)
    return f"{name}: {text.strip() if is_json else json.dumps(text, ensure_ascii=False)}"


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _read_tool_call(content: str, tag: re.Match[str]) -> _Block:
    """Read a call in JSON, to the closing tag that is not in one of its strings."""
    start = tag.end()
    value, end = _first_json(content[start : start + _MOST_JSON_CHARS])
    name, arguments = _attributes(tag).get("name", ""), ""
    if not name and isinstance(value, dict) and isinstance(value.get("name"), str):
        name = value["name"]
        inner = value.get("arguments", value.get("parameters", {}))
        arguments = inner if isinstance(inner, str) else json.dumps(inner, ensure_ascii=False)
    names = [name] if name else []
    close = content.find(_TOOL_CALL_END, start + end)
    if close < 0:
        return _Block(len(content), (), names, is_closed=False)
    call = (name, arguments or content[start:close].strip())
    return _Block(close + len(_TOOL_CALL_END), [call] if name else [], names, is_closed=True)


def _first_json(text: str) -> tuple[object, int]:
    """The value that a text begins with, and its end; nothing if it is broken and to be mended."""
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None, 0
    return value, end


def _attributes(tag: re.Match[str]) -> dict[str, str]:
    return dict(_ATTRIBUTE.findall(tag["attributes"]))


def _end_of_space(content: str, at: int) -> int:
    found = _SPACE.match(content, at)
    return found.end() if found else at
