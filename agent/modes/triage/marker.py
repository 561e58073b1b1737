"""A comment's text and the digest of what it answers -> one comment that is found again.

A marker proves nothing by itself, since anybody can write one: whoever reads it also compares the
comment's author with the login of the token.
"""

import re

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MARKER = re.compile(rf"<!-- bathy-triage:v1 digest=({_DIGEST.pattern}) -->")

_GAP = "\n\n"

MARKER_CHARS = len("\n\n<!-- bathy-triage:v1 digest=sha256: -->") + 64
"""What `with_marker` adds at most."""


def with_marker(body: str, digest: str) -> str:
    """Return a text that ends with our marker.

    Args:
        body: What the comment says; a marker at its end is replaced.
        digest: Of the input that it answers, as `input_digest` gives it.

    Raises:
        ValueError: The digest is none.
    """
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"{digest!r} is no digest")
    said = without_marker(body)
    return f"{said}{_GAP if said else ''}<!-- bathy-triage:v1 digest={digest} -->"


def digest_of(comment: str) -> str:
    """Return the digest in a comment's marker; "" unless that is its very last line of text."""
    found = _MARKER.fullmatch(comment.rstrip().rpartition("\n")[2])
    return found[1] if found else ""


def is_ours(body: str) -> bool:
    """Whether a text ends with a marker; its author is still to be compared."""
    return bool(digest_of(body))


def without_marker(comment: str) -> str:
    """Return what a comment says: no markers at its end, line ends as LF, no blank lines around."""
    lines = comment.replace("\r\n", "\n").split("\n")
    while lines and (not lines[-1].strip() or _MARKER.fullmatch(lines[-1].rstrip())):
        lines.pop()
    return "\n".join(lines).strip("\n").rstrip()
