"""The body of a request -> the same, and word of the moment at which it begins to go out.

The transport asks for it once it is connected, has ended the handshake, has passed any proxy and
has written the head; so what was not asked for was never sent.
"""

from collections.abc import AsyncIterable, AsyncIterator

from bathy.agent.model.client import Attempt
from httpx2 import AsyncByteStream


class WatchedBody(AsyncByteStream):
    """Bytes that note when somebody begins to take them."""

    def __init__(self, body: AsyncIterable[bytes], attempt: Attempt) -> None:
        """Set up.

        Args:
            body: What is sent.
            attempt: Told of it before its first byte goes out.
        """
        self._body, self._attempt = body, attempt

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give the bytes."""
        self._attempt.is_sent = True
        async for piece in self._body:
            yield piece
