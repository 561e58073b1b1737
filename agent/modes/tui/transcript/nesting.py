"""Lists and quotes in each other, deeper than anybody reads -> a paragraph of what is left.

The parser leaves out what is nested too deeply, as it must stop somewhere: each level costs frames
of the stack, and a look at every line below.
"""

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

MOST_LEVELS = 60
"""A quote is one, a list and its item two."""


def show_deepest(parser: MarkdownIt) -> MarkdownIt:
    """Let a parser go down so far, and show what is below with its marks."""
    # What is shown so has levels of its own.
    parser.options["maxNesting"] = MOST_LEVELS + 4
    parser.block.ruler.before("code", "deepest", _deepest)
    return parser


def _deepest(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if silent or state.level < MOST_LEVELS:
        return False
    line = start
    while line < end and (state.isEmpty(line) or state.sCount[line] >= state.blkIndent):
        line += 1
    text = state.getLines(start, line, state.blkIndent, keepLastLF=False)
    state.push("paragraph_open", "p", 1)
    inline = state.push("inline", "", 0)
    # Two blanks end a line where it ends; else they would be joined to one.
    inline.content = "  \n".join(part.strip() for part in text.split("\n") if part.strip())
    inline.children = []
    state.push("paragraph_close", "p", -1)
    state.line = line
    return True
