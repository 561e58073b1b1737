"""What went wrong with a request -> the error that says so in one sentence, without the key.

Servers put the reason in different places, and some of them repeat the key that they refuse.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bathy.agent.errors import BathyError
from bathy.agent.model.client import BrokenStreamError, BusyError, ServiceError, WindowError
from bathy.agent.model.overflow import find_overflow

if TYPE_CHECKING:
    from openai import APIStatusError

_MOST_CHARS = 400
_LEAST_KEY_CHARS = 6
_BUSY = frozenset({408, 409, 425, 429})
_NEVER_OVERFLOW = frozenset({401, 402, 403, 404, 429})
_ADVICE = {
    401: "the key is refused; check DEEPSEEK_API_KEY",
    402: "the account has no balance left; top it up",
    403: "the key may not do this",
    404: "there is no such model or address; check --model and --base-url",
    413: "the request is too large",
}


@dataclass(frozen=True, slots=True)
class Failures:
    """Words the failures of one server.

    Attributes:
        base_url: Its address.
        api_key: Never stands in what is said. One of a few letters, as servers without keys are
            given, is no secret and may be a part of any word.
    """

    base_url: str
    api_key: str

    def status(self, error: "APIStatusError") -> BathyError:
        """Word an HTTP status."""
        status = error.status_code
        text = _words(error.body) or error.response.text or str(error)
        if status not in _NEVER_OVERFLOW and (full := self._overflow(text, error.body)):
            return full
        if status in _BUSY or status >= 500:
            said = f"the service answered {status}: {self._clean(text)}"
            return BusyError(said, status, _retry_after(error))
        advice = _ADVICE.get(status, "the service refuses the request")
        return ServiceError(f"{advice} ({status}: {self._clean(text)})", status)

    def unreachable(self, error: Exception) -> BathyError:
        """Word a request that could not be sent."""
        return BusyError(f"no connection to {self.base_url}: {self._cause(error)}")

    def unsendable(self, error: Exception) -> BathyError:
        """Word a request that cannot be made out of what was set."""
        return ServiceError(
            f"no request can be made to {self.base_url}, check it and the key: {self._cause(error)}"
        )

    def broken(self, error: Exception, *, began: bool) -> BathyError:
        """Word a reply that broke off."""
        if isinstance(error, BrokenStreamError):
            return BrokenStreamError(self._clean(str(error)))
        if isinstance(error, ValueError | RecursionError):
            return BrokenStreamError("a frame of the stream is no JSON")
        body = getattr(error, "body", None)
        if not began and (full := self._overflow(str(error), body)):
            return full
        return BrokenStreamError(f"the service broke the reply off: {self._cause(error)}")

    def no_stream(self, text: str) -> BathyError:
        """Word a JSON body that came with a status of success in the place of a stream."""
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            body = None
        if _is_reply(body):
            return ServiceError(
                f"{self.base_url} answers in one piece, and bathy needs a server that streams Chat"
                " Completions; check --base-url"
            )
        words = _words(body)
        if full := self._overflow(words, body):
            return full
        said = f"the service answered 200 with an error: {self._clean(words or text)}"
        return BrokenStreamError(said)

    def no_service(self) -> BathyError:
        """Word a web page in the place of a stream."""
        return ServiceError(f"{self.base_url} is a web page, no model; check --base-url")

    def _overflow(self, text: str, body: object) -> WindowError | None:
        inner = body.get("error", body) if isinstance(body, dict) else None
        found = find_overflow(text, inner)
        if found is None:
            return None
        return WindowError(
            f"the request is larger than the model's window: {self._clean(text)}",
            found.window_tokens,
            found.prompt_tokens,
            is_exact=found.is_exact,
        )

    def _cause(self, error: BaseException) -> str:
        inner = error.__cause__ or error
        while isinstance(inner, BaseExceptionGroup):
            inner = inner.exceptions[0]
        return self._clean(str(inner)) or type(inner).__name__

    def _clean(self, text: str) -> str:
        """One printable line of a server's words."""
        if len(self.api_key) >= _LEAST_KEY_CHARS:
            text = text.replace(self.api_key, "***").replace(repr(self.api_key)[1:-1], "***")
        line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return line if len(line) <= _MOST_CHARS else line[: _MOST_CHARS - 1] + "…"


def _words(body: object) -> str:
    """The message of an error in any of the usual forms; "" if there is none."""
    if not isinstance(body, dict):
        return ""
    inner = body.get("error") or body
    if not isinstance(inner, dict):
        return inner if isinstance(inner, str) else ""
    # OpenRouter's own message says only that its provider failed.
    metadata = inner.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    said = (raw, inner.get("message"), inner.get("detail"), inner.get("msg"))
    return next((text for text in said if isinstance(text, str) and text), "")


def _is_reply(body: object) -> bool:
    """Whether a body is a whole reply, perhaps in the envelope of a gateway."""
    if not isinstance(body, dict) or body.get("error"):
        return False
    return "choices" in body or ("data" in body and body.get("success") is True)


def _retry_after(error: "APIStatusError") -> float | None:
    """Seconds that the server asks for; a date is not worth a parser, the schedule serves."""
    text = error.response.headers.get("retry-after", "")
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if seconds >= 0 else None
