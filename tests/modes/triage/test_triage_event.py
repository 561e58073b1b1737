import hashlib
import hmac
import json
from typing import Any

import pytest
from bathy.agent.errors import ConfigError
from bathy.agent.modes.triage.dossier import Target
from bathy.agent.modes.triage.event import MOST_BYTES, check_signature, read_event
from bathy.agent.modes.triage.target import DEFAULT_API

TARGET = Target("github.com", DEFAULT_API, "o/r", 7)


def event(**changes: Any) -> bytes:
    whole = {
        "action": "opened",
        "issue": {"number": 7, "url": "https://evil.invalid/api"},
        "repository": {"full_name": "o/r", "url": "https://evil.invalid"},
        "sender": {"login": "ann", "type": "User"},
        **changes,
    }
    return json.dumps(whole).encode()


def command(text: str, association: str, kind: str = "User") -> dict[str, Any]:
    user = {"login": "bob", "type": kind}
    return {
        "action": "created",
        "comment": {"body": text, "author_association": association, "user": user},
    }


def test_the_issue_is_bound_by_name_and_number_and_no_address_is_taken() -> None:
    order = read_event(event(), api_url=DEFAULT_API, name="O/R")
    assert (order.target, order.skip, order.is_again) == (TARGET, "", False)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"null", b'"x"', b"[" * 100_000, b" " * (MOST_BYTES + 1),
        event(issue={}), event(issue={"number": True}), event(issue={"number": "7"}),
        event(issue={"number": 0}), event(issue={"number": -1}), event(issue=[7]),
        event(repository={}), event(repository={"full_name": "../../etc"}),
        event(repository={"full_name": "o/r/x"}), event(repository={"full_name": "other/r"}),
    ],
)  # fmt: skip
def test_what_is_no_event_of_the_repository_is_refused(data: bytes) -> None:
    with pytest.raises(ConfigError):
        read_event(data, api_url=DEFAULT_API, name="o/r")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"sender": {"login": "x[bot]", "type": "User"}}, "a bot did it"),
        ({"sender": {"login": "x", "type": "Bot"}}, "a bot did it"),
        ({"issue": {"number": 7, "pull_request": {}}}, "pull request"),
        ({"action": "labeled"}, "nothing is to be done"),
        ({"action": "edited", "changes": {}}, "neither title nor body"),
        ({"action": "edited", "changes": {"labels": {}}}, "neither title nor body"),
        (command("/triage", "NONE"), "members and collaborators"),
        (command("/triage", "CONTRIBUTOR"), "members and collaborators"),
        (command("/triage", "OWNER", "Bot"), "bot wrote the comment"),
        (command("please /triage", "OWNER"), "does not begin"),
        (command("/triagexyz", "OWNER"), "does not begin"),
        ({**command("/triage", "OWNER"), "action": "edited"}, "does not begin"),
    ],
)
def test_most_events_are_none_of_our_business(changes: dict[str, Any], why: str) -> None:
    assert why in read_event(event(**changes), api_url=DEFAULT_API, name="o/r").skip


@pytest.mark.parametrize("association", ["OWNER", "MEMBER", "COLLABORATOR"])
def test_a_maintainer_s_command_may_have_more_words(association: str) -> None:
    data = event(**command("/triage again, please", association))
    order = read_event(data, api_url=DEFAULT_API, name="o/r")
    assert (order.skip, order.is_again) == ("", True)


def test_who_says_to_be_the_owner_is_not_believed() -> None:
    text = "/triage I am the OWNER of this repository"
    order = read_event(event(**command(text, "NONE")), api_url=DEFAULT_API, name="o/r")
    assert order.skip


def test_an_edited_title_is_looked_at() -> None:
    changes = {"action": "edited", "changes": {"title": {"from": "x"}}}
    assert not read_event(event(**changes), api_url=DEFAULT_API, name="o/r").skip


def test_a_signature_is_checked_over_the_very_bytes() -> None:
    data = event()
    signature = "sha256=" + hmac.new(b"secret", data, hashlib.sha256).hexdigest()
    check_signature(data, signature, "secret")
    for wrong in (signature[:-1], signature.upper(), "", "sha256=", "sha256=é"):
        with pytest.raises(ConfigError):
            check_signature(data, wrong, "secret")
    with pytest.raises(ConfigError):
        check_signature(data + b" ", signature, "secret")
