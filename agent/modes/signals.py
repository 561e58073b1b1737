"""Ends of a run -> exit codes and one sentence: errors, Ctrl-C, termination, a reader that left."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import NoReturn

from bathy.agent.errors import BathyError

INTERRUPTED, TERMINATED, READER_LEFT = 130, 143, 141


class Terminated(BaseException):
    """The process was asked to end (SIGTERM); unwinds like Ctrl-C does."""


def guarded(run: Callable[[], int], *, verbose: bool) -> int:
    """Run a mode; turn whatever ends it into an exit code.

    Args:
        run: Returns an exit code or raises.
        verbose: Show the traceback of an error as well.
    """
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        code = run()
        if sys.stdout is not None:  # closed by whoever started us
            sys.stdout.flush()
    except BathyError as error:
        return exit_code_of(error, verbose=verbose)
    except KeyboardInterrupt:
        print("bathy: interrupted", file=sys.stderr)  # noqa: T201
        return INTERRUPTED
    except Terminated:
        print("bathy: terminated", file=sys.stderr)  # noqa: T201
        return TERMINATED
    except BrokenPipeError:
        # What is buffered has nowhere to go; the interpreter must not try again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_LEFT
    except OSError as error:
        # A full disk behind stdout, say; files that are read and written have errors of their own.
        return exit_code_of(BathyError(f"the system refuses: {error}"), verbose=verbose)
    except Exception as error:
        # The last resort of a program for people who do not read tracebacks; --verbose shows it.
        if verbose:
            raise
        what = f"{type(error).__name__}: {error}".split("\n")[0]
        sentence = f"a defect of bathy ({what}); --verbose shows where"
        return exit_code_of(BathyError(sentence), verbose=False)
    else:
        return code
    finally:
        # Once a result is out, nothing may change how the process ends.
        if signal.getsignal(signal.SIGTERM) is _terminate:
            signal.signal(signal.SIGTERM, before)


def exit_code_of(error: BathyError, *, verbose: bool) -> int:
    """Print an error as one sentence; return its exit code."""
    if verbose:
        import traceback

        traceback.print_exception(error)
    print(f"bathy: {error}", file=sys.stderr)  # noqa: T201
    return error.exit_code


def ignore_ends() -> None:
    """Take no more notice of Ctrl-C and termination: the exit code is settled."""
    if "asyncio" in sys.modules:  # Its import takes as long as a search; without it, no loop runs.
        import asyncio

        with contextlib.suppress(RuntimeError):  # There is no loop when no model was asked.
            asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def ends_put_off(
    at_once: Callable[[Sequence[int]], object] = lambda _came: None,
) -> Iterator[Sequence[int]]:
    """Let Ctrl-C and termination wait until what is done within is done.

    What is ignored stays so, and so does what ends the process without unwinding.

    Args:
        at_once: Called whenever one comes, with those that came by now; it may make the rest end
            sooner.

    Yields:
        The signals that came by now.

    Raises:
        KeyboardInterrupt: At the end, if Ctrl-C came first.
        Terminated: Likewise, of SIGTERM.
    """
    came = list[int]()
    if threading.current_thread() is not threading.main_thread():
        # Only the main thread is ever interrupted.
        yield came
        return

    def note(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        at_once(came)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {n: handler for n in numbers if callable(handler := signal.getsignal(n))}
    try:
        for number in before:
            signal.signal(number, note)
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            before[signal.Signals(came[0])](came[0], None)


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated
