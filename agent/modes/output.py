"""Events -> stdout, as text, one JSON object or a stream of them; exactly one result each run."""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bathy.agent.config import Settings
from bathy.agent.errors import BathyError
from bathy.agent.loop.citations import CheckedCitation, Cited
from bathy.agent.loop.events import (
    CitationsChecked,
    Event,
    Finished,
    LimitReached,
    PatchApplied,
    PatchProposed,
    Retry,
    Shortened,
    Subtype,
    ToolFinished,
    ToolStarted,
    TurnStarted,
    UsageReported,
)
from bathy.agent.loop.limits import Spent
from bathy.agent.model.messages import ReasoningDelta, TextDelta, Usage
from bathy.agent.model.offline import Citation, OfflineAnswer
from bathy.agent.modes.saving import save
from bathy.agent.modes.signals import ignore_ends
from bathy.agent.modes.terminal import printable, show_answer
from bathy.tools.diff import render_text
from bathy.tools.workspace import quote_path

if TYPE_CHECKING:
    from bathy.agent.modes.ask import Asked
    from bathy.tools.edits import Edits

SCHEMA_VERSION = 1


@dataclass
class Output:
    """Where a run is written to; what a result needs is filled in as it becomes known."""

    settings: Settings
    mode: str
    model: str | None = None
    session_id: str = ""
    repo: Mapping[str, Any] | None = None
    pack: Mapping[str, Any] | None = None
    citations: list[dict[str, Any]] = field(default_factory=list)
    _began_s: float = field(default_factory=time.monotonic)
    has_begun: bool = False
    _seq: int = 0
    _spent: Spent = field(default_factory=Spent)
    _text: str = ""
    _cited: Sequence[Cited] = ()
    _edits: "Edits | None" = None
    _asked: "Asked | None" = None
    _is_finished: bool = False

    def start(self) -> None:
        """Say that the run begins, and what was packed."""
        self.has_begun = True
        self._event(
            "session_started",
            {"session_id": self.session_id, "mode": self.mode, "model": self.model},
        )
        if self.pack is not None:
            self._event("pack_ready", dict(self.pack))

    def write(self, event: Event) -> None:
        """Write one event that is not the end."""
        if isinstance(event, CitationsChecked):
            self._cited = event.cited
            self.cite(event.citations)
            return
        kind, values = _as_json(event)
        self._event(kind, values)

    def cite(self, citations: Sequence[CheckedCitation | Citation]) -> None:
        """Keep the citations for the result, and tell of them."""
        self.citations = [
            {
                "path": quote_path(c.path),
                "start_line": c.start_line,
                "end_line": c.end_line,
                "status": c.status,
            }
            for c in citations
        ]
        self._event("citations", {"citations": self.citations})

    def begin(self, asked: "Asked") -> None:
        """Begin the account of a run of the loop."""
        self.model, self.session_id = asked.model.id, asked.session_id
        self.pack, self._asked = asked.start.header.get("pack"), asked
        self._edits = asked.edits
        self.start()

    def take(self, event: Event, root: Path) -> int:
        """Write one event, whichever it is; return the exit code so far.

        Args:
            event: The next one.
            root: Folder that links in the answer lead into.
        """
        if not isinstance(event, Finished):
            self.write(event)
            return 1
        is_linked = self.settings.color and sys.stdout.isatty()
        shown = show_answer(event.text, self._cited, root, is_linked=is_linked)
        self.finish(event, text=shown)
        if event.error:
            print(f"bathy: {event.error}", file=sys.stderr)  # noqa: T201
        self.save(event.text)
        return event.exit_code

    def conclude_offline(self, answer: OfflineAnswer) -> None:
        """Write an answer that no model gave."""
        self._event("text_delta", {"text": answer.text})
        self.cite(answer.citations)
        self.finish(Finished("success", answer.text, 0, Usage(), 0.0, "", 0))

    def save(self, text: str) -> None:
        """Write the answer to the file that was asked for.

        Raises:
            BathyError: It cannot be written.
        """
        if self.settings.output is not None:
            save(self.settings.output, text.encode("utf-8", "replace"))

    def finish(self, end: Finished, *, text: str | None = None) -> None:
        """Write the result, or for people the answer; only the first call does.

        Args:
            end: How the run ended.
            text: The answer as people are to see it, if that differs.
        """
        # A signal may come when all has been said already.
        if self._is_finished:
            return
        self._is_finished = True
        ignore_ends()
        self._save_patch()
        if self.settings.output_format == "text":
            shown = printable(end.text) if text is None else text
            if shown:
                sys.stdout.write(shown if shown.endswith("\n") else shown + "\n")
                sys.stdout.flush()
            return
        result = self.result(end)
        if self.settings.output_format == "stream-json":
            result["seq"] = self._seq
        self._print(result)

    def result(self, end: Finished) -> dict[str, Any]:
        """Return the account of the whole run, once it has ended."""
        result: dict[str, Any] = {
            "type": "result",
            "schema_version": SCHEMA_VERSION,
            "subtype": end.subtype,
            "is_error": end.subtype != "success",
            "result": end.text,
            "session_id": self.session_id,
            "model": self.model,
            "mode": self.mode,
            "num_turns": end.turns,
            "duration_ms": round(1000 * (time.monotonic() - self._began_s)),
            "total_cost_usd": round(end.cost_usd, 6),
            "usage": asdict(end.usage),
            "pack": self.pack,
            "citations": self.citations,
            "patch": (render_text(self._edits.states()) if self._edits else "") or None,
            "applied": bool(self._edits and self._edits.entries),
            "repo": self.repo,
            "error": end.error or None,
        }
        if self._asked is not None:
            result.update(_account(self._asked))
        if end.partial:
            result["partial"] = end.partial
        return result

    def _save_patch(self) -> None:
        path = self.settings.patch_out
        if path is None or self._edits is None:
            return
        try:
            save(path, self._edits.diff())
        except BathyError as error:
            print(f"bathy: {error}", file=sys.stderr)  # noqa: T201

    def progress(self, spent: Spent, text: str) -> None:
        """Note how far the loop has come, for a result that it may not live to write."""
        self._spent, self._text = spent, text

    def fail(self, subtype: Subtype, error: str, exit_code: int) -> None:
        """Write the result of a run that ended before or beside the loop."""
        if self._text and self.settings.output_format == "text":
            text = printable(self._text)
            print(f"bathy: what had come by then:\n{text}", file=sys.stderr)  # noqa: T201
        self.finish(self.broken(subtype, error, exit_code))

    def broken(self, subtype: Subtype, error: str, exit_code: int) -> Finished:
        """Return the end of a run that ended before or beside the loop, with what it had spent."""
        return Finished(
            subtype, "", self._spent.turns, self._spent.usage, self._spent.cost_usd, error,
            exit_code, self._text,
        )  # fmt: skip

    def _event(self, kind: str, values: Mapping[str, Any]) -> None:
        if self.settings.output_format == "stream-json":
            self._print(
                {"type": kind, "schema_version": SCHEMA_VERSION, "seq": self._seq, **values}
            )
            self._seq += 1

    def _print(self, value: Mapping[str, Any]) -> None:
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()


