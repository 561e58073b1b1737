"""How much may be packed: the user's budget and the model's window, apart from all that packs."""

from dataclasses import dataclass

WINDOW_TOKENS = 1_048_576
"""Window of DeepSeek V4, prompt and answer together (the service's model page, 15 Nov 2026)."""

RESERVE_TOKENS = 131_072
"""Kept free of the pack: instructions, evidence, the conversation, thinking and the answer. Of a
smaller window a quarter."""

DEFAULT_TOKENS = 500_000
"""Budget for a repository that does not fit whole: recall falls with length."""


@dataclass(frozen=True, slots=True)
class Room:
    """How much may be packed, and how closely files are looked at.

    Attributes:
        budget: Tokens, "max" for all that the window leaves, or None: the whole repository if it
            fits into the window, else without lock, generated and vendored files if they make the
            difference, else the best `DEFAULT_TOKENS`.
        window_tokens: Of the model, prompt and answer together.
        only_outlines: Show no file in full.
    """

    budget: int | str | None = None
    window_tokens: int = WINDOW_TOKENS
    only_outlines: bool = False

    @property
    def capacity(self) -> int:
        """Tokens that a pack may have at most."""
        return self.window_tokens - min(RESERVE_TOKENS, self.window_tokens // 4)
