"""What the user wants of the session that goes on -> done, and what is said of it.

The full screen and the plain lines share it.
"""

from pathlib import Path

from bathy.agent.loop.sessions import (
    export_session,
    exports_folder,
    find_session,
    last_session,
    name_session,
    sessions_folder,
)

_NONE_YET = "there is no session yet: ask something first"


def log_of(asked: str, root: Path) -> Path:
    """Return the log of the session that the command line goes on with.

    Args:
        asked: A name, or the beginning of an id; "" for the last one about the repository.
        root: Of the repository.

    Raises:
        ConfigError: There is none, or there are several.
    """
    folder = sessions_folder()
    return find_session(folder, asked) if asked else last_session(folder, str(root))


def rename(session: str, name: str) -> str:
    """Give a session a name.

    Args:
        session: Its id; "" if it has not begun.
        name: Any text; one that says nothing takes the name away.

    Returns:
        What became of that, in a sentence.

    Raises:
        BathyError: It has gone, or the disk refuses.
    """
    if not session:
        return _NONE_YET
    kept = name_session(find_session(sessions_folder(), session), name)
    return f"this session is called {kept}" if kept else "this session has no name now"


def export(session: str, target: str) -> str:
    """Write a session to a new file.

    Args:
        session: Its id; "" if it has not begun.
        target: The file, or a folder for it; "" for the folder of exports.

    Returns:
        Where it is, in a sentence.

    Raises:
        BathyError: It cannot be read, or the disk refuses.
    """
    if not session:
        return _NONE_YET
    wanted = Path(target).expanduser() if target else None
    path = find_session(sessions_folder(), session)
    return f"the session is in {export_session(path, wanted, exports_folder())}"
