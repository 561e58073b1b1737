"""A new session, or an old one that goes on -> what its conversation begins with."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bathy.agent.config import Service, Settings
from bathy.agent.errors import ConfigError
from bathy.agent.loop.conversation import Conversation, Listener
from bathy.agent.loop.evidence import Span, evidence_values
from bathy.agent.loop.outbound import Outbound
from bathy.agent.loop.prompt import (
    PREFIX_MESSAGES,
    PROMPT_VERSION,
    base_id,
    change_messages,
    prefix_messages,
)
from bathy.agent.loop.record import Record, Recorded
from bathy.agent.loop.sessions import (
    find_session,
    fork_session,
    last_session,
    new_path,
    sessions_folder,
)
from bathy.agent.model.messages import Message
from bathy.agent.modes.basis import Basis, BasisFinder
from bathy.agent.modes.compose import Bench
from bathy.agent.modes.globs import globs_in, globs_of, globs_words
from bathy.agent.pack.manifest import Manifest
from bathy.tools.redact import redact
from bathy.tools.registry import TOOLS, parameters_of

_QUESTION_CHARS = 200
_REPLACED = '<uncommitted note="instead of what was said above of uncommitted changes">'
NO_LONGER = "<uncommitted>\nnothing is uncommitted any more\n</uncommitted>\n"


@dataclass(frozen=True, slots=True)
class Start:
    """What a session begins or goes on with.

    Attributes:
        header: First line of its log.
        messages: That stand before the question.
        updates: That are to be added to them before it is asked.
        basis: The base, and what has changed since, if this is a new session with a base.
        changes: What the question's turn must say of uncommitted changes; "" for nothing.
        seen: What the conversation will know of the repository then, for the log.
        blobs: Ids of what `updates` and `changes` of an old session were taken from.
        in_full: Paths that the base shows in full, as far as is known.
        changed: Of all, those whose text there no longer holds.
        note: Something to know about the repository, or "".
        reasoning_field: Field in which the server gives the thinking, as far as is known.
    """

    header: Mapping[str, Any]
    messages: tuple[Message, ...]
    updates: tuple[Message, ...] = ()
    basis: Basis | None = None
    changes: str = ""
    seen: Mapping[str, Any] | None = None
    blobs: tuple[str, ...] = ()
    in_full: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()
    note: str = ""
    reasoning_field: str = "reasoning_content"

    @property
    def manifest(self) -> Manifest | None:
        """Of the base of a new session."""
        return self.basis.base.manifest if self.basis else None


def session_path(bench: Bench) -> Path | None:
    """Return the log of the session that the settings ask for; None for no log.

    Raises:
        ConfigError: There is no such session.
    """
    settings, folder = bench.settings, sessions_folder()
    if settings.resume is None:
        return new_path(folder) if settings.keep_session else None
    if settings.resume:
        found = find_session(folder, settings.resume)
    else:
        found = last_session(folder, str(bench.snapshot.root))
    return fork_session(found) if settings.fork else found


def begin(bench: Bench, service: Service, finder: BasisFinder) -> Start:
    """Begin a session: choose its base."""
    settings, snapshot = bench.settings, bench.snapshot
    basis = finder.find() if settings.context != "tools" else None
    tools = [
        {"name": t.name, "description": t.description, "parameters": parameters_of(t)}
        for t in TOOLS.values()
    ]
    header = {
        "schema_version": 1,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "folder": str(snapshot.root),
        "repo": bench.repo_json,
        "model": service.model,
        "base_url": service.base_url,
        "effort": service.effort,
        "context": settings.context,
        "prefix_messages": PREFIX_MESSAGES,
        "version": PROMPT_VERSION,
        "tools": tools,
        "pack": pack_json(basis) if basis else None,
        "base_commit": basis.base.commit if basis else "",
        "denied_paths": list(bench.denied),
        "include": list(settings.include),
        "exclude": list(settings.exclude),
    }
    if basis is None:
        return Start(header, prefix_messages(""))
    messages = (*prefix_messages(basis.base.text), *change_messages(basis.commits))
    seen = {"commit": snapshot.commit, "files": _digest(basis.files)}
    return Start(
        header,
        messages,
        basis=basis,
        changes=basis.files,
        seen=seen,
        in_full=_in_full(basis.base.manifest),
        changed=basis.overlay.paths,
    )


def go_on(old: Recorded, bench: Bench, finder: BasisFinder) -> Start:
    """Go on with a session: find out what has changed since it last asked.

    Raises:
        ConfigError: It is about another repository, began with other globs than those that are
            given, or broke off before it had begun.
    """
    if old.header["folder"] != str(bench.snapshot.root):
        raise ConfigError(
            f"the session {old.path.stem} is about {old.header['folder']}; "
            + ("name it with -C" if Path(old.header["folder"]).exists() else "which has gone")
        )
    if denied := set(bench.denied).difference(old.header.get("denied_paths", ())):
        raise ConfigError(
            f"the session {old.path.stem} may hold what `denied_paths` in config.toml forbids"
            f" since ({', '.join(sorted(denied))}); begin a new one"
        )
    held, asked = globs_in(old.header), globs_of(bench.settings)
    if any(asked) and asked != held:
        # A log of before this was written down may hold any file.
        unknown = "does not say which files it began with"
        began = unknown if held is None else f"began with {globs_words(held)}"
        raise ConfigError(
            f"the session {old.path.stem} {began}, and what was sent stays sent; leave out"
            f" {globs_words(asked)}, or begin a new one"
        )
    if len(old.messages) < PREFIX_MESSAGES:
        raise ConfigError(
            f"the session {old.path.stem} broke off before anything was asked; begin a new one"
        )
    fields = [line["field"] for line in old.lines if line["type"] == "reasoning_field"]
    start = Start(
        old.header, old.messages, reasoning_field=fields[-1] if fields else "reasoning_content"
    )
    states = [line for line in old.lines if line["type"] == "seen"]
    news = None
    if states:
        base_commit, base_text = str(old.header["base_commit"]), old.messages[1].content
        news = finder.news(base_commit, base_text, str(states[-1]["commit"]))
    if news is None:
        return replace(start, note=_changed(old.header, bench))
    known, digest, changes = str(states[-1]["files"]), _digest(news.files), ""
    if digest != known:
        changes = news.files.replace("<uncommitted>", _REPLACED, 1) if known else news.files
    return replace(
        start,
        updates=change_messages(news.commits),
        changes=changes or (NO_LONGER if known and not digest else ""),
        seen={"commit": bench.snapshot.commit, "files": digest},
        blobs=news.blobs,
        in_full=_in_full(news.base.manifest),
        changed=news.changed,
    )


def _in_full(manifest: Manifest) -> frozenset[str]:
    return frozenset(entry.path for entry in manifest.files if entry.level == "full")


def converse(
    record: Record,
    old: Recorded | None,
    start: Start,
    question: str,
    *,
    outbound: Outbound,
    log_message: Listener,
) -> Conversation:
    """Begin a conversation, or go on with one, every message of it in the log."""
    if old is None:
        record.write("session", {**start.header, "question": _one_line(question)})
    conversation = Conversation(
        start.messages if old is not None else (),
        log_message,
        lambda reason: record.write("restart", {"reason": reason}),
        outbound.seal,
    )
    if old is not None:
        conversation.settle(old.started.__contains__)
    for message in start.updates if old is not None else start.messages:
        conversation.add(message)
    return conversation


def note_question(
    record: Record, question: str, start: Start, evidence: Sequence[Span] | None = None
) -> None:
    """Write down a question, and what the conversation knows of the repository from then on.

    Args:
        record: The log.
        question: As asked.
        start: What the conversation begins with.
        evidence: What the user was shown for it meanwhile; None if nothing was looked for.
    """
    record.write("question", {"text": redact(question, "").text})
    if evidence is not None:
        record.write("evidence", evidence_values(evidence))
    if start.seen is not None:
        record.write("seen", start.seen)


def as_before(service: Service, header: Mapping[str, Any], settings: Settings) -> Service:
    """The service of a session that goes on: changing it would throw its cached prefix away.

    Raises:
        ConfigError: The key would go to a server that it may not be meant for.
    """
    if settings.base_url is None and header["base_url"] != service.base_url:
        raise ConfigError(
            f"the session was held with {header['base_url']}, and the settings name"
            f" {service.base_url}; say which with --base-url"
        )
    return replace(
        service,
        model=settings.model or header["model"],
        effort=settings.effort or header["effort"],
    )


def pack_json(basis: Basis) -> dict[str, Any]:
    """Return the account of a base and its overlay that stands in every result."""
    manifest = basis.base.manifest
    counts = {level: manifest.count(level) for level in ("full", "outline", "path", "skipped")}
    return {
        "tokens": manifest.tokens,
        "budget": manifest.budget,
        **counts,
        "base_id": base_id(basis.base.text),
        "base_commit": basis.base.commit or None,
        "base_note": basis.base.note or None,
        "overlay_tokens": basis.overlay_tokens,
    }


def _changed(header: Mapping[str, Any], bench: Bench) -> str:
    """What a session that goes on must know, if the repository is no longer as it was shown."""
    now = bench.repo_json
    if header["repo"] == now and not now["dirty"]:
        return ""
    return (
        "The repository may have changed since it was shown above; the tools read it as it is now."
    )


def _digest(text: str) -> str:
    """A name for what was said of uncommitted changes; "" for nothing."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() if text else ""


def _one_line(question: str) -> str:
    text = " ".join(redact(question, "").text.split())
    return text if len(text) <= _QUESTION_CHARS else text[: _QUESTION_CHARS - 1] + "…"
