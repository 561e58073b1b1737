"""Environment and clone -> whose tracker is asked, with what token, and for which repository."""

import asyncio
import contextlib
import os
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from bathy.agent.config import Settings
from bathy.agent.errors import ConfigError
from bathy.agent.index.repo import locate
from bathy.agent.modes.signals import ends_put_off
from bathy.agent.modes.triage.commit import origin_url
from bathy.agent.modes.triage.dossier import Target
from bathy.agent.modes.triage.github.client import GitHub, Patience
from bathy.agent.modes.triage.saying import LogProgress
from bathy.agent.modes.triage.target import checked_api, checked_name, name_of_origin
from bathy.agent.modes.triage.wanted import Wanted

_Told = TypeVar("_Told")


def api_url() -> str:
    """Return the root of the API.

    Raises:
        ConfigError: GITHUB_API_URL is none.
    """
    return checked_api(os.environ.get("GITHUB_API_URL", ""))


def token() -> str:
    """Return the tracker's token; "" if there is none."""
    return (os.environ.get("GITHUB_TOKEN", "") or os.environ.get("GH_TOKEN", "")).strip()


def in_actions() -> bool:
    """Whether this runs in a workflow."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def operator_name(wanted: Wanted) -> str:
    """Return OWNER/NAME as the user or the workflow says it; "" if neither does.

    Raises:
        ConfigError: It is none.
    """
    if wanted.name:
        return checked_name(wanted.name, "--repo-name")
    name = os.environ.get("GITHUB_REPOSITORY", "")
    return checked_name(name, "GITHUB_REPOSITORY") if name else ""


def clone_name(settings: Settings) -> str:
    """Return OWNER/NAME of where the clone came from; "" if unknown."""
    return name_of_origin(origin_url(locate(settings.folder)))


def asked(ask: Callable[[GitHub], Coroutine[Any, Any, _Told]], progress: LogProgress) -> _Told:
    """Return what comes of asking the tracker; Ctrl-C and termination cancel it.

    Raises:
        BathyError: The tracker cannot be asked.
        KeyboardInterrupt: Ctrl-C came.
        Terminated: SIGTERM came.
    """
    running: tuple[asyncio.AbstractEventLoop, asyncio.Task[None] | None] | None = None

    def cancel(_came: Sequence[int]) -> None:
        if running is not None and running[1] is not None:
            with contextlib.suppress(RuntimeError):  # it has just ended
                running[0].call_soon_threadsafe(running[1].cancel)

    async def work() -> _Told:
        nonlocal running
        running = asyncio.get_running_loop(), asyncio.current_task()
        if came:
            raise asyncio.CancelledError
        async with GitHub(api_url(), token(), Patience(), say=progress.say) as github:
            return await ask(github)

    # An exception out of a signal's handler would be lost wherever the loop catches all of them.
    with ends_put_off(cancel) as came:
        return asyncio.run(work())


def check_clone(settings: Settings, wanted: Wanted, target: Target, progress: LogProgress) -> None:
    """Make sure that what is written about an issue is about its own repository.

    Raises:
        ConfigError: A comment about one repository would be written to another, which may have
            other readers.
    """
    name = clone_name(settings)
    if not name or name.lower() == target.full_name.lower():
        return
    what = f"the clone comes from {name}, the issue belongs to {target.full_name}"
    is_kept = bool(wanted.wishes) or wanted.step != "all"
    if is_kept and wanted.name.lower() != target.full_name.lower():
        raise ConfigError(f"{what}; if that is right, say --repo-name {target.full_name}")
    progress.say(what)
