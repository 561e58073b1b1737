"""Questions from the screen -> runs of the loop, one after another, in a thread of their own.

The thread owns all that must stay in one thread: the store, the ledger, the log of the session.
Every question opens the repository anew, so that it speaks of the files as they are, and goes on
with the session by its log, as `--resume` does.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bathy.agent.config import Service, Settings, read_service
from bathy.agent.errors import BathyError
from bathy.agent.loop.events import Finished
from bathy.agent.model.catalog import Model, cost_of, find_model, prices_at
from bathy.agent.model.messages import Usage
from bathy.agent.modes.ask import Asked, open_run
from bathy.agent.modes.compose import Bench, open_bench
from bathy.agent.modes.consent import allow_upload
from bathy.agent.modes.sending import summary_of
from bathy.agent.modes.start import Start
from bathy.agent.modes.tui.events import (
    EvidenceFound,
    Opened,
    Packed,
    SessionNamed,
    Told,
    TurnBegan,
    TurnEnded,
    UiEvent,
)
from bathy.agent.modes.tui.evidence import find_evidence
from bathy.agent.modes.tui.telling import Telling
from bathy.agent.modes.uploads import Destination
from bathy.agent.policy import check_endpoint, read_policy
from bathy.tools.diff import FileState

Post = Callable[[UiEvent], None]
"""Hands an event to the screen; called in the engine's thread."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be worked on next; "" only looks at the repository and packs it."""

    text: str
    images: tuple[Path, ...] = ()


class Engine:
    """Works off questions; use from the screen's thread."""

    def __init__(self, settings: Settings, post: Post, ask: Callable[[str], bool]) -> None:
        """Set up; `start` begins.

        Args:
            settings: Of the command line.
            post: Gets every event.
            ask: Puts a question to the user and waits for a yes or no; called in the thread.
        """
        self.settings = settings
        self._post, self._ask = post, ask
        self._jobs: queue.SimpleQueue[Question | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="bathy-engine", daemon=True)
        self._running: tuple[asyncio.AbstractEventLoop, asyncio.Task[None]] | None = None
        self._lock = threading.Lock()
        self._session = settings.resume
        self.proposals: dict[str, tuple[FileState, FileState]] = {}

    def start(self) -> None:
        """Look at the repository."""
        self._thread.start()
        self._jobs.put(Question(""))

    def ask(self, text: str, images: Sequence[Path] = ()) -> None:
        """Take up a question, after those that wait."""
        self._jobs.put(Question(text, tuple(images)))

    def refit(self, include: Sequence[str], exclude: Sequence[str]) -> None:
        """Pack anew, with other globs; questions asked from then on follow them."""
        self.settings = replace(self.settings, include=tuple(include), exclude=tuple(exclude))
        self._jobs.put(Question(""))

    def stop(self) -> None:
        """Stop the question that is under way, keeping what it has brought."""
        with self._lock:
            if self._running is not None:
                loop, task = self._running
                loop.call_soon_threadsafe(task.cancel)

    def new_session(self) -> None:
        """Let the next question begin a session of its own."""
        self._session = None

    def close(self) -> None:
        """Stop, and wait until the log is whole."""
        self.stop()
        self._jobs.put(None)
        self._thread.join(timeout=5)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                self._do(job)
            except BathyError as error:
                self._post(TurnEnded("failed", str(error)))
            except asyncio.CancelledError:
                self._post(TurnEnded("stopped"))
            except Exception as error:
                self._post(TurnEnded("failed", f"a defect of bathy ({error!r})"))
                raise

    def _do(self, job: Question) -> None:
        settings = replace(
            self.settings, resume=self._session, images=job.images or self.settings.images
        )
        service = read_service(settings)
        model = find_model(service.model, service.own_models)
        if job.text:
            self._post(TurnBegan(job.text))
        with open_bench(settings, Telling(self._post)) as bench:
            why_offline = _why_offline(settings, service)
            self._post(_opened(bench, service, model, why_offline))
            if not job.text:
                self._pack(bench, model)
                return
            self._post(EvidenceFound(find_evidence(bench, job.text)))
            if why_offline:
                self._post(TurnEnded("answered"))
                return
            with open_run(bench, service, job.text, allow=self._allow) as asked:
                asyncio.run(self._run(asked))

    def _pack(self, bench: Bench, model: Model) -> None:
        manifest, _ = bench.pack(with_text=False, window_tokens=model.window_tokens)
        prices, tokens = prices_at(model, datetime.now(UTC)), manifest.tokens
        cold = cost_of(Usage(tokens, 0, tokens, 0, 0), prices)
        self._post(Packed(manifest, cold, cost_of(Usage(tokens, tokens, 0, 0, 0), prices)))

    def _allow(self, to: Destination, start: Start, tokens: int) -> None:
        policy = read_policy()
        check_endpoint(policy, to.endpoint)
        if policy.upload is None:
            policy = replace(policy, upload="ask")
        allow_upload(
            policy,
            to,
            summary=summary_of(start, tokens),
            say=lambda text: self._post(Told(text)),
            ask=self._ask,
        )

    async def _run(self, asked: Asked) -> None:
        task = asyncio.current_task()
        assert task is not None
        with self._lock:
            self._running = asyncio.get_running_loop(), task
        if asked.session_id:
            self._session = asked.session_id
        self._post(SessionNamed(asked.session_id))
        try:
            async with aclosing(asked.run.events()) as events:
                async for event in events:
                    self._post(event)
                    if isinstance(event, Finished):
                        how = "failed" if event.error else "answered"
                        self._post(TurnEnded(how, event.error))
        finally:
            with self._lock:
                self._running = None
            self.proposals.update(asked.edits.states())
            await asked.client.close()


def _why_offline(settings: Settings, service: Service) -> str:
    if settings.offline:
        return "--offline"
    return "" if service.api_key else "no DEEPSEEK_API_KEY is set"


def _opened(bench: Bench, service: Service, model: Model, why_offline: str) -> Opened:
    found = bench.snapshot
    paths = tuple(entry.path for entry in found.entries if entry.kind == "file")
    return Opened(
        found.root,
        found.name,
        found.commit,
        found.dirty,
        paths,
        why_offline,
        service.model,
        service.effort,
        model.window_tokens,
        model.sees_images,
    )
