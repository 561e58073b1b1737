import json
import os
import stat
from pathlib import Path

import pytest
from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.loop.conversation import NOT_STARTED, OUTCOME_UNKNOWN, Conversation
from bathy.agent.loop.evidence import Span, evidence_values
from bathy.agent.loop.partial import Partial
from bathy.agent.loop.record import Record, RecordError, read_record
from bathy.agent.loop.sessions import (
    export_json,
    export_markdown,
    export_session,
    exports_folder,
    find_session,
    fork_session,
    last_session,
    list_sessions,
    name_of,
    name_session,
)
from bathy.agent.model.messages import Image, Message, TextDelta, ToolCall
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HEADER = {"folder": "/r", "created": "2026-11-24T00:00:00+00:00", "model": "m", "question": "why?"}
TALK = [
    Message("system", "s"),
    Message("user", "pack " * 10_000),
    Message("assistant", "read", "r"),
    Message("user", "why?", images=(Image("image/png", "QUJD"),)),
    Message("assistant", "", "hm", (ToolCall("c1", "grep", "{}"), ToolCall("c2", "grep", "{}"))),
]


def write(path: Path, messages: list[Message], started: list[str] | None = None) -> Path:
    record = Record(path)
    record.write("session", HEADER)
    for message in messages:
        record.write_message(message)
    for call_id in started or []:
        record.write("tool_started", {"call_id": call_id})
    record.close()
    return path


def test_a_conversation_comes_back_as_it_was(tmp_path: Path) -> None:
    recorded = read_record(write(tmp_path / "a.jsonl", TALK, ["c1"]))
    assert list(recorded.messages) == TALK
    assert recorded.started == {"c1"}
    assert recorded.header["folder"] == "/r"


def test_logs_and_what_lies_beside_them_are_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "sessions"
    write(folder / "a.jsonl", TALK)
    for path in [*folder.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600)


def test_a_long_text_is_stored_once_for_all_sessions(tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert write(tmp_path / f"{name}.jsonl", TALK).stat().st_size < 5_000
    assert len(list((tmp_path / "texts").iterdir())) == 1


def test_cut_at_any_byte_a_log_is_still_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", TALK, ["c1"])
    data = path.read_bytes()
    first = data.index(b"\n") + 1
    lengths = set()
    for end in range(first, len(data)):
        path.write_bytes(data[:end])
        recorded = read_record(path)
        assert list(recorded.messages) == TALK[: len(recorded.messages)]
        lengths.add(len(recorded.messages))
    assert lengths == set(range(len(TALK) + 1))


def test_open_calls_are_closed_as_what_they_are(tmp_path: Path) -> None:
    recorded = read_record(write(tmp_path / "a.jsonl", TALK, ["c1"]))
    conversation = Conversation(recorded.messages, lambda _message: None)
    conversation.settle(recorded.started.__contains__)
    assert [m.content for m in conversation.messages[-2:]] == [OUTCOME_UNKNOWN, NOT_STARTED]
    assert conversation.open_calls() == ()


def test_damage_in_the_middle_is_told_of(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", TALK)
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([lines[0], b"{broken", *lines[1:]]))
    with pytest.raises(RecordError, match="damaged on line 2"):
        read_record(path)


def test_a_shared_text_that_has_changed_is_told_of(tmp_path: Path) -> None:
    import zlib

    path = write(tmp_path / "a.jsonl", TALK)
    (shared,) = (tmp_path / "texts").iterdir()
    shared.write_bytes(zlib.compress(b"other"))
    with pytest.raises(RecordError, match="damaged"):
        read_record(path)
    shared.unlink()
    with pytest.raises(RecordError, match="has gone"):
        read_record(path)


def test_a_log_has_one_writer(tmp_path: Path) -> None:
    first = Record(tmp_path / "a.jsonl")
    with pytest.raises(ConfigError, match="--fork-session"):
        Record(tmp_path / "a.jsonl")
    first.close()
    Record(tmp_path / "a.jsonl").close()


def test_a_link_in_the_place_of_a_log_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RecordError):
        Record(tmp_path / "a.jsonl")


def test_without_a_log_nothing_is_written(tmp_path: Path) -> None:
    record = Record(None)
    record.write("session", HEADER)
    record.write_message(TALK[1])
    record.close()
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.text(), st.text(), st.text())
def test_any_text_survives(tmp_path: Path, content: str, reasoning: str, arguments: str) -> None:
    path = tmp_path / "a.jsonl"
    path.unlink(missing_ok=True)
    message = Message("assistant", content, reasoning, (ToolCall("c", "n", arguments),))
    assert read_record(write(path, [message])).messages == (message,)


