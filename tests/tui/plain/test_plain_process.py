"""The whole process: on a terminal and behind a pipe, without a key and with the endpoint."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from endpoint.contract import tokenizer
from endpoint.faults import Hold
from endpoint.script import Call, Reply
from endpoint.server import Endpoint
from repo_builder import RepoBuilder
from shop import CART
from tui.plain.plain_terminal import ENDS_S, MAIN, Seat, run_script

pytestmark = pytest.mark.usefixtures("vocabulary")

ASKED, NUMBER = "ask: ", "number: "
CITES = Reply("`add` gives the item back [src/cart.py:2-3].", "Look.")
TEXT = "".join(f"line {number}\n" for number in range(1, 41))
EDITS = (
    Call("edit_file", {"path": "notes.txt", "old_text": "line 3\n", "new_text": "line three\n"}),
    Call("edit_file", {"path": "notes.txt", "old_text": "line 30\n", "new_text": "line thirty\n"}),
)

Sit = Callable[..., Seat]


@pytest.fixture
def shop(repo: RepoBuilder) -> RepoBuilder:
    repo.file("src/cart.py", CART).file("README.md", "# Shop\n").file("notes.txt", TEXT).commit()
    return repo


@pytest.fixture
def sit(shop: RepoBuilder) -> Iterator[Sit]:
    seats = list[Seat]()

    def call(*flags: str, env: dict[str, str] | None = None) -> Seat:
        seats.append(Seat(shop.root, *flags, env=env))
        return seats[-1]

    yield call
    for seat in seats:
        seat.close()


def key(endpoint: Endpoint) -> dict[str, str]:
    return {"DEEPSEEK_API_KEY": "sk-test", "DEEPSEEK_BASE_URL": endpoint.base_url}


def test_a_new_user_without_a_key(sit: Sit) -> None:
    seat = sit("--offline")
    opening = seat.until(ASKED)
    assert "offline: --offline" in opening
    assert "packed: " in opening
    seat.type("What does Cart.add do?\r")
    found = seat.until("answered\n")
    assert "evidence e1: src/cart.py:" in found
    assert "def add(self, item):" in found
    seat.until(ASKED)
    seat.type("/open 1\r")
    assert "def add(self, item):" in seat.until(ASKED)
    seat.type("/nothing\r")
    assert "there is no /nothing; /help says what there is" in seat.until(ASKED)
    seat.type("/quit\r")
    assert seat.end() == 0


def test_nothing_moves_and_nothing_is_coloured(sit: Sit) -> None:
    seat = sit("--offline")
    for line in ("What does add do?", "/pack", "/help", "/cited", "/sessions"):
        seat.until(ASKED)
        seat.type(f"{line}\r")
    assert "\x1b" not in seat.until("there are no sessions about this repository yet\n")
    seat.until(ASKED)
    seat.type("\x04")
    assert seat.end() == 0
    assert b"\x1b" not in seat.raw
    assert b"\r" not in seat.raw.replace(b"\r\n", b"")


def test_a_question_goes_on_behind_a_backslash(sit: Sit) -> None:
    seat = sit("--offline")
    seat.until(ASKED)
    seat.type("What does \\\r")
    seat.until("more: ")
    seat.type("Cart.add do?\r")
    assert "evidence e1: src/cart.py" in seat.until("answered\n")


def test_a_first_upload_is_asked_about_and_an_answer_cites(sit: Sit, shop: RepoBuilder) -> None:
    tokenizer()
    with Endpoint([CITES, Reply("I see.")]) as endpoint:
        seat = sit(env=key(endpoint))
        seat.until(ASKED)
        seat.type("What does Cart.add do?\r")
        assert "Send it?" in seat.until(NUMBER)
        assert endpoint.requests == []
        seat.type("1\r")
        told = seat.until("answered\n")
        assert "model:\n`add` gives the item back [src/cart.py:2-3]." in told
        assert "citation 1 verified: src/cart.py:2-3\n" in told
        assert "thought for " in told
        seat.until(ASKED)
        seat.type("/open 1\r")
        assert "src/cart.py:2-3, of 7 lines\n2:     def add(self, item):\n3: " in seat.until(ASKED)
        seat.type("/sessions\r")
        assert "What does Cart.add do?" in seat.until(NUMBER)
        seat.type("1\r")
        assert "its last question was: What does Cart.add do?" in seat.until(ASKED)
        seat.type("\x04")
        assert seat.end() == 0
        assert "--resume" in seat.text
        asked = ["/cited", "/open e1", "And add_all?", "/cost"]
        ran = run_script(shop.root, asked, "--continue", env=key(endpoint))
        out = ran.stdout.decode()
        assert "its last question was: What does Cart.add do?\n" in out
        # What was cited and found before is there to be read.
        assert "citation 1 verified: src/cart.py:2-3\n" in out
        assert re.search(r"^src/cart.py:\d-\d, of 7 lines$", out, re.M)
        assert "I see.\n" in out
        assert re.search(r"this session: <?\$0\.\d*[1-9]", out)
        asked = [m["content"] for m in endpoint.requests[-1].messages if m["role"] == "user"]
    assert sum("What does Cart.add do?" in text or "And add_all?" in text for text in asked) == 2


@pytest.mark.parametrize("answer", ["\r", "2\r", "\x04"], ids=repr)
def test_without_a_yes_nothing_is_sent(sit: Sit, answer: str) -> None:
    with Endpoint([]) as endpoint:
        seat = sit(env=key(endpoint))
        seat.until(ASKED)
        seat.type("What does add do?\r")
        seat.until(NUMBER)
        seat.type(answer)
        assert "failed: nothing was sent" in seat.until(ASKED)
    assert endpoint.requests == []


def test_ctrl_c_at_the_question_sends_nothing(sit: Sit) -> None:
    with Endpoint([]) as endpoint:
        seat = sit(env=key(endpoint))
        seat.until(ASKED)
        seat.type("What does add do?\r")
        seat.until(NUMBER)
        seat.signal(signal.SIGINT, "failed: nothing was sent")
        seat.until(ASKED)
    assert endpoint.requests == []


def test_what_was_typed_before_the_question_is_no_yes(sit: Sit) -> None:
    with Endpoint([]) as endpoint:
        seat = sit(env=key(endpoint))
        seat.until(ASKED)
        seat.type("What does add do?\r1\r1\r1\r")
        seat.until(NUMBER)
        seat.type("\r")
        assert "failed: nothing was sent" in seat.until(ASKED)
    assert endpoint.requests == []


def test_edits_are_reviewed_hunk_by_hunk_written_and_taken_back(
    sit: Sit, shop: RepoBuilder
) -> None:
    tokenizer()
    read = Call("read_file", {"path": "notes.txt"})
    replies = [
        Reply("", "look", (read,)), Reply("", "fix", EDITS), Reply("Fixed."), Reply("I see."),
    ]  # fmt: skip
    notes = shop.root / "notes.txt"
    with Endpoint(replies) as endpoint:
        seat = sit(env=key(endpoint))
        seat.until(ASKED)
        seat.type("Mend the notes\r")
        seat.until(NUMBER)
        seat.type("1\r")
        assert "edits proposed, not written: notes.txt; /review" in seat.until("answered\n")
        seat.until(ASKED)
        seat.type("/review\r")
        shown = seat.until(NUMBER)
        assert "hunk 1 of 2: notes.txt\n" in shown
        assert "2   line 2\n3 - line 3\n3 + line three\n4   line 4\n" in shown
        seat.type("1\r")
        assert "30 + line thirty\n" in seat.until(NUMBER)
        seat.type("5\r")
        seat.until("comment: ")
        seat.type("keep the digits\r")
        assert "your comment: keep the digits\n" in seat.until(NUMBER)
        assert notes.read_text() == TEXT
        seat.type("2\r")
        told = seat.until(ASKED)
        assert "written: notes.txt\n" in told
        assert "bathy undo " in told
        assert notes.read_text() == TEXT.replace("line 3\n", "line three\n")
        seat.type("Why?\r")
        seat.until("answered\n")
        assert "keep the digits" in endpoint.requests[-1].messages[-1]["content"]
        seat.until(ASKED)
        seat.type("/undo\r")
        assert "taken back: notes.txt\n" in seat.until(ASKED)
        assert notes.read_text() == TEXT
        seat.type("/quit\r")
        assert seat.end() == 0
    assert endpoint.problems == []


def test_a_review_that_is_left_writes_nothing_and_is_taken_up_again(
    sit: Sit, shop: RepoBuilder
) -> None:
    tokenizer()
    read = Call("read_file", {"path": "notes.txt"})
    replies = [Reply("", "look", (read,)), Reply("", "fix", EDITS), Reply("Fixed.")]
    with Endpoint(replies) as endpoint:
        seat = sit(env=key(endpoint))
        seat.until(ASKED)
        seat.type("Mend the notes\r")
        seat.until(NUMBER)
        seat.type("1\r")
        seat.until("answered\n")
        seat.until(ASKED)
        seat.type("/review\r")
        seat.until(NUMBER)
        seat.type("2\r")
        seat.until("hunk 2 of 2: notes.txt\n")
        seat.until(NUMBER)
        seat.type("7\r")
        told = seat.until(ASKED)
        assert "nothing was written; /review goes on" in told
        assert "0 accepted, 1 rejected, 1 open" in told
        seat.type("/review\r")
        assert "hunk 2 of 2" in seat.until(NUMBER)
        seat.type("3\r")
        seat.until(ASKED)
    expected = TEXT.replace("line 30\n", "line thirty\n")
    assert (shop.root / "notes.txt").read_text() == expected


def test_decisions_that_cannot_be_written_are_kept(sit: Sit, shop: RepoBuilder) -> None:
    tokenizer()
    with Endpoint([Reply(calls=EDITS[:1]), Reply("Done.")]) as endpoint:
        seat = sit(env=key(endpoint))
        seat.until(ASKED)
        seat.type("spell line 3 out\r")
        seat.until(NUMBER)
        seat.type("1\r")
        seat.until("answered\n")
        (shop.root / "notes.txt").write_text("the user's own\n")
        seat.until(ASKED)
        seat.type("/review\r")
        seat.until(NUMBER)
        seat.type("1\r")
        told = seat.until(ASKED)
        assert "nothing was written: notes.txt has changed" in told
        assert "your decisions are kept" in told
        (shop.root / "notes.txt").write_text(TEXT)
        seat.type("/review\r")
        assert "written: notes.txt" in seat.until(ASKED)
    assert "line three" in (shop.root / "notes.txt").read_text()


def test_what_is_left_out_begins_a_session_and_sessions_have_names(
    sit: Sit, shop: RepoBuilder, tmp_path: Path
) -> None:
    tokenizer()
    with Endpoint([CITES, CITES]) as endpoint:
        seat = sit(env=key(endpoint))
        seat.until(ASKED)
        seat.type("What does add do?\r")
        seat.until(NUMBER)
        seat.type("1\r")
        seat.until("answered\n")
        seat.until(ASKED)
        seat.type("/rename About add\r")
        assert "this session is called About add" in seat.until(ASKED)
        seat.type(f"/export {tmp_path}/out.md\r")
        seat.until(ASKED)
        seat.type("/exclude notes.txt\r")
        assert "the next question begins a new one with this pack" in seat.until(ASKED)
        seat.type("And again?\r")
        assert "a new session begins here" in seat.until("answered\n")
        seat.until(ASKED)
        seat.type("/sessions\r")
        assert ": About add\n" in seat.until(NUMBER)
    assert "What does add do?" in (tmp_path / "out.md").read_text()
    first, second = (str(request.messages) for request in endpoint.requests)
    assert "line 39" in first
    assert "line 39" not in second
    assert "What does add do?" not in second


def test_ctrl_c_stops_an_answer_and_the_talk_goes_on(sit: Sit) -> None:
    tokenizer()
    hold = Hold()
    slow = Reply("One sentence. Another sentence. A third one, which never comes.", faults=(hold,))
    with Endpoint([slow, CITES]) as endpoint:
        seat = sit(env=key(endpoint))
        seat.until(ASKED)
        seat.type("What does add do?\r")
        seat.until(NUMBER)
        seat.type("1\r")
        seat.until("model:\n")
        hold.wait()
        seat.type("\x03")
        told = seat.until("stopped\n")
        assert "stopping" in told
        assert re.search(r"it counts as about <?\$0\.001, an estimate\n", told)
        seat.until(ASKED)
        seat.type("What does add do?\r")
        seat.until("citation 1 verified")
        seat.until(ASKED)
        seat.signal(signal.SIGINT, "Ctrl-C again leaves, and so does Ctrl-D")
        seat.signal(signal.SIGINT, "goes on with this session")
        assert seat.end() == 0


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 143)], ids=["term", "hup"]
)
def test_a_signal_ends_it_cleanly(sit: Sit, number: signal.Signals, code: int) -> None:
    seat = sit("--offline")
    seat.until(ASKED)
    seat.signal(number, "bathy: terminated")
    assert seat.end() == code
    assert "Traceback" not in seat.text


@pytest.mark.parametrize("how", ["term", "gone"])
def test_an_answer_under_way_does_not_keep_it(sit: Sit, how: str) -> None:
    tokenizer()
    hold = Hold()
    with Endpoint([Reply("One sentence. Another sentence.", faults=(hold,))]) as endpoint:
        seat = sit(env=key(endpoint))
        seat.until(ASKED)
        seat.type("What does add do?\r")
        seat.until(NUMBER)
        seat.type("1\r")
        hold.wait()
        seat.until("asking: ")
        if how == "gone":
            assert seat.hang_up() == 143
        else:
            seat.signal(signal.SIGTERM, "bathy: terminated")
            assert seat.end() == 143


def test_a_terminal_that_goes_away_ends_it(sit: Sit) -> None:
    seat = sit("--offline")
    seat.until(ASKED)
    assert seat.hang_up() == 143


def test_a_script_asks_line_by_line(shop: RepoBuilder) -> None:
    ran = run_script(
        shop.root, ["What does Cart.add do?", "/open 1", "", "What is \\", "a cart?"], "--offline"
    )
    out = ran.stdout.decode()
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ASKED not in out
    assert out.count("answered\n") == 2
    assert "question: What is  a cart?\n" in out
    assert "def add(self, item):" in out


def test_a_script_can_not_agree_to_an_upload(shop: RepoBuilder) -> None:
    with Endpoint([]) as endpoint:
        ran = run_script(shop.root, ["What does add do?", "1", "yes"], env=key(endpoint))
    assert ran.returncode == 0
    assert "nobody can be asked here" in ran.stdout.decode()
    assert endpoint.requests == []


def test_a_reader_that_leaves_ends_it(shop: RepoBuilder) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, "-C", str(shop.root), "--plain", "--offline"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    process.stdin.write(b"What does add do?\n" * 3)
    process.stdin.close()
    assert process.wait(ENDS_S) == 141
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.stderr.close()


def test_ctrl_c_ends_a_script(shop: RepoBuilder) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", MAIN, "-C", str(shop.root), "--plain", "--offline"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        while b"packed: " not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGINT)
        assert process.wait(ENDS_S) == 130
        assert process.stderr.read() == b"bathy: interrupted\n"


def test_commands_change_what_is_packed_and_say_so(shop: RepoBuilder) -> None:
    lines = [
        "/exclude notes.txt",
        "/exclude *",
        "/include notes.txt",
        "/model",
        "/cost",
        "/think x",
    ]
    ran = run_script(shop.root, lines, "--offline")
    out = ran.stdout.decode()
    sizes = [line for line in out.splitlines() if line.startswith("packed: ")]
    assert (len(sizes), len(set(sizes))) == (3, 2)
    assert sizes[0] == sizes[2]
    assert out.count("\nbefore: ") == 2
    assert "the pack stays as it was: no file is left" in out
    assert out.count("no model is asked, because this is offline: --offline\n") == 2
    assert out.count("offline: --offline; no model is asked\n") == 1
    assert ran.returncode == 0


def test_other_encodings_and_hostile_names_do_no_harm(shop: RepoBuilder) -> None:
    name = "src/z\x1b[2Jw\nx.py"
    shop.file(name, "def caf\xe9_\u4e24():\n    return '\x1b]0;mine\x07'\n").commit()
    env = {"PYTHONIOENCODING": "ascii:strict", "PYTHONUTF8": "0"}
    ran = run_script(
        shop.root, ["What does caf\xe9 do? \x1b[31m", "/open e1"], "--offline", env=env
    )
    assert ran.returncode == 0
    assert b"\x1b" not in ran.stdout
    assert b"\x07" not in ran.stdout
    assert ran.stdout.isascii()
    assert b"evidence e1" in ran.stdout


def test_pictures_that_cannot_be_sent_are_refused_at_once(shop: RepoBuilder) -> None:
    (shop.root / "pic.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    lines = ["/attach notes.txt", f"/attach {shop.root}/notes.txt", f"/attach {shop.root}/pic.png"]
    seeing = run_script(shop.root, [*lines, "/attach"], "--offline").stdout.decode()
    assert seeing.count("goes with the next question\n") == 1 + 1
    assert f"{shop.root}/notes.txt is no PNG, JPEG, GIF or WebP picture\n" in seeing
    assert seeing.endswith("no picture goes with the next question\n")
    blind = run_script(shop.root, lines, "--offline", "--model", "deepseek-v4-pro").stdout.decode()
    assert blind.count("deepseek-v4-pro does not see images") == 3
    assert "goes with" not in blind


def test_a_commit_that_is_asked_about_lets_nothing_be_written(shop: RepoBuilder) -> None:
    ran = run_script(shop.root, ["/undo"], "--offline", "--rev", "HEAD")
    assert ran.stdout.endswith(b"edits go to a working tree; start bathy without --rev\n")


def test_costs_are_those_of_the_session_that_goes_on(sit: Sit) -> None:
    tokenizer()
    with Endpoint([CITES, Reply("Two.")]) as endpoint:
        seat = sit(env=key(endpoint))
        seat.until(ASKED)
        seat.type("What does add do?\r")
        seat.until(NUMBER)
        seat.type("1\r")
        seat.until(ASKED)
        seat.type("And add_all?\r")
        seat.until(ASKED)
        seat.type("/cost\r")
        spent = re.search(r"this session: <?\$0\.\d*[1-9]\d*\n", seat.until(ASKED))
        assert spent is not None
        seat.type("/new\r")
        seat.until(ASKED)
        seat.type("/cost\r")
        assert "no model has been asked yet\n" in seat.until(ASKED)
        seat.type("/sessions 1\r")
        assert "its last question was: And add_all?\n" in seat.until(ASKED)
        seat.type("/cost\r")
        assert spent[0] in seat.until(ASKED)


def test_nohup_lets_it_outlive_its_terminal(shop: RepoBuilder) -> None:
    ignoring = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); {MAIN}"
    with subprocess.Popen(
        [sys.executable, "-c", ignoring, "-C", str(shop.root), "--plain", "--offline"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        while b"packed: " not in process.stdout.readline():
            pass
        process.send_signal(signal.SIGHUP)
        out, err = process.communicate(b"What does add do?\n", ENDS_S)
        assert (process.returncode, err) == (0, b"")
        assert out.endswith(b"answered\n")


def test_a_folder_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    ran = run_script(tmp_path / "nowhere", ["hello"])
    assert ran.returncode == 1
    assert b"Traceback" not in ran.stderr + ran.stdout
    assert os.fsencode(str(tmp_path / "nowhere")) in ran.stderr + ran.stdout
