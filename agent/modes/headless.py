"""`bathy --task`: one question -> an answer on stdout, and exactly one result."""

import json
import os
import stat
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bathy.agent.config import Settings, has_key
from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.model.offline import OfflineAnswer
from bathy.agent.modes.compose import open_bench
from bathy.agent.modes.progress import Progress
from bathy.agent.modes.signals import INTERRUPTED, TERMINATED, Terminated
from bathy.tools.workspace import quote_path

_MAX_STDIN_BYTES = 10 << 20


def run_task(settings: Settings, task: str) -> int:
    """Answer one question; return the exit code.

    Raises:
        ConfigError: The question is empty; no result is printed, since nothing has begun.
    """
    piped = _piped()
    question = f"{task}\n\n<stdin>\n{piped}\n</stdin>" if piped else task
    if not question.strip():
        raise ConfigError("the question is empty")
    progress = Progress(quiet=settings.quiet, verbose=settings.verbose)
    if not settings.offline:
        progress.say(_why_offline())
    writer = _Writer(settings)
    try:
        with open_bench(settings, progress) as bench:
            writer.start()
            answer = bench.answer(question)
            writer.save(answer.text)
            repo = {
                "name": bench.snapshot.name,
                "commit": bench.snapshot.commit or None,
                "dirty": bench.snapshot.dirty,
            }
    except BathyError as error:
        writer.fail("error_during_execution", str(error))
        raise
    except KeyboardInterrupt:
        writer.fail("interrupted", f"interrupted (exit code {INTERRUPTED})")
        raise
    except Terminated:
        writer.fail("interrupted", f"terminated (exit code {TERMINATED})")
        raise
    writer.finish(answer, repo)
    return 0


def _why_offline() -> str:
    if has_key():
        return "this version does not ask a model yet; answering from the index alone (--offline)"
    return "no DEEPSEEK_API_KEY is set; answering from the index alone (--offline says so for good)"


def _piped() -> str:
    """Text on stdin, if somebody piped or redirected any."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError, AttributeError):
        return ""
    if not (stat.S_ISFIFO(mode) or stat.S_ISREG(mode)):
        return ""
    data = sys.stdin.buffer.read(_MAX_STDIN_BYTES + 1)
    if len(data) > _MAX_STDIN_BYTES:
        raise ConfigError(f"stdin holds more than {_MAX_STDIN_BYTES >> 20} MiB")
    return data.decode("utf-8", "replace")


class _Writer:
    """Writes an answer in the format that was asked for; events are numbered."""

    def __init__(self, settings: Settings) -> None:
        self._format = settings.output_format
        self._output = settings.output
        self._session = str(uuid.uuid4())
        self._began_s = time.monotonic()
        self._seq = 0

    def start(self) -> None:
        self._event("session_started", {"session_id": self._session, "mode": "offline"})

    def finish(self, answer: OfflineAnswer, repo: Mapping[str, Any]) -> None:
        citations = [dict(asdict(c), path=quote_path(c.path)) for c in answer.citations]
        self._event("text_delta", {"text": answer.text})
        self._event("citations", {"citations": citations})
        if self._format == "text":
            sys.stdout.write(answer.text)
        self._result("success", answer.text, citations=citations, repo=dict(repo))

    def save(self, text: str) -> None:
        if self._output is None:
            return
        try:
            self._output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise BathyError(f"cannot write {self._output}: {error.strerror}") from error

    def fail(self, subtype: str, error: str) -> None:
        self._result(subtype, "", error=error)

    def _event(self, kind: str, values: Mapping[str, Any]) -> None:
        if self._format == "stream-json":
            self._print({"type": kind, "schema_version": 1, "seq": self._seq, **values})
            self._seq += 1

    def _result(self, subtype: str, text: str, **values: Any) -> None:  # noqa: ANN401 - JSON values
        if self._format == "text":
            return
        result: dict[str, Any] = {
            "type": "result",
            "schema_version": 1,
            "subtype": subtype,
            "is_error": subtype != "success",
            "result": text,
            "session_id": self._session,
            "model": None,
            "mode": "offline",
            "num_turns": 0,
            "duration_ms": round(1000 * (time.monotonic() - self._began_s)),
            "total_cost_usd": 0.0,
            "usage": dict.fromkeys(
                ("prompt_tokens", "cache_hit_tokens", "cache_miss_tokens", "completion_tokens",
                 "reasoning_tokens"), 0,
            ),
            "pack": None,
            "citations": [],
            "patch": None,
            "applied": False,
            "repo": None,
            "error": None,
            **values,
        }  # fmt: skip
        if self._format == "stream-json":
            result["seq"] = self._seq
        self._print(result)

    def _print(self, value: Mapping[str, Any]) -> None:
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()