def test_sessions_are_found_by_the_beginning_of_their_id(tmp_path: Path) -> None:
    write(tmp_path / "abc1.jsonl", TALK)
    write(tmp_path / "abd2.jsonl", TALK)
    assert find_session(tmp_path, "abd").stem == "abd2"
    for name in ("ab", "zz", ""):
        with pytest.raises(ConfigError):
            find_session(tmp_path, name)


def test_the_last_used_session_of_a_repository_is_found(tmp_path: Path) -> None:
    for age, name in enumerate(("old", "new")):
        path = write(tmp_path / f"{name}.jsonl", TALK)
        os.utime(path, (1000 + age, 1000 + age))
    (tmp_path / "junk.jsonl").write_text("junk\n")
    assert [s.id for s in list_sessions(tmp_path)] == ["new", "old"]
    assert last_session(tmp_path, "/r").stem == "new"
    with pytest.raises(ConfigError, match="leave --continue out"):
        last_session(tmp_path, "/elsewhere")


def test_a_fork_is_a_copy(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", TALK)
    copy = fork_session(path)
    assert copy != path
    assert copy.read_bytes() == path.read_bytes()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_an_export_holds_everything_or_what_people_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", [*TALK, Message("tool", "x", tool_call_id="c1")])
    events = json.loads(export_json(path))["events"]
    assert events[2]["content"].startswith("pack pack")
    with path.open("a") as log:
        log.write(json.dumps({"type": "result", "text": "Because.", "error": ""}) + "\n")
    text = export_markdown(path)
    assert "Because." in text
    assert "pack pack" not in text
    assert "# Session a" in text
    assert "`grep`" in text


def test_an_export_says_when_what_was_asked_and_which_places_were_shown(tmp_path: Path) -> None:
    record = Record(tmp_path / "a.jsonl", lambda: 1_795_651_200.0)
    record.write("session", HEADER)
    record.write("question", {"text": "why?"})
    spans = (Span("a`b.py", 3, 9, "", ("hidden",)), Span("src/cart.py", 1, 2, "Cart", ("hidden",)))
    record.write("evidence", evidence_values(spans))
    record.close()
    text = export_markdown(tmp_path / "a.jsonl")
    assert "## Question, 2026-11-26 00:00 UTC\n\nwhy?\n" in text
    assert "Found in the index:\n\n- `` a`b.py:3-9 ``\n- `src/cart.py:1-2` `Cart`\n" in text
    assert "hidden" not in text
    assert "hidden" in export_json(tmp_path / "a.jsonl")


def test_a_log_of_before_moments_were_kept_is_exported(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [{"type": "session", **HEADER}, {"type": "question", "text": "why?"}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert "## Question\n\nwhy?\n" in export_markdown(path)


def test_what_was_made_shorter_is_exported_once(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", TALK)
    record = Record(path)
    record.write("restart", {"reason": "dropped"})
    record.write_message(TALK[-1])
    record.write("request", {})
    record.write_message(Message("assistant", "", "", (ToolCall("c3", "read_file", "{}"),)))
    record.close()
    text = export_markdown(path)
    assert (text.count("`grep`"), text.count("`read_file`")) == (2, 1)


def test_an_export_has_what_came_of_an_answer_that_was_cut(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", TALK[:3])
    record = Record(path)
    record.write("request", {"messages": 3})
    record.close()
    partial = Partial(path)
    partial.add(TextDelta("It is so beca"))
    partial.close()
    assert "It is so beca\n\n*(interrupted)*" in export_markdown(path)


# Names.


def test_a_session_has_the_name_that_it_was_given_last(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", TALK)
    log = path.read_bytes()
    assert name_of(path) == ""
    assert name_session(path, "URL map") == name_of(path) == "URL map"
    assert name_session(path, "两个线程") == name_of(path) == "两个线程"
    assert [info.name for info in list_sessions(tmp_path)] == ["两个线程"]
    assert stat.S_IMODE((tmp_path / "a.name").stat().st_mode) == 0o600
    assert path.read_bytes() == log
    assert "# Session 两个线程 (a)" in export_markdown(path)
    assert json.loads(export_json(path))["name"] == "两个线程"
    assert name_session(path, "  ") == name_of(path) == ""
    assert sorted(p.name for p in tmp_path.glob("a*")) == ["a.jsonl"]


def test_a_session_is_named_while_another_process_writes_to_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", TALK)
    record = Record(path)
    name_session(path, "held")
    record.write("question", {"text": "and?"})
    record.close()
    assert name_of(path) == "held"
    assert [line["type"] for line in read_record(path).lines][-1] == "question"


def test_a_name_is_one_short_line_without_secrets_that_drives_no_terminal(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", TALK)
    secret = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"
    kept = name_session(path, f" \x1b[2Jone\n two\u202e\ttoken {secret} " + "long " * 99)
    assert kept.startswith("[2Jone two token [redacted: ")
    assert kept.isprintable()
    assert len(kept) <= 100
    assert secret not in (tmp_path / "a.name").read_text()
    (tmp_path / "a.name").write_bytes(b"\xff\x1b[31mby hand\n" + b"x" * 10_000)
    assert name_of(path).startswith("\ufffd [31mby hand x")
    assert len(name_of(path)) <= 100


def test_a_session_is_found_by_its_name(tmp_path: Path) -> None:
    for number, name in enumerate(("one", "two", "both", "both")):
        name_session(write(tmp_path / f"ab{number}c.jsonl", TALK), name)
    assert find_session(tmp_path, "two").stem == "ab1c"
    assert find_session(tmp_path, " two\n").stem == "ab1c"
    assert find_session(tmp_path, "ab0").stem == "ab0c"
    with pytest.raises(ConfigError, match="there is no session 'tw'"):
        find_session(tmp_path, "tw")
    with pytest.raises(
        ConfigError, match=r"2 sessions are called 'both'; give an ID: ab\dc, ab\dc"
    ):
        find_session(tmp_path, "both")
    with pytest.raises(ConfigError, match="4 sessions begin with 'ab'"):
        find_session(tmp_path, "ab")


def test_a_name_takes_no_session_from_its_own_id(tmp_path: Path) -> None:
    one, other = (write(tmp_path / f"{name}.jsonl", TALK) for name in ("abc1", "abd2"))
    name_session(other, "abc1")
    assert find_session(tmp_path, "abc1") == one
    assert find_session(tmp_path, "abd") == other


def test_a_name_that_cannot_be_kept_is_told_of(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", TALK)
    (tmp_path / "a.name").mkdir()
    with pytest.raises(RecordError, match="cannot write"):
        name_session(path, "it")
    assert name_of(path) == ""


# Exports into files.


def test_an_export_goes_where_it_was_asked_to_and_overwrites_nothing(tmp_path: Path) -> None:
    path, folder = write(tmp_path / "0123456789ab.jsonl", TALK), tmp_path / "state" / "exports"
    written = [export_session(path, None, folder) for _ in range(3)]
    assert [p.name for p in written] == [
        "bathy-01234567.md", "bathy-01234567-2.md", "bathy-01234567-3.md"
    ]  # fmt: skip
    assert {p.parent for p in written} == {folder}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    mine = tmp_path / "notes.md"
    mine.write_text("mine")
    assert export_session(path, mine, folder) == tmp_path / "notes-2.md"
    assert mine.read_text() == "mine"
    assert export_session(path, tmp_path, folder) == tmp_path / "bathy-01234567.md"
    assert "# Session 0123456789ab" in (tmp_path / "notes-2.md").read_text()


def test_an_export_follows_no_link_and_takes_any_text(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", TALK)
    with path.open("a") as log:
        log.write(json.dumps({"type": "result", "text": "half \ud83d", "error": ""}) + "\n")
    (tmp_path / "link.md").symlink_to(tmp_path / "elsewhere.md")
    assert export_session(path, tmp_path / "link.md", tmp_path).name == "link-2.md"
    assert not (tmp_path / "elsewhere.md").exists()
    assert "half ?" in (tmp_path / "link-2.md").read_text()


def test_an_export_that_cannot_be_written_is_told_of(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", TALK)
    with pytest.raises(BathyError, match=r"cannot write .*none"):
        export_session(path, tmp_path / "none" / "a.md", tmp_path)
    with pytest.raises(RecordError):
        export_session(tmp_path / "gone.jsonl", None, tmp_path)


def test_exports_by_themselves_go_into_no_repository() -> None:
    assert exports_folder().parts[-2:] == ("bathy", "exports")
