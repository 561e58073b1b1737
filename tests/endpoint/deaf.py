"""Servers that take no connection, or take one and do not listen."""

import contextlib
import socket
from collections.abc import Iterator


@contextlib.contextmanager
def listening(backlog: int = 5) -> Iterator[tuple[socket.socket, str]]:
    """Yield a socket that a test may accept connections from, and its address."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(backlog)
        yield server, f"http://127.0.0.1:{server.getsockname()[1]}"


@contextlib.contextmanager
def full() -> Iterator[str]:
    """Yield the address of a server that takes no more connections, and refuses none."""
    with listening(0) as (server, url), contextlib.ExitStack() as stack:
        for _ in range(8):
            other = stack.enter_context(socket.socket())
            other.setblocking(False)
            other.connect_ex(server.getsockname())
        yield url
