"""`bathy --task`: one question -> an answer on stdout, and exactly one result."""

import contextlib
import os
import re
import select
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from bathy.agent.config import Service, Settings, read_service
from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.modes.compose import Bench, open_bench
from bathy.agent.modes.progress import Progress
from bathy.agent.modes.signals import INTERRUPTED, TERMINATED, Terminated
from bathy.tools.redact import redact

if TYPE_CHECKING:
    from bathy.agent.loop.events import Event, Finished
    from bathy.agent.modes.output import Output
    from bathy.agent.modes.start import Start
    from bathy.agent.modes.uploads import Destination

_MAX_STDIN_BYTES = 10 << 20
_SILENT_S = 2.0
_ONLY_MODEL = {
    "apply": "--apply",
    "apply_all": "--apply-all",
    "patch_out": "--patch-out",
    "output_schema": "--output-schema",
    "images": "--image",
}
_OF_MODEL = {"model": "--model", "base_url": "--base-url", "resume": "--continue or --resume"}
_ASSIGNED = re.compile(r"(?:export )?[A-Za-z_]\w*=")


def run_task(settings: Settings, task: str) -> int:
    """Answer one question; return the exit code.

    Raises:
        ConfigError: The question is empty, or a model is needed and there is no key; no result is
            printed, since nothing has begun.
    """
    progress = Progress(quiet=settings.quiet, verbose=settings.verbose)
    question = question_of(settings, task, progress)
    if settings.offline and (given := _given(settings, _ONLY_MODEL)):
        raise ConfigError(f"--offline asks no model; leave it out, or {given}")
    service = None if settings.offline else read_service(settings)
    if service is not None and not service.api_key:
        if given := _given(settings, {**_ONLY_MODEL, **_OF_MODEL}):
            raise ConfigError(
                f"no DEEPSEEK_API_KEY is set, and without one there is no {given}; set it in the"
                " environment or in a file named with --env-file"
            )
        progress.say(
            "no DEEPSEEK_API_KEY is set; answering from the index alone (--offline does so"
            " without this notice)"
        )
        service = None
    if service is None:
        return _answer_offline(settings, progress, question)
    return _answer_online(settings, progress, service, question)


def _given(settings: Settings, options: Mapping[str, str]) -> str:
    """Those of some options that were given, to be named in a sentence."""
    values = {option: getattr(settings, name) for name, option in options.items()}
    return ", ".join(option for option, value in values.items() if value not in (None, False, ()))


def question_of(settings: Settings, task: str, progress: Progress) -> str:
    """Return the question, with the text on stdin if somebody piped any.

    Raises:
        ConfigError: It is empty.
    """
    piped = _piped(progress)
    question = f"{task}\n\n<stdin>\n{piped}\n</stdin>" if piped else task
    if not question.strip():
        raise ConfigError("the question is empty")
    return question


def _answer_offline(settings: Settings, progress: Progress, question: str) -> int:
    from bathy.agent.modes.output import Output

    output = Output(settings, "offline")
    with _ends_told(output), open_bench(settings, progress) as bench:
        output.repo = bench.repo_json
        output.start()
        answer = bench.answer(question)
        output.conclude_offline(answer)
        output.save(answer.text)
    return 0


def _answer_online(settings: Settings, progress: Progress, service: Service, question: str) -> int:
    from bathy.agent.model.catalog import find_model
    from bathy.agent.modes.output import Output
    from bathy.agent.modes.pictures import read_images

    # What is wrong with the command line is said before anything begins.
    read_images(settings.images, find_model(service.model, service.own_models))
    output = Output(settings, "online", service.model)
    with _ends_told(output), open_bench(settings, progress) as bench:
        output.repo = bench.repo_json
        return _work(bench, service, question, output)


