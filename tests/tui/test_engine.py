"""The engine alone: what becomes of wishes that cross each other."""

import json
import queue
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bathy.agent.config import Settings
from bathy.agent.errors import BathyError
from bathy.agent.loop.events import Finished, Retry, TurnStarted, UsageReported
from bathy.agent.loop.ledger import Ledger, ledger_path
from bathy.agent.loop.record import RecordError, read_record, rebuild_requests
from bathy.agent.loop.sessions import find_session, sessions_folder
from bathy.agent.model.messages import ReasoningDelta, TextDelta
from bathy.agent.modes.tui.engine import Engine
from bathy.agent.modes.tui.events import (
    EvidenceFound,
    Packed,
    RefitFailed,
    SessionNamed,
    Told,
    TurnBegan,
    TurnEnded,
    UiEvent,
)
from bathy.agent.modes.tui.mailbox import Mailbox
from bathy.agent.modes.tui.sessions.replay import turns_of
from bathy.agent.modes.tui.waiting_edits import WaitingEdits, load_edits
from bathy.tools.diff import FileState
from endpoint.contract import tokenizer
from endpoint.deaf import full
from endpoint.faults import Fault, Hold
from endpoint.script import Call, Reply
from endpoint.server import Endpoint
from repo_builder import RepoBuilder
from tui.screens.sample import build

BUSY = Fault("status", status=503)


class Driven:
    """An engine, and what it has told."""

    def __init__(self, settings: Settings, answer: Callable[[str], bool]) -> None:
        self.events: queue.SimpleQueue[UiEvent] = queue.SimpleQueue()
        self.engine = Engine(settings, self.events.put, answer)
        self.told: list[UiEvent] = []
        self.engine.start()
        self.until(Packed)

    def until(self, *kinds: type) -> UiEvent:
        while True:
            event = self.events.get(timeout=60)
            self.told.append(event)
            if isinstance(event, kinds):
                return event

    def exclude(self, *globs: str) -> Packed:
        self.engine.refit((), globs)
        found = self.until(Packed)
        assert isinstance(found, Packed)
        return found

    def ask(self, text: str) -> TurnEnded:
        self.engine.ask(text)
        ended = self.until(TurnEnded)
        assert isinstance(ended, TurnEnded)
        return ended


@pytest.fixture
def shop(tmp_path: Path) -> RepoBuilder:
    return build(tmp_path)


Drive = Callable[..., Driven]


@pytest.fixture
def drive(shop: RepoBuilder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Drive]:
    tokenizer()
    monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-test")
    driven: list[Driven] = []

    def start(
        endpoint: Endpoint, answer: Callable[[str], bool] = lambda _: True, **more: Any
    ) -> Driven:
        monkeypatch.setenv("DEEPSEEK_BASE_URL", endpoint.base_url)
        driven.append(Driven(Settings(folder=shop.root, workers=1, **more), answer))
        return driven[-1]

    yield start
    for one in driven:
        one.engine.close()


def edit(old: str, new: str) -> Reply:
    arguments = {"path": "docs/guide.md", "old_text": old, "new_text": new}
    return Reply("", "so", (Call("edit_file", arguments),))


DONE = Reply("Done.", "yes")
SCRIPT = [edit("# Guide", "# The guide"), DONE, edit("## 线程\n", "## 线程安全\n"), DONE]


def test_edits_of_two_questions_to_one_file_both_wait(drive: Drive, shop: RepoBuilder) -> None:
    with Endpoint(SCRIPT) as endpoint:
        driven = drive(endpoint)
        assert driven.ask("edit the title of the guide").how == "answered"
        assert driven.ask("edit its heading of threads").how == "answered"
    before, after = driven.engine.edits.states["docs/guide.md"]
    assert before.data == (shop.root / "docs/guide.md").read_bytes()
    assert after.data is not None
    assert "# The guide" in after.data.decode()
    assert "## 线程安全" in after.data.decode()


def test_edits_that_wait_are_there_again_in_the_next_process(drive: Drive, tmp_path: Path) -> None:
    with Endpoint(SCRIPT[:2]) as endpoint:
        first = drive(endpoint)
        first.ask("edit the title of the guide")
        waiting = first.engine.edits.states
        assert list(waiting) == ["docs/guide.md"]
        other = drive(endpoint)
        assert other.engine.edits.states == {}
        other.engine.use_session(first.engine.session)
        assert other.engine.edits.states == waiting
        other.engine.use_session(None)
        assert other.engine.edits.states == {}
    files = list(tmp_path.rglob("*.edits"))
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600]


