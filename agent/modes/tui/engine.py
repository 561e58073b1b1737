"""Wishes of the screen -> runs of the loop, one after another, in a thread of their own.

The thread owns all that must stay in one thread: the store, the ledger, the log of the session.
Every question opens the repository anew, so that it speaks of the files as they are, and goes on
with the session by its log, as `--resume` does.
"""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bathy.agent.config import Effort, Settings, read_service
from bathy.agent.errors import BathyError
from bathy.agent.loop.events import Finished, PatchProposed
from bathy.agent.loop.evidence import Span
from bathy.agent.loop.record import read_header
from bathy.agent.loop.sessions import find_session, sessions_folder
from bathy.agent.model.catalog import Model, find_model
from bathy.agent.modes.globs import Globs, globs_in, globs_of, globs_words
from bathy.agent.modes.tui.events import (
    EvidenceFound,
    Packed,
    RefitFailed,
    Saved,
    SessionNamed,
    Told,
    TurnBegan,
    TurnEnded,
    UiEvent,
)
from bathy.agent.modes.tui.holding import Held, Holding
from bathy.agent.modes.tui.sayings import guessed_words
from bathy.agent.modes.tui.telling import Telling
from bathy.agent.modes.tui.waiting_edits import WaitingEdits, told_of

# What works on a question takes a while to import, so the thread does it when the screen is there.
if TYPE_CHECKING:
    from bathy.agent.modes.ask import Asked
    from bathy.agent.modes.compose import Bench
    from bathy.agent.modes.start import Start
    from bathy.agent.modes.uploads import Destination

Post = Callable[[UiEvent], None]
"""Hands an event to the screen; called in the engine's thread."""

