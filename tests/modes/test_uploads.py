"""The log of what was sent, and the consent that it remembers."""

import json
import os
import stat
from pathlib import Path

import pytest
from bathy.agent.errors import BathyError, ConfigError
from bathy.agent.modes.consent import allow_upload
from bathy.agent.modes.uploads import (
    Destination,
    knows_base,
    note_upload,
    was_allowed,
    was_sent,
)
from bathy.agent.policy import Policy, check_endpoint

TO = Destination("https://api.example.com", "/src/shop", "deepseek-flash", "s1")
ELSEWHERE = Destination("https://other.example.com", "/src/shop")
OTHER_REPO = Destination("https://api.example.com", "/src/shop2")


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_says_what_went_where_and_only_the_user_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "uploads.log"
    note_upload(path, TO, "base", ["b1", "b2", "b1"], base_id="abc")
    (line,) = lines(path)
    assert line.pop("time")
    assert line == {
        "schema_version": 1, "endpoint": TO.endpoint, "repo": TO.repo, "model": TO.model,
        "session": "s1", "what": "base", "base_id": "abc", "blobs": ["b1", "b2"],
    }  # fmt: skip
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_what_was_sent_is_known_by_repository_and_server(tmp_path: Path) -> None:
    path = tmp_path / "uploads.log"
    assert not was_sent(path, TO)
    note_upload(path, TO, "base", [], base_id="abc")
    assert was_sent(path, TO)
    assert not was_sent(path, ELSEWHERE)
    assert not was_sent(path, OTHER_REPO)
    assert knows_base(path, TO, "abc")
    assert not knows_base(path, TO, "abcd")
    assert not knows_base(path, ELSEWHERE, "abc")


def test_a_base_of_another_server_on_a_later_line_is_not_taken_for_ours(tmp_path: Path) -> None:
    path = tmp_path / "uploads.log"
    note_upload(path, TO, "tool", ["b1"])
    note_upload(path, ELSEWHERE, "base", [], base_id="abc")
    assert not knows_base(path, TO, "abc")
    note_upload(path, TO, "base", [], base_id="abc")
    assert knows_base(path, TO, "abc")


def test_a_torn_line_swallows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "uploads.log"
    path.write_bytes(b'{"schema_version":1,"endp')
    note_upload(path, TO, "base", [])
    assert json.loads(path.read_text().splitlines()[1])["what"] == "base"
    assert was_sent(path, TO)


def test_a_line_that_is_torn_or_damaged_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "uploads.log"
    note_upload(path, TO, "consent", ())
    whole = path.read_bytes()
    for data in (whole[:-1], whole[:-2] + b"\n", whole.replace(b"{", b"", 1), b"\0" * 9 + whole):
        path.write_bytes(data)
        assert not was_sent(path, TO)
        assert not was_allowed(path, TO)
    path.write_bytes(b"[1]\n\xff\n" + whole[:-9] + b"\n" + whole)
    assert was_sent(path, TO)
    assert was_allowed(path, TO)


def test_a_value_that_quotes_a_pair_is_not_taken_for_it(tmp_path: Path) -> None:
    path = tmp_path / "uploads.log"
    names = json.dumps({"endpoint": TO.endpoint, "repo": TO.repo})
    note_upload(path, Destination(TO.endpoint, names), "consent", ())
    note_upload(path, Destination("http://h", TO.repo, TO.endpoint, names), "consent", ())
    assert not was_sent(path, TO)


def test_only_a_yes_counts_as_one(tmp_path: Path) -> None:
    path = tmp_path / "uploads.log"
    note_upload(path, Destination(TO.endpoint, TO.repo, "consent"), "base", [])
    note_upload(path, OTHER_REPO, "consent", ())
    assert not was_allowed(path, TO)
    note_upload(path, TO, "consent", ())
    assert was_allowed(path, TO)


def test_one_server_has_one_name_and_a_key_in_it_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "uploads.log"
    note_upload(path, Destination("https://me:KEY@API.example.com/?k=KEY#KEY", TO.repo), "base", [])
    assert b"KEY" not in path.read_bytes()
    assert was_sent(path, TO)


def test_only_ids_can_be_written_down(tmp_path: Path) -> None:
    for blobs in (["src/cart.py"], ["ab", "password = 1"]):
        with pytest.raises(ValueError, match="only ids"):
            note_upload(tmp_path / "uploads.log", TO, "base", blobs)
    assert not (tmp_path / "uploads.log").exists()


def test_a_log_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "state" / "uploads.log"
    path.parent.mkdir(mode=0o755)
    path.touch(mode=0o644)
    path.chmod(0o644)
    note_upload(path, TO, "base", [])
    assert [stat.S_IMODE(p.stat().st_mode) for p in (path.parent, path)] == [0o700, 0o600]


def test_what_is_no_regular_file_is_no_log(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "uploads.log")
    with pytest.raises(BathyError, match="no regular file"):
        note_upload(tmp_path / "uploads.log", TO, "base", [])


