"""The last gate: what is about to be sent -> the same without secrets, counted.

Files are redacted one by one where they are read, with what their names give away. Whatever else
goes to a model (questions, piped text, issue text, commit messages, results of tools) passes here,
and so do those texts once more, before they are logged or sent.
"""

from collections.abc import Iterable
from dataclasses import replace

from bathy.agent.model.messages import Message
from bathy.tools.redact import REDACTION_MARK, redact


class Outbound:
    """Seals the messages of one run.

    Attributes:
        redacted: Secrets that stand as marks in what was let out; a text that is let out again is
            not counted again.
    """

    def __init__(self, *, redacted: int = 0, sealed: Iterable[str] = ()) -> None:
        """Set up.

        Args:
            redacted: Secrets taken out of what is sealed already.
            sealed: Texts that were made of redacted files alone: the base, above all, which is
                too long to be searched again in every process.
        """
        self.redacted = redacted
        self._sealed = {hash(text) for text in sealed}

    def seal(self, message: Message) -> Message:
        """Return a message as it may be logged and sent."""
        if message.role not in ("user", "tool") or hash(message.content) in self._sealed:
            return message
        text = redact(message.content, "").text
        if hash(text) not in self._sealed:
            self._sealed.add(hash(text))
            self.redacted += text.count(REDACTION_MARK)
        return message if text == message.content else replace(message, content=text)
