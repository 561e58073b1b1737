"""What people wrote in an issue -> a digest that changes when there is something new to answer."""

import hashlib
import json

from bathy.agent.modes.triage.dossier import Dossier
from bathy.agent.modes.triage.marker import is_ours

_FORMAT = "bathy-triage-input:1"
"""Raised when the same issue has to be answered anew."""


def input_digest(dossier: Dossier) -> str:
    """Return "sha256:" and 64 hex digits over title, body and comments of people.

    Labels and times are left out: they change without anybody saying anything. So are bots and our
    own comments, or each run would be the reason for the next one. Line ends do not count, since
    an edit in a browser turns LF into CRLF.
    """
    said = [
        [comment.author, _plain(comment.body)]
        for comment in dossier.comments
        if not comment.is_bot and not _is_own(comment.author, comment.body, dossier.login)
    ]
    record = [_FORMAT, _plain(dossier.issue.title), _plain(dossier.issue.body), said]
    # ASCII, so that a lone surrogate of a hostile text is no error.
    data = json.dumps(record, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _is_own(author: str, body: str, login: str) -> bool:
    return bool(login) and author.lower() == login.lower() and is_ours(body)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")