def _account(asked: "Asked") -> dict[str, Any]:
    """What a run was expected to cost beside what its prompts did, and what was kept back."""
    totals = asked.bill.totals
    forecast = {
        "prompt_tokens": totals.prompt_tokens,
        "cache_hit_tokens": totals.hit_tokens,
        "cache_miss_tokens": totals.prompt_tokens - totals.hit_tokens,
        "prompt_cost_usd": round(totals.prompt_usd, 8),
        "uncached": totals.uncached,
    }
    cache = {
        "prompt_cost_usd": round(totals.reported_usd, 8),
        "saved_usd": round(totals.saved_usd, 8),
        "uncached": totals.missed,
        "misses": totals.causes,
    }
    return {"forecast": forecast, "cache": cache, "redacted": asked.outbound.redacted}


_NAMES = {
    TurnStarted: "turn_started",
    TextDelta: "text_delta",
    ReasoningDelta: "reasoning_delta",
    ToolStarted: "tool_started",
    ToolFinished: "tool_finished",
    PatchProposed: "patch_proposed",
    PatchApplied: "patch_applied",
    Retry: "retry",
    Shortened: "shortened",
    UsageReported: "usage",
    LimitReached: "limit",
}


def _as_json(event: Event) -> tuple[str, dict[str, Any]]:
    return _NAMES[type(event)], asdict(event)