def test_what_was_reviewed_goes_and_what_came_meanwhile_stays(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    edits = WaitingEdits()
    edits.keep_at(log)
    old, new, newer = FileState(b"a"), FileState(b"b"), FileState(None, is_executable=True)
    edits.add({"x": (old, new), "y": (old, new)})
    reviewed = edits.states
    edits.add({"y": (old, newer)})
    edits.drop(reviewed)
    assert edits.states == load_edits(log) == {"y": (old, newer)}
    edits.drop(edits.states)
    assert not log.with_suffix(".edits").exists()
    log.with_suffix(".edits").write_text("[1]")
    with pytest.raises(RecordError, match="cannot be read"):
        load_edits(log)


def test_a_stop_before_the_request_sends_nothing(drive: Drive) -> None:
    def stop_and_agree(_question: str) -> bool:
        started[0].engine.stop()
        return True

    started = list[Driven]()
    with Endpoint([]) as endpoint:
        started.append(drive(endpoint, stop_and_agree))
        assert started[0].ask("Does Cart.add lock?").how == "stopped"
    assert endpoint.requests == []


def test_a_stop_that_found_nothing_does_not_stop_the_next_question(drive: Drive) -> None:
    with Endpoint([DONE]) as endpoint:
        driven = drive(endpoint)
        driven.engine.stop()
        assert driven.ask("Does Cart.add lock?").how == "answered"


def test_a_wait_can_be_cut_short(drive: Drive) -> None:
    with Endpoint([replace(DONE, faults=[BUSY]), DONE]) as endpoint:
        driven = drive(endpoint)
        driven.engine.ask("Does Cart.add lock?")
        driven.until(Retry)
        driven.engine.hurry()
        driven.until(TurnEnded)
    assert any(isinstance(event, Finished) and not event.error for event in driven.told)


def test_a_refit_that_fails_leaves_settings_and_session_as_they_were(drive: Drive) -> None:
    with Endpoint([DONE]) as endpoint:
        driven = drive(endpoint)
        driven.ask("Does Cart.add lock?")
        before, session = driven.engine.settings, driven.engine.session
        driven.engine.refit(("nothing/**",), ())
        driven.until(RefitFailed)
    assert (driven.engine.settings, driven.engine.session) == (before, session)


def sent(endpoint: Endpoint) -> str:
    """All that the last request held."""
    return str(endpoint.requests[-1].messages)


def test_what_is_left_out_is_not_sent_and_nothing_that_waits_is_lost(
    drive: Drive, tmp_path: Path
) -> None:
    with Endpoint([*SCRIPT[:2], DONE]) as endpoint:
        driven = drive(endpoint)
        driven.ask("edit the title of the guide")
        old, waiting = driven.engine.session, driven.engine.edits.states
        assert "src/shop/payment.py" in sent(endpoint)
        assert driven.exclude("payment.py").session == "begins"
        driven.engine.ask("Does Cart.add lock?", note="The user says hello.")
        named = driven.until(SessionNamed)
        driven.until(TurnEnded)
    assert isinstance(named, SessionNamed)
    assert named.is_other
    assert named.session_id == driven.engine.session != old
    assert "RETRIES = 3" not in sent(endpoint)
    assert "edit the title of the guide" not in sent(endpoint)
    assert "Edits of docs/guide.md that were proposed in an earlier session" in sent(endpoint)
    assert "The user says hello." in sent(endpoint)
    assert driven.engine.edits.states == waiting
    assert [file.stem for file in tmp_path.rglob("*.edits")] == [driven.engine.session]


def test_a_choice_that_is_taken_back_goes_on_with_the_session(drive: Drive) -> None:
    with Endpoint([DONE, DONE]) as endpoint:
        driven = drive(endpoint)
        driven.ask("Does Cart.add lock?")
        session = driven.engine.session
        assert driven.exclude("payment.py").session == "begins"
        assert driven.exclude("payment.py", "docs/").session == "begins"
        back = driven.exclude("payment.py", "docs/", "!docs/**", "!payment.py")
        assert (back.session, driven.engine.session) == ("goes on", session)
        assert driven.ask("And what of remove?").how == "answered"
    assert (len(endpoint.requests), driven.engine.session) == (2, session)
    assert "Does Cart.add lock?" in sent(endpoint)
    assert "RETRIES = 3" in sent(endpoint)


def test_a_choice_that_changes_nothing_or_comes_first_is_no_reason_for_a_session(
    drive: Drive,
) -> None:
    with Endpoint([DONE, DONE]) as endpoint:
        driven = drive(endpoint)
        assert driven.exclude("docs/").session == ""
        driven.ask("Does Cart.add lock?")
        session = driven.engine.session
        assert driven.exclude("docs/", "not/there").session == ""
        assert driven.ask("And what of remove?").how == "answered"
    assert (len(endpoint.requests), driven.engine.session) == (2, session)
    assert "# Guide" not in sent(endpoint)


def test_a_file_that_came_since_and_was_left_out_is_not_sent_by_going_on(
    drive: Drive, shop: RepoBuilder
) -> None:
    with Endpoint([DONE, DONE]) as endpoint:
        driven = drive(endpoint)
        driven.ask("Does Cart.add lock?")
        session = driven.engine.session
        assert driven.exclude("secret.txt").session == ""
        shop.file("secret.txt", "the launch code is 1234\n")
        assert driven.ask("And what of remove?").how == "answered"
    assert driven.engine.session != session
    assert len(endpoint.requests) == 2
    assert "launch code" not in sent(endpoint)
    assert "Does Cart.add lock?" not in sent(endpoint)


def test_a_model_that_fails_leaves_the_way_back_to_a_session(
    drive: Drive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_more: object) -> Packed:
        raise BathyError("it does not fit")

    with Endpoint([DONE, DONE]) as endpoint:
        driven = drive(endpoint)
        driven.ask("Does Cart.add lock?")
        session = driven.engine.session
        assert driven.exclude("payment.py").session == "begins"
        with monkeypatch.context() as patched:
            patched.setattr("bathy.agent.modes.tui.survey.packed", refuse)
            driven.engine.choose(effort="max")
            driven.until(RefitFailed)
        assert driven.engine.holding.has_left
        assert driven.exclude().session == "goes on"
        assert driven.ask("And what of remove?").how == "answered"
    assert driven.engine.session == session


def test_a_choice_made_while_the_first_question_is_worked_on_holds_for_the_next(
    drive: Drive,
) -> None:
    hold = Hold("headers")
    with Endpoint([replace(DONE, faults=[hold]), DONE]) as endpoint:
        driven = drive(endpoint)
        driven.engine.ask("Does Cart.add lock?")
        driven.until(SessionNamed)
        driven.engine.refit((), ("payment.py",))
        hold.release()
        found = driven.until(Packed)
        assert isinstance(found, Packed)
        assert found.session == "begins"
        driven.ask("And what of remove?")
    assert "RETRIES = 3" in str(endpoint.requests[0].messages)
    assert "RETRIES = 3" not in sent(endpoint)


def test_a_session_goes_on_in_another_process_with_the_files_that_it_began_with(
    drive: Drive,
) -> None:
    with Endpoint([DONE, DONE]) as endpoint:
        first = drive(endpoint, exclude=("payment.py",))
        first.ask("Does Cart.add lock?")
        other = drive(endpoint, resume="")
        other.engine.use_session(first.engine.session)
        told = other.until(Told)
        other.ask("And what of remove?")
    assert isinstance(told, Told)
    assert told.text == "the session began with --exclude payment.py, and goes on so"
    assert other.engine.session == first.engine.session
    assert other.engine.settings.exclude == ("payment.py",)
    assert "Does Cart.add lock?" in sent(endpoint)
    assert "RETRIES = 3" not in sent(endpoint)


def test_what_the_command_line_leaves_out_is_not_sent_by_going_on(drive: Drive) -> None:
    with Endpoint([DONE, DONE]) as endpoint:
        first = drive(endpoint)
        first.ask("Does Cart.add lock?")
        other = drive(endpoint, resume="", exclude=("payment.py",))
        other.engine.use_session(first.engine.session)
        found = other.until(Packed)
        other.ask("And what of remove?")
    assert isinstance(found, Packed)
    assert found.session == "begins"
    assert other.engine.session != first.engine.session
    assert "RETRIES = 3" not in sent(endpoint)


def forget_globs(session: str | None) -> None:
    """Make the log of a session as one was before it held the choice of files."""
    log = find_session(sessions_folder(), session or "")
    first, rest = log.read_text().split("\n", 1)
    header = {k: v for k, v in json.loads(first).items() if k not in ("include", "exclude")}
    log.write_text(f"{json.dumps(header)}\n{rest}")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_session_that_may_hold_any_file_is_left_where_some_are_chosen(
    drive: Drive, when: str
) -> None:
    exclude = ("payment.py",)
    with Endpoint([DONE, DONE]) as endpoint:
        first = drive(endpoint)
        first.ask("Does Cart.add lock?")
        forget_globs(session := first.engine.session)
        other = drive(endpoint, resume="", exclude=exclude if when == "before" else ())
        assert other.engine.use_session(session) == (when == "before")
        found = other.until(Packed) if when == "before" else other.exclude(*exclude)
        assert other.ask("And what of remove?").how == "answered"
    assert isinstance(found, Packed)
    assert found.session == "begins"
    assert other.engine.session not in (session, None)
    assert len(endpoint.requests) == 2
    assert "RETRIES = 3" not in sent(endpoint)


def test_a_session_that_may_hold_any_file_goes_on_with_all(drive: Drive) -> None:
    with Endpoint([DONE, DONE]) as endpoint:
        first = drive(endpoint)
        first.ask("Does Cart.add lock?")
        forget_globs(session := first.engine.session)
        other = drive(endpoint, resume="")
        assert not other.engine.use_session(session)
        assert other.ask("And what of remove?").how == "answered"
    assert other.engine.session == session
    assert len(endpoint.requests) == 2


def test_a_session_whose_files_cannot_be_packed_is_told_so_and_left(
    drive: Drive, shop: RepoBuilder
) -> None:
    with Endpoint([DONE, DONE]) as endpoint:
        first = drive(endpoint, include=("docs/**",))
        first.ask("What is in the guide?")
        shop.git("rm", "-rq", "docs")
        shop.commit()
        other = drive(endpoint)
        assert other.engine.use_session(first.engine.session)
        told = other.until(RefitFailed, TurnEnded)
        assert isinstance(told, RefitFailed)
        assert told.text.endswith("; the next question begins a session")
        assert other.ask("Does Cart.add lock?").how == "answered"
    assert other.engine.session != first.engine.session
    assert len(endpoint.requests) == 2


def test_a_question_that_is_stopped_while_it_is_answered_costs_what_was_forecast(
    drive: Drive,
) -> None:
    with Endpoint([DONE, Reply("One, two, three.", "yes", faults=[Hold("middle")])]) as endpoint:
        driven = drive(endpoint)
        driven.ask("Does Cart.add lock?")
        driven.engine.ask("And what of remove?")
        driven.until(TurnBegan)
        driven.until(TextDelta, ReasoningDelta)
        driven.engine.stop()
        told = driven.until(UsageReported)
        driven.until(TurnEnded)
    assert isinstance(told, UsageReported)
    assert told.is_estimate
    assert told.cost_usd > 0
    assert 0 < told.usage.cache_hit_tokens < told.usage.prompt_tokens
    assert told.usage.completion_tokens > 0
    (row, *_) = ledger_rows(driven)
    assert row["is_estimate"]
    assert row["usd"] == pytest.approx(told.cost_usd)


def test_a_question_that_is_stopped_before_it_is_sent_costs_nothing(drive: Drive) -> None:
    with full() as url:
        driven = drive(SimpleNamespace(base_url=url))
        driven.engine.ask("Does Cart.add lock?")
        driven.until(TurnStarted)
        driven.engine.stop()
        driven.until(TurnEnded)
    assert not any(isinstance(event, UsageReported) for event in driven.told)
    notes = [event.text for event in driven.told if isinstance(event, Told)]
    assert any(note.endswith("so nothing more is counted") for note in notes)
    assert ledger_rows(driven) == []
    log = find_session(sessions_folder(), driven.engine.session or "")
    (turn,) = turns_of(read_record(log))
    assert (turn.how, turn.cost_usd, turn.is_guessed) == ("stopped", 0.0, False)


def test_a_question_that_is_stopped_before_it_is_answered_costs_at_most_its_prompt(
    drive: Drive,
) -> None:
    hold = Hold("headers")
    with Endpoint([replace(DONE, faults=[hold])]) as endpoint:
        driven = drive(endpoint)
        driven.engine.ask("Does Cart.add lock?")
        hold.wait()
        driven.engine.stop()
        told = driven.until(UsageReported)
        driven.until(TurnEnded)
    assert isinstance(told, UsageReported)
    assert (told.is_estimate, told.is_most, told.usage.completion_tokens) == (True, True, 0)
    (row,) = ledger_rows(driven)
    assert row["usd"] == pytest.approx(told.cost_usd) != 0


def ledger_rows(driven: Driven) -> list[dict[str, Any]]:
    with Ledger(ledger_path()) as ledger:
        return ledger.requests(str(driven.engine.settings.folder), 50)


def test_evidence_comes_before_the_model_is_asked(drive: Drive) -> None:
    hold = Hold("headers")
    with Endpoint([replace(DONE, faults=[hold])]) as endpoint:
        driven = drive(endpoint)
        driven.engine.ask("Does Cart.add lock?", note="The user says hello.")
        driven.until(TurnBegan)
        found = driven.until(EvidenceFound)
        hold.release()
        driven.until(TurnEnded)
    assert isinstance(found, EvidenceFound)
    assert found.spans[0].path == "src/shop/cart.py"
    assert not found.is_answer
    ends = [line for span in found.spans for line in (span.lines[0], span.lines[-1])]
    assert len(ends) > 4
    assert all(line.strip() for line in ends)
    question = str(endpoint.requests[-1].messages[-1]["content"])
    assert "The user says hello.\n\nDoes Cart.add lock?" in question


def test_places_are_looked_for_by_the_words_of_the_user_alone(drive: Drive) -> None:
    questions = list[str]()
    for note in ("The user says hello.", "The edit of `place_order` in src/shop/orders.py: no."):
        with Endpoint([DONE]) as endpoint:
            driven = drive(endpoint, keep_session=False)
            driven.engine.ask("What does `test_total` check?", note=note)
            driven.until(TurnEnded)
        question = str(endpoint.requests[-1].messages[-1]["content"])
        assert note in question
        questions.append(question[question.index("<evidence>") : question.index("</evidence>")])
    assert questions[0] == questions[1]


def test_evidence_is_in_the_log_without_secrets_and_no_model_reads_it_there(
    drive: Drive, shop: RepoBuilder
) -> None:
    secret = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"
    shop.file("src/shop/vault.py", f'def open_vault():\n    return "{secret}"\n').commit()
    with Endpoint([DONE, DONE]) as endpoint:
        driven = drive(endpoint)
        driven.ask("What does open_vault return?")
        found = next(event for event in driven.told if isinstance(event, EvidenceFound))
        log = find_session(sessions_folder(), driven.engine.session or "")
        assert driven.ask("Why?").how == "answered"
    first, second = turns_of(read_record(log))
    assert first.events[:2] == (TurnBegan("What does open_vault return?"), found)
    assert found.spans[0].path == "src/shop/vault.py"
    assert second.events[1] == [e for e in driven.told if isinstance(e, EvidenceFound)][-1]
    assert secret not in log.read_text()
    sent = [json.loads(json.dumps(r.messages)) for r in endpoint.requests]
    assert not any('"spans"' in json.dumps(messages) for messages in sent)
    rebuilt = [body["messages"] for body in rebuild_requests(read_record(log))]
    assert rebuilt == sent


def test_a_mailbox_joins_what_streams_and_keeps_the_order() -> None:
    box = Mailbox()
    assert box.put(TextDelta("a"))
    assert not box.put(TextDelta("b"))
    box.put(ReasoningDelta("c"))
    box.put(TurnEnded("answered"))
    box.put(TextDelta("d"))
    joined = [TextDelta("ab"), ReasoningDelta("c"), TurnEnded("answered"), TextDelta("d")]
    assert box.take() == joined
    assert box.take() == []
    assert box.put(TextDelta("e"))
