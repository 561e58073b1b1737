"""A run that is ready to go -> its events, told one by one; SIGTERM ends it as Ctrl-C does."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import aclosing

from bathy.agent.loop.events import Event
from bathy.agent.loop.loop import Run
from bathy.agent.model.client import ModelClient
from bathy.agent.modes.ask import Asked
from bathy.agent.modes.signals import Terminated


async def drain(run: Run, client: ModelClient, tell: Callable[[Event], None]) -> None:
    """Run a loop to its end, and close its client.

    Args:
        run: To be worked off.
        client: Its model.
        tell: Gets each event; the last one is `Finished`.
    """
    try:
        async with aclosing(run.events()) as events:
            async for event in events:
                tell(event)
    finally:
        await client.close()


def work_off(asked: Asked, tell: Callable[[Event], None]) -> None:
    """Run the loop to its end, with a valid session behind whatever ends it.

    Args:
        asked: From `open_run`.
        tell: Gets each event; the last one is `Finished`.

    Raises:
        KeyboardInterrupt: Ctrl-C.
        Terminated: SIGTERM.
    """
    run_to_end(asked.run, asked.client, tell)


def run_to_end(run: Run, client: ModelClient, tell: Callable[[Event], None]) -> None:
    """Run a loop to its end, whatever put it together.

    Args:
        run: To be worked off.
        client: Its model; closed at the end.
        tell: Gets each event; the last one is `Finished`.

    Raises:
        KeyboardInterrupt: Ctrl-C.
        Terminated: SIGTERM.
    """
    terminated = False

    async def main() -> None:
        task = asyncio.current_task()
        assert task is not None

        def terminate() -> None:
            nonlocal terminated
            terminated = True
            task.cancel()

        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminate)
        await drain(run, client, tell)

    try:
        asyncio.run(main())
    except asyncio.CancelledError:
        raise (Terminated() if terminated else KeyboardInterrupt()) from None