_CLOSE_S = 2.0


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        settings: That held when it was asked.
        text: As the user wrote it.
        images: Pictures that go with it.
        note: What the model is told before it: what became of its edits; "" for nothing.
    """

    settings: Settings
    text: str
    images: tuple[Path, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Survey:
    """The repository is to be looked at and packed.

    Attributes:
        settings: That it is packed by.
        before: Settings to go back to if that fails; None if there are none.
        left: The sessions that were left for it, to go back to then.
        told: What the user is told of it; "" for nothing.
        is_resumed: It is made for a session that goes on, which cannot if it fails.
    """

    settings: Settings
    before: Settings | None = None
    left: Held | None = None
    told: str = ""
    is_resumed: bool = False


class Engine:
    """Works off questions; use from the screen's thread.

    Attributes:
        settings: That the next question follows.
        holding: Which session it belongs to, and what that may hold.
        edits: Files as they are and as the model wants them, until they are reviewed.
        defect: What went wrong that should not be possible; to be raised at the end.
    """

    def __init__(self, settings: Settings, post: Post, ask: Callable[[str], bool]) -> None:
        """Set up; `start` begins.

        Args:
            settings: Of the command line.
            post: Gets every event.
            ask: Puts a question to the user and waits for a yes or no; called in the thread.
        """
        self.settings = settings
        self._post, self._ask = post, ask
        self._jobs: queue.SimpleQueue[Question | Survey | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="bathy-engine", daemon=True)
        self._running: tuple[asyncio.AbstractEventLoop, asyncio.Task[None]] | None = None
        self._lock = threading.Lock()
        self._hurry = asyncio.Event()
        self._is_stopped = threading.Event()
        self._has_begun = False
        self._told = set[str]()
        self.holding = Holding(settings.resume)
        # The command line may name other files than the session that it goes on with holds.
        self._has_chosen = settings.resume is not None and globs_of(settings) != globs_of(
            Settings()
        )
        self.defect: Exception | None = None
        self.edits = WaitingEdits()

    def start(self) -> None:
        """Look at the repository."""
        self._thread.start()
        self._jobs.put(Survey(self.settings))

    @property
    def session(self) -> str | None:
        """Id of the session that goes on; None for a new one, "" for the last one."""
        return self.holding.session

    def ask(self, text: str, images: Sequence[Path] = (), note: str = "") -> None:
        """Take up a question, after those that wait."""
        self._jobs.put(Question(self.settings, text, tuple(images), note))

    def refit(self, include: Sequence[str], exclude: Sequence[str]) -> None:
        """Pack anew, with other globs; questions asked from then on follow them.

        What a session was sent stays in it, so one that holds other files is left for a new one,
        and gone on with if the choice is taken back; `Packed.session` says so.
        """
        before = self.settings
        self.settings = replace(before, include=tuple(include), exclude=tuple(exclude))
        self._jobs.put(Survey(self.settings, before))

    def choose(self, *, model: str | None = None, effort: Effort | None = None) -> None:
        """Ask another model, or let it think in another way, in a session of its own.

        Raises:
            ConfigError: There is no such model.
        """
        settings = self.settings
        chosen = replace(settings, model=model or settings.model, effort=effort or settings.effort)
        service = read_service(chosen)
        find_model(service.model, service.own_models)
        left = self.holding.held
        self.holding.use(None)
        self.settings = chosen
        self._jobs.put(Survey(chosen, settings, left))

    def stop(self) -> None:
        """Stop the question that is under way, keeping what it has brought."""
        self._is_stopped.set()
        with self._lock:
            if self._running is not None:
                loop, task = self._running
                loop.call_soon_threadsafe(task.cancel)

    def hurry(self) -> None:
        """Wait no longer before a request is made again."""
        with self._lock:
            if self._running is not None:
                self._running[0].call_soon_threadsafe(self._hurry.set)

    def use_session(self, session: str | None) -> bool:
        """Let the next question go on with a session, by its id; None for a new one.

        It goes on with the files that it began with, unless the command line has named others, or
        some are chosen and its log does not say what it began with.

        Returns:
            Whether the repository is packed anew for it, so that a `Packed` or a `RefitFailed`
            follows.

        Raises:
            RecordError: The edits that wait in it cannot be read.
        """
        log = find_session(sessions_folder(), session) if session else None
        self.edits.use(log)
        now = globs_of(self.settings)
        began = now if log is None else globs_in(read_header(log) or {})
        self.holding.use(session, began)
        has_chosen, self._has_chosen = self._has_chosen, False
        if began == now or (began is None and not any(now)):
            return False
        before, told = self.settings, ""
        # A session that may hold any file does not go on where some are chosen.
        if began is not None and not has_chosen:
            self.settings = replace(before, include=began[0], exclude=began[1])
            told = f"the session began with {globs_words(began)}, and goes on so"
        self._jobs.put(Survey(self.settings, before, told=told, is_resumed=True))
        return True

    def close(self) -> None:
        """Stop, and wait until the log is whole."""
        self._jobs.put(None)
        self.stop()
        if self._thread.is_alive():
            self._thread.join(timeout=_CLOSE_S)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._is_stopped.clear()
            try:
                self._do(job)
            except BathyError as error:
                self._fail(job, str(error), error.exit_code)
            except asyncio.CancelledError:
                self._post(TurnEnded("stopped"))
            except Exception as error:
                self.defect = error
                self._fail(job, f"a defect of bathy ({error!r}); leave to see all of it", 1)

    def _fail(self, job: Question | Survey, text: str, exit_code: int) -> None:
        if isinstance(job, Survey) and job.before is not None:
            self.settings = job.before
            # Unless the user has gone on with another one meanwhile.
            if job.left is not None and self.holding.held == Held(None):
                self.holding.held = job.left
            if job.is_resumed and self.holding.choose(globs_of(job.before)) == "begins":
                text = f"{text}; the next question begins a session"
            self._post(RefitFailed(text))
        else:
            self._post(TurnEnded("failed", text, exit_code))

    def _do(self, job: Question | Survey) -> None:
        from bathy.agent.modes.compose import open_bench
        from bathy.agent.modes.tui.evidence import find_evidence
        from bathy.agent.modes.tui.survey import opened, packed, why_offline

        settings = replace(job.settings, resume=self.session)
        if isinstance(job, Question):
            # A copy of a session is made once, not for every question.
            fork = settings.fork and not self._has_begun
            settings = replace(settings, images=job.images or settings.images, fork=fork)
            self._post(TurnBegan(job.text))
        service = read_service(settings)
        model = find_model(service.model, service.own_models)
        is_offline = bool(why_offline(settings, service))
        with contextlib.ExitStack() as stack:

            def look(settings: Settings) -> "Bench":
                stack.close()
                bench = stack.enter_context(open_bench(settings, Telling(self._post, self._told)))
                found = opened(bench, service, model)
                self.holding.know(globs_of(settings), found.paths)
                self._post(found)
                return bench

            if isinstance(job, Survey):
                self._survey(job, packed(look(settings), model, is_sent=not is_offline))
                return
            # A session knows its files by the globs that it began with.
            include, exclude = self.holding.globs_for(chosen := globs_of(settings))
            bench = look(replace(settings, include=include, exclude=exclude))
            if self.session is not None and self.holding.choose(chosen) == "begins":
                # Files have come since that the session lets through and the choice does not.
                bench = look(replace(settings, resume=None))
            self._go_on_unless_stopped()
            evidence = find_evidence(bench, job.text)
            self._post(EvidenceFound(evidence, is_answer=is_offline))
            self._go_on_unless_stopped()
            if is_offline:
                self._post(TurnEnded("answered"))
                return
            self._answer(bench, job, evidence)

    def _survey(self, job: Survey, found: Packed) -> None:
        paths = (entry.path for entry in found.manifest.files)
        self.holding.know(globs_of(job.settings), paths)
        # An earlier choice that could not be packed has set them back.
        self.settings = job.settings
        if job.told:
            self._post(Told(job.told))
        means = self.holding.choose(globs_of(job.settings)) if job.before is not None else ""
        self._post(replace(found, session=means))

    def _answer(self, bench: "Bench", job: Question, evidence: tuple[Span, ...]) -> None:
        from bathy.agent.modes.ask import open_run
        from bathy.agent.modes.first_prompt import Task

        service = read_service(bench.settings)
        allow = partial(self._allow, find_model(service.model, service.own_models))
        waiting = self.edits.states
        # A session that takes the place of another has not proposed what waits.
        notes = (told_of(waiting) if self.holding.has_left else "", job.note)
        text = "\n\n".join([*filter(None, notes), job.text])
        task = Task(text, about=job.text, proposed=waiting, evidence=evidence)
        with open_run(bench, service, task, allow=allow, sleep=self._wait) as asked:
            asyncio.run(self._run(asked, globs_of(bench.settings)))

    def _go_on_unless_stopped(self) -> None:
        if self._is_stopped.is_set():
            raise asyncio.CancelledError

    def _allow(self, model: Model, to: "Destination", start: "Start", tokens: int) -> None:
        from bathy.agent.modes.consent import allow_upload
        from bathy.agent.modes.sending import summary_of
        from bathy.agent.modes.tui.survey import price_words
        from bathy.agent.policy import check_endpoint, read_policy

        policy = read_policy()
        check_endpoint(policy, to.endpoint)
        if policy.upload is None:
            policy = replace(policy, upload="ask")
        allow_upload(
            policy,
            to,
            summary=f"{summary_of(start, tokens)}{price_words(model, tokens)}",
            say=lambda text: self._post(Told(text)),
            ask=self._ask,
        )
        self._go_on_unless_stopped()

    @property
    def _writes(self) -> bool:
        """Whether edits are written as they come, so that none wait."""
        return self.settings.apply or self.settings.apply_all

    async def _wait(self, wait_s: float) -> None:
        self._hurry.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._hurry.wait()

    async def _run(self, asked: "Asked", globs: Globs) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._hurry = asyncio.Event()
        with self._lock:
            self._running = asyncio.get_running_loop(), task
        self._has_begun = True
        self._go_on_unless_stopped()
        is_other = self.holding.has_left
        if asked.session_id:
            self.holding.begin(asked.session_id, globs)
            keep = self.settings.keep_session
            log = find_session(sessions_folder(), asked.session_id) if keep else None
            self.edits.keep_at(log)
        self._post(SessionNamed(asked.session_id, is_other))
        try:
            async with aclosing(asked.run.events()) as events:
                async for event in events:
                    if isinstance(event, PatchProposed) and not self._writes:
                        self.edits.add(asked.edits.states())
                    if isinstance(event, Finished):
                        self._post(Saved(asked.bill.totals.saved_usd))
                    self._post(event)
                    if isinstance(event, Finished):
                        how = "failed" if event.error else "answered"
                        self._post(TurnEnded(how, event.error, event.exit_code))
        except (asyncio.CancelledError, BathyError):
            self._tell_stopped(asked)
            raise
        finally:
            with self._lock:
                self._running = None
            await asked.client.close()

    def _tell_stopped(self, asked: "Asked") -> None:
        """Tell what a request has cost that was stopped, and what the cache has saved."""
        stopped = asked.run.stopped
        if stopped is not None and stopped.usage.prompt_tokens:
            self._post(stopped)
        elif stopped is not None:
            self._post(Told(guessed_words(stopped)))
        self._post(Saved(asked.bill.totals.saved_usd))