def test_names_with_odd_bytes_are_found_again(tmp_path: Path) -> None:
    path, odd = tmp_path / "uploads.log", Destination("http://h", 'a"\n\udcff\x1b[31m')
    note_upload(path, odd, "base", [])
    assert was_sent(path, odd)
    assert path.read_bytes().isascii()


def test_what_cannot_be_written_down_is_not_sent(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(BathyError, match="nothing is sent without a line in"):
        note_upload(tmp_path / "state" / "uploads.log", TO, "base", [])


def test_a_link_in_the_place_of_the_log_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "uploads.log").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BathyError):
        note_upload(tmp_path / "uploads.log", TO, "base", [])
    assert not (tmp_path / "elsewhere").exists()


class Person:
    """Says what was prepared, and remembers what was put to it."""

    def __init__(self, *answers: bool) -> None:
        self.answers, self.heard = list(answers), list[str]()

    def ask(self, question: str) -> bool:
        self.heard.append(question)
        return self.answers.pop(0)


def allow(policy: Policy, log: Path, person: Person | None = None) -> list[str]:
    said = list[str]()
    ask = person.ask if person is not None else None
    allow_upload(policy, TO, summary="9 tokens of 1 files", say=said.append, ask=ask, log=log)
    return said


def test_without_a_rule_the_first_time_is_told(tmp_path: Path) -> None:
    log = tmp_path / "uploads.log"
    (told,) = allow(Policy(), log)
    assert "https://api.example.com for the first time: 9 tokens of 1 files" in told
    assert str(log) in told
    note_upload(log, TO, "base", [])
    assert allow(Policy(), log) == []


def test_always_is_silent(tmp_path: Path) -> None:
    assert allow(Policy("always"), tmp_path / "uploads.log") == []


def test_never_is_an_error_that_names_the_setting(tmp_path: Path) -> None:
    log = tmp_path / "uploads.log"
    note_upload(log, TO, "base", [])
    with pytest.raises(ConfigError, match=r'upload = "never".*--offline'):
        allow(Policy("never"), log)


def test_ask_without_a_terminal_is_an_error_that_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r'upload = "ask".*terminal.*"always"'):
        allow(Policy("ask"), tmp_path / "uploads.log")


def test_a_no_sends_nothing_and_is_not_remembered(tmp_path: Path) -> None:
    log, person = tmp_path / "uploads.log", Person(False)
    with pytest.raises(ConfigError, match="nothing was sent"):
        allow(Policy("ask"), log, person)
    assert "/src/shop would go to https://api.example.com" in person.heard[0]
    assert not log.exists()


def test_a_yes_is_remembered(tmp_path: Path) -> None:
    log, person = tmp_path / "uploads.log", Person(True)
    allow(Policy("ask"), log, person)
    allow(Policy("ask"), log)
    assert [line["what"] for line in lines(log)] == ["consent"]


@pytest.mark.parametrize(
    ("allowed", "url"),
    [
        ("https://api.deepseek.com", "https://api.deepseek.com"),
        ("https://API.deepseek.com/", "https://api.DEEPSEEK.com"),
        ("https://api.deepseek.com:443", "https://api.deepseek.com/v1"),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("https://api.deepseek.com./", "https://api.deepseek.com/beta"),
    ],
)
def test_servers_that_are_allowed(allowed: str, url: str) -> None:
    check_endpoint(Policy(endpoints=("https://x.example", allowed)), url)


@pytest.mark.parametrize(
    ("allowed", "url"),
    [
        ("https://api.deepseek.com", "http://api.deepseek.com"),
        ("https://api.deepseek.com", "https://api.deepseek.com.evil.example"),
        ("https://api.deepseek.com", "https://evil.example/https://api.deepseek.com"),
        ("https://api.deepseek.com", "https://api.deepseek.com:8443"),
        ("https://api.deepseek.com", "https://api.deepseek.com@evil.example"),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v11"),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000"),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1/../admin"),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1/%2e%2e/admin"),
        ("api.deepseek.com", "https://api.deepseek.com"),
    ],
)
def test_servers_that_are_not(allowed: str, url: str) -> None:
    with pytest.raises(ConfigError, match="`endpoints`"):
        check_endpoint(Policy(endpoints=(allowed,)), url)


def test_an_empty_list_allows_nothing_and_none_allows_all() -> None:
    check_endpoint(Policy(), "http://anywhere")
    with pytest.raises(ConfigError, match="none"):
        check_endpoint(Policy(endpoints=()), "http://anywhere")


def test_the_log_grows_by_whole_lines_from_many_processes(tmp_path: Path) -> None:
    path, blobs = tmp_path / "uploads.log", [f"{n:040x}" for n in range(3_000)]
    children = []
    for _ in range(4):
        if (child := os.fork()) == 0:
            for _ in range(5):
                note_upload(path, TO, "base", blobs)
            os._exit(0)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    assert [line["blobs"] for line in lines(path)] == [blobs] * 20
