"""An address -> the user's browser, which gets nothing of the terminal that bathy draws on."""

import os
import sys
from collections.abc import Mapping
from threading import Thread

_PATIENCE_S = 5.0
_IN_A_TERMINAL = ("www-browser", "links", "elinks", "lynx", "w3m")

# Python knows how browsers are found, but starts them on this terminal: some want all of it, and
# what starts the others writes its complaints there. So it does that in a process without one.
_CODE = """
import os, sys, webbrowser
name = os.path.basename(getattr(webbrowser.get(), "name", ""))
sys.exit(name in sys.argv[2:] or not webbrowser.open(sys.argv[1]))
"""


def open_in_browser(
    url: str, environ: Mapping[str, str] = os.environ, *, patience_s: float = _PATIENCE_S
) -> bool:
    """Open an address; waits for what is started, so call it in a thread.

    Args:
        url: That `read_address` finds nothing wrong with.
        environ: Of this process.
        patience_s: Seconds after which a browser that has not ended is taken to show the address.

    Returns:
        Whether a browser was started; one that would show it in this terminal is not.
    """
    import subprocess  # noqa: TID251 - the user's own browser

    # So that no repository can bring its own.
    folders = filter(os.path.isabs, environ.get("PATH", "").split(os.pathsep))
    nothing = subprocess.DEVNULL
    started = subprocess.Popen(  # noqa: S603 - no shell
        [sys.executable, "-I", "-c", _CODE, url, *_IN_A_TERMINAL],
        env={**environ, "PATH": os.pathsep.join(folders)},
        stdin=nothing,
        stdout=nothing,
        stderr=nothing,
        start_new_session=True,
    )
    try:
        return started.wait(patience_s) == 0
    except subprocess.TimeoutExpired:
        # Some browsers end only when their window is closed.
        Thread(target=started.wait, daemon=True).start()
        return True