def _work(bench: Bench, service: Service, question: str, output: "Output") -> int:
    from bathy.agent.loop.events import Finished
    from bathy.agent.modes.ask import open_run
    from bathy.agent.modes.first_prompt import Task
    from bathy.agent.modes.narrator import Narrator
    from bathy.agent.modes.working import work_off

    code = 1

    def allow(to: "Destination", start: "Start", tokens: int) -> None:
        allow_run(to, start, tokens, bench.progress)

    with open_run(bench, service, Task(question), allow=allow) as asked:
        output.begin(asked)
        narrator = Narrator(bench.progress, asked.model)

        def tell(event: "Event") -> None:
            nonlocal code
            narrator.tell(event)
            if isinstance(event, Finished):
                event = _as_asked(event, asked.edits.refused)
            code = output.take(event, bench.snapshot.root)

        try:
            work_off(asked, tell)
        except (KeyboardInterrupt, Terminated):
            if (stopped := asked.run.stopped) is not None:
                tell(stopped)
            raise
        finally:
            output.progress(asked.run.spent, asked.run.text)
            narrator.conclude(asked.run.spent, asked.edits.written)
    return code


def _as_asked(end: "Finished", refused: Mapping[str, str]) -> "Finished":
    """The end of a run; no success if edits that were to be written were refused."""
    from bathy.tools.edits import listed_with_reasons

    if end.subtype != "success" or not refused:
        return end
    listed = listed_with_reasons(refused)
    told = f"edits were refused: {listed}; --apply-all lets them be written"
    return replace(end, subtype="error_during_execution", error=told, exit_code=1)


def allow_run(to: "Destination", start: "Start", tokens: int, progress: Progress) -> None:
    """Make sure that the repository may be sent, and say what no other clone can share.

    Raises:
        ConfigError: It may not.
    """
    from bathy.agent.modes.consent import allow_upload, terminal_asker
    from bathy.agent.modes.sending import summary_of
    from bathy.agent.policy import check_endpoint, read_policy

    policy = read_policy()
    check_endpoint(policy, to.endpoint)
    summary = summary_of(start, tokens)
    allow_upload(policy, to, summary=summary, say=progress.say, ask=terminal_asker())
    if start.basis is not None and (note := start.basis.base.note):
        progress.trace(f"other clones do not share this base: {note}")


@contextlib.contextmanager
def _ends_told(output: "Output") -> Iterator[None]:
    """Print a result, whatever else ends the run."""
    try:
        yield
    except BrokenPipeError:
        raise
    except Exception as error:
        if isinstance(error, ConfigError) and not output.has_begun:
            raise
        if not isinstance(error, BathyError):
            output.fail("error_during_execution", f"a defect of bathy ({error!r})", 1)
            raise
        output.fail("error_during_execution", str(error), error.exit_code)
        raise
    except KeyboardInterrupt:
        output.fail("interrupted", f"interrupted (exit code {INTERRUPTED})", INTERRUPTED)
        raise
    except Terminated:
        output.fail("interrupted", f"terminated (exit code {TERMINATED})", TERMINATED)
        raise


def _piped(progress: Progress) -> str:
    """Text on stdin, if somebody piped or redirected any; without the secrets of a dotenv file."""
    try:
        descriptor = sys.stdin.fileno()
        mode = os.fstat(descriptor).st_mode
    except (OSError, ValueError, AttributeError):
        return ""
    if not (stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)):
        return ""
    if not select.select([descriptor], [], [], _SILENT_S)[0]:
        progress.say("waiting for text on stdin; end it, or run with </dev/null")
    data = sys.stdin.buffer.read(_MAX_STDIN_BYTES + 1)
    if len(data) > _MAX_STDIN_BYTES:
        raise ConfigError(f"stdin holds more than {_MAX_STDIN_BYTES >> 20} MiB")
    text = data.decode("utf-8", "replace")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assigned = sum(bool(_ASSIGNED.match(line)) for line in lines)
    return redact(text, ".env" if 2 * assigned > len(lines) else "").text
