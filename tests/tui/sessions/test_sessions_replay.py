"""What a log says -> what people are shown again; every log is written as runs write it."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.loop.citations import CheckedCitation, Cited
from bathy.agent.loop.conversation import NOT_STARTED, OUTCOME_UNKNOWN, Conversation
from bathy.agent.loop.events import (
    CitationsChecked,
    Finished,
    Shortened,
    ToolFinished,
    ToolStarted,
    UsageReported,
)
from bathy.agent.loop.evidence import Span, evidence_values
from bathy.agent.loop.partial import Partial, keep_partial
from bathy.agent.loop.prompt import change_messages, prefix_messages
from bathy.agent.loop.record import Record, RecordError, read_record
from bathy.agent.model.messages import (
    Message,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    Usage,
)
from bathy.agent.modes.tui.drawing import draw_past
from bathy.agent.modes.tui.events import EvidenceFound, TurnBegan, TurnEnded
from bathy.agent.modes.tui.sessions.replay import INTERRUPTED, PastTurn, turns_of
from bathy.agent.modes.tui.transcript.blocks import Block, Reasoning, Tool
from bathy.agent.modes.tui.transcript.view import Transcript
from conftest import Run
from endpoint.contract import tokenizer
from endpoint.script import Call, Reply
from endpoint.server import Endpoint
from repo_builder import RepoBuilder
from shop import CART

EVIL = "why?\x1b[2J\u202e[red]"
ANSWER = "`add` gives the item back [cart.py:2]."
CITED = Cited(27, 36, CheckedCitation("cart.py", 2, 2, "verified", "cart.py:2"))
SPAN = Span("cart.py", 2, 3, "add", ("def add(item):", "    return the item"))
CALLS = (ToolCall("c1", "grep", '{"pattern": "add"}'), ToolCall("c2", "read_file", "{}"))


class Log:
    """Writes a log as a run does."""

    def __init__(self, path: Path) -> None:
        self.path, self.now_s = path, 1_000.0
        self.record = Record(path, lambda: self.now_s)
        header = {"folder": "/r", "created": "2026-11-24T00:00:00+00:00", "model": "m"}
        self.record.write("session", {**header, "question": "why?"})
        for message in prefix_messages("pack " * 1_000):
            self.record.write_message(message)

    def ask(self, question: str) -> None:
        for message in change_messages(["<commit>"]):
            self.record.write_message(message)
        self.record.write("question", {"text": question})
        self.record.write("seen", {"commit": "", "files": ""})
        self.say(Message("user", f"123 marks this question.\n\n{question}"))
        self.request()

    def say(self, *messages: Message) -> None:
        for message in messages:
            self.record.write_message(message)

    def request(self) -> None:
        self.record.write("request", {"messages": 5, "max_tokens": 9, "model": "m"})

    def use(self, cost_usd: float = 0.25, *, is_estimate: bool = False) -> None:
        report = UsageReported(1, Usage(10, 5, 5, 3, 1), cost_usd, is_estimate)
        self.record.write("usage", asdict(report))

    def reply(
        self,
        text: str,
        reasoning: str = "",
        calls: tuple[ToolCall, ...] = (),
        thought_s: float = 0.0,
    ) -> None:
        self.use()
        self.record.write_message(Message("assistant", text, reasoning, calls), thought_s)

    def end(self, text: str = "", error: str = "", partial: str = "") -> None:
        subtype = "error_during_execution" if error and not text else "success"
        end = Finished(subtype, text, 1, Usage(10, 5, 5, 3, 1), 0.25, error, 0, partial)  # type: ignore[arg-type]
        self.record.write("result", asdict(end))

    def answer(self, text: str = ANSWER) -> None:
        self.reply(text, "Hm.")
        self.record.write("citations", asdict(CitationsChecked((CITED.citation,), (CITED,))))
        self.end(text)

    def turns(self) -> tuple[PastTurn, ...]:
        self.record.close()
        return turns_of(read_record(self.path))


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "a.jsonl")


def drawn(turn: PastTurn) -> list[Block]:
    """What the transcript shows of a turn."""
    transcript = Transcript(clock=lambda: 77.0)
    draw_past(transcript, turn)
    return transcript.content.blocks


def finished(turn: PastTurn) -> str:
    """The answer of a turn."""
    (end,) = (event for event in turn.events if isinstance(event, Finished))
    return end.text


def test_a_question_comes_back_with_its_calls_its_answer_and_its_price(log: Log) -> None:
    log.ask(EVIL)
    log.reply("Let me look.", "The user asks.", CALLS)
    log.record.write("tool_started", {"call_id": "c1"})
    log.say(Message("tool", "cart.py:2: add\ncart.py:9: add", tool_call_id="c1"))
    log.say(Message("tool", "error: there is no file", tool_call_id="c2"))
    log.request()
    log.answer()
    (turn,) = log.turns()
    assert (turn.question, turn.how, turn.cost_usd, turn.cited) == (EVIL, "answered", 0.5, (CITED,))
    assert turn.events[:-2] == (
        TurnBegan(EVIL),
        ReasoningDelta("The user asks."),
        TextDelta("Let me look."),
        ToolStarted("c1", "grep", '{"pattern": "add"}'),
        ToolStarted("c2", "read_file", "{}"),
        ToolFinished("c1", "grep", "2 lines", False, "cart.py:2: add\ncart.py:9: add"),
        ToolFinished("c2", "read_file", "", True, "error: there is no file"),
        ReasoningDelta("Hm."),
        TextDelta(ANSWER),
    )
    assert finished(turn) == ANSWER
    assert turn.events[-1] == TurnEnded("answered")


def test_each_question_has_its_own_and_what_the_model_is_told_between_is_not_shown(
    log: Log,
) -> None:
    for number in range(3):
        log.ask(f"{number}?")
        log.answer(f"answer {number}")
    turns = log.turns()
    assert [turn.question for turn in turns] == ["0?", "1?", "2?"]
    assert [finished(turn) for turn in turns] == ["answer 0", "answer 1", "answer 2"]
    assert sum(turn.cost_usd for turn in turns) == 0.75
    told = repr(turns)
    assert "Noted." not in told
    assert "marks this question" not in told
    assert "pack pack" not in told


def test_what_was_dropped_for_the_model_is_shown_once_and_in_full(log: Log) -> None:
    log.ask("why?")
    log.reply("Let me look.", "r", CALLS[:1])
    log.say(Message("tool", "found it", tool_call_id="c1"))
    log.record.write("restart", {"reason": "dropped the results of 1 call"})
    log.say(
        *prefix_messages("pack"),
        Message("user", "why?"),
        Message("assistant", "Let me look.", "r", CALLS[:1]),
        Message("tool", "[this result was dropped]", tool_call_id="c1"),
    )
    log.request()
    log.answer()
    (turn,) = log.turns()
    kinds = [type(event) for event in turn.events]
    assert kinds.count(ToolStarted) == kinds.count(ToolFinished) == kinds.count(Shortened) == 1
    assert ToolFinished("c1", "grep", "1 line", False, "found it") in turn.events
    assert Shortened("dropped the results of 1 call") in turn.events
    assert (finished(turn), turn.how) == (ANSWER, "answered")


def test_a_reply_that_was_asked_for_again_is_shown_and_the_wish_is_not(log: Log) -> None:
    log.ask("why?")
    log.reply("I will look:")
    log.say(Message("user", "You announced a step but did not take it."))
    log.request()
    log.answer()
    (turn,) = log.turns()
    assert [e.text for e in turn.events if isinstance(e, TextDelta)] == ["I will look:", ANSWER]
    assert "announced" not in repr(turn)


@pytest.mark.parametrize("partial", ["", "Half an ans"])
def test_a_failure_shows_what_had_come_and_why_there_is_no_more(log: Log, partial: str) -> None:
    log.ask("why?")
    log.use(is_estimate=True)
    log.end(error="the service is down", partial=partial)
    (turn,) = log.turns()
    assert turn.how == "failed"
    shown = (TextDelta(partial),) if partial else ()
    assert turn.events[:-2] == (TurnBegan("why?"), *shown)
    assert turn.events[-1] == TurnEnded("failed", "the service is down")


def test_an_answer_that_was_refused_is_shown_once(log: Log) -> None:
    log.ask("why?")
    log.reply("no JSON")
    log.end(error="the answer is not what was asked for", partial="no JSON")
    (turn,) = log.turns()
    assert [e.text for e in turn.events if isinstance(e, TextDelta)] == ["no JSON"]


def test_a_limit_leaves_what_there_is_of_an_answer(log: Log) -> None:
    log.ask("why?")
    log.reply("Let me look.", "", CALLS[:1])
    log.say(Message("tool", "found it", tool_call_id="c1"))
    log.request()
    log.end("It is beca", "stopped after 5 s (--time-limit)")
    (turn,) = log.turns()
    assert finished(turn) == "It is beca"
    # It is drawn where it came, below the call.
    assert turn.events[-3] == TextDelta("It is beca")
    assert turn.events[-1] == TurnEnded("failed", "stopped after 5 s (--time-limit)")


def test_a_question_that_was_stopped_while_the_model_wrote_says_so(log: Log) -> None:
    log.ask("why?")
    log.use(0.125, is_estimate=True)
    partial = Partial(log.path)
    for delta in (ReasoningDelta("Hm, "), ReasoningDelta("well"), TextDelta("It \x1b[2J")):
        partial.add(delta)
    (turn,) = log.turns()
    assert turn.events == (
        TurnBegan("why?"),
        ReasoningDelta("Hm, well"),
        TextDelta("It \x1b[2J"),
        TurnEnded("stopped"),
    )
    assert (turn.how, turn.cost_usd) == ("stopped", 0.125)


@pytest.mark.parametrize("text", [NOT_STARTED, OUTCOME_UNKNOWN])
def test_a_question_that_was_stopped_while_tools_ran_says_so(log: Log, text: str) -> None:
    log.ask("why?")
    log.reply("", "", CALLS[:1])
    log.say(Message("tool", text, tool_call_id="c1"))
    (turn,) = log.turns()
    assert turn.events[-2:] == (
        ToolFinished("c1", "grep", "", True, text),
        TurnEnded("stopped"),
    )


def test_a_process_that_died_leaves_all_that_had_come_and_the_next_question_changes_nothing(
    log: Log,
) -> None:
    log.ask("why?")
    log.reply("Let me look.", "r", CALLS[:1])
    log.say(Message("tool", "found it", tool_call_id="c1"))
    log.request()
    partial = Partial(log.path)
    partial.add(ReasoningDelta("So "))
    partial.add(TextDelta("it is"))
    (turn,) = log.turns()
    assert turn.how == "interrupted"
    assert turn.events[-4:] == (
        ToolFinished("c1", "grep", "1 line", False, "found it"),
        ReasoningDelta("So "),
        TextDelta("it is"),
        TurnEnded("interrupted", INTERRUPTED),
    )
    later = Log.__new__(Log)
    later.path, later.record = log.path, Record(log.path, lambda: 9_000.0)
    later.record.write("partial", {"reasoning": "So ", "text": "it is"})
    later.ask("and?")
    later.answer()
    again, answered = later.turns()
    assert again == turn
    assert answered.how == "answered"


def test_calls_that_a_dead_process_left_open_are_settled_by_the_next_one(log: Log) -> None:
    log.ask("why?")
    log.reply("", "", CALLS)
    log.record.write("tool_started", {"call_id": "c1"})
    (turn,) = log.turns()
    assert turn.events[-1] == TurnEnded("interrupted", INTERRUPTED)
    assert not [event for event in turn.events if isinstance(event, ToolFinished)]
    record = Record(log.path)
    recorded = read_record(log.path)
    Conversation(recorded.messages, record.write_message).settle(recorded.started.__contains__)
    record.close()
    (turn,) = turns_of(read_record(log.path))
    ended = [event.text for event in turn.events if isinstance(event, ToolFinished)]
    assert ended == [OUTCOME_UNKNOWN, NOT_STARTED]


def test_evidence_comes_back_before_the_answer_and_the_model_has_none_of_it(log: Log) -> None:
    log.record.write("question", {"text": "why?"})
    log.record.write("evidence", evidence_values([SPAN]))
    log.say(Message("user", "why?"))
    log.request()
    log.answer()
    (turn,) = log.turns()
    assert turn.events[:2] == (TurnBegan("why?"), EvidenceFound((SPAN,), is_answer=False))
    assert (turn.evidence, turn.answer) == ((SPAN,), ANSWER)
    assert "the item" not in repr([m for m in read_record(log.path).messages if m.role == "user"])


def test_thinking_and_calls_take_as_long_as_they_took(log: Log) -> None:
    log.ask("why?")
    log.now_s = 1_020.0
    log.reply("Let me look.", "The user asks.", CALLS, thought_s=12.5)
    log.now_s = 1_023.0
    log.say(Message("tool", "one", tool_call_id="c1"))
    log.now_s = 1_100.0
    log.say(Message("tool", NOT_STARTED, tool_call_id="c2"))
    log.request()
    log.answer()
    (turn,) = log.turns()
    blocks = drawn(turn)
    assert [b.seconds for b in blocks if isinstance(b, Reasoning)] == [12.5, 0.0]
    # What was left open was settled later, by whoever went on.
    assert [b.seconds for b in blocks if isinstance(b, Tool)] == [3.0, 0.0]


def test_thinking_that_was_cut_took_as_long_as_is_known(log: Log) -> None:
    log.ask("why?")
    partial = Partial(log.path, iter((5.0, 7.0, 9.0)).__next__)
    for text in ("Hm, ", "well", "."):
        partial.add(ReasoningDelta(text))
    (turn,) = log.turns()
    assert [b.seconds for b in drawn(turn) if isinstance(b, Reasoning)] == [4.0]
    log.record, log.now_s = Record(log.path, lambda: log.now_s), 90_000.0
    keep_partial(read_record(log.path), log.record)
    log.ask("and?")
    again, _ = log.turns()
    assert again == turn


def test_a_log_of_before_moments_were_kept_says_nothing_of_them(log: Log) -> None:
    log.ask("why?")
    log.reply("", "Hm.", CALLS[:1])
    log.record.close()
    lines = [json.loads(line) for line in log.path.read_text().splitlines()]
    for line in lines:
        del line["at_s"]
    log.path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    # It is gone on with today.
    log.record, log.now_s = Record(log.path, lambda: log.now_s), 1_795_651_200.0
    log.say(Message("tool", OUTCOME_UNKNOWN, tool_call_id="c1"))
    (turn,) = log.turns()
    assert turn.how == "stopped"
    assert [b.seconds for b in drawn(turn) if isinstance(b, Tool | Reasoning)] == [0.0, 0.0]


def test_a_session_that_never_asked_has_no_questions(log: Log) -> None:
    assert log.turns() == ()


@pytest.mark.parametrize(
    "line",
    [
        {"type": "usage"},
        {"type": "result", "text": "no more"},
        {"type": "citations", "cited": [{"start": 1}]},
        {"type": "evidence", "spans": [{"path": "a"}]},
        {"type": "usage", "at_s": "yesterday"},
        {"type": "citations", "cited": [{"start": 1, "end": 2, "citation": {"colour": 3}}]},
    ],
)
def test_a_line_that_cannot_be_read_is_told_of(log: Log, line: Mapping[str, Any]) -> None:
    log.ask("why?")
    log.record.write(line["type"], line)
    with pytest.raises(RecordError, match="line that cannot be read"):
        log.turns()


# What real runs write.


@pytest.fixture
def real(repo: RepoBuilder, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The log of two questions, one of them with a call."""
    tokenizer()
    repo.file("src/cart.py", CART).file("README.md", "# Shop\n").commit()
    look = Reply("Let me look.", "The user asks.", [Call("grep", {"pattern": "def add"})])
    answer = "`add` gives the item back [src/cart.py:2-3]."
    with Endpoint([look, Reply(answer, "Hm."), Reply("Because.", "Well.")]) as endpoint:
        monkeypatch.setenv("DEEPSEEK_API_KEY", "sk-test")
        monkeypatch.setenv("DEEPSEEK_BASE_URL", endpoint.base_url)
        at = ("-C", repo.root, "--output-format", "stream-json")
        ran = run(*at, "--task", "What does add do?")
        assert ran.code == 0
        shown = [json.loads(line) for line in ran.out.splitlines()]
        assert run(*at, "--task", "Why?", "--continue").code == 0
    (path,) = tmp_path.rglob("*.jsonl")
    (tmp_path / "shown.json").write_text(json.dumps(shown))
    return path


def test_a_real_run_comes_back_as_it_was_shown(real: Path, tmp_path: Path) -> None:
    first, second = turns_of(read_record(real))
    shown = json.loads((tmp_path / "shown.json").read_text())
    told = [event for event in shown if event["type"] in ("tool_started", "result")]
    (start,) = (event for event in first.events if isinstance(event, ToolStarted))
    assert (start.name, start.arguments) == (told[0]["name"], told[0]["arguments"])
    assert finished(first) == told[-1]["result"]
    assert first.cost_usd == pytest.approx(told[-1]["total_cost_usd"], abs=1e-6)
    assert [each.citation.status for each in first.cited] == ["verified"]
    place = first.cited[0]
    assert finished(first)[place.start : place.end] == "src/cart.py:2-3"
    assert (first.question, second.question) == ("What does add do?", "Why?")
    assert (first.how, second.how) == ("answered", "answered")
    thought = [e.text for e in first.events if isinstance(e, ReasoningDelta)]
    assert thought == ["The user asks.", "Hm."]
    assert finished(second) == "Because."


def test_cut_anywhere_a_log_shows_all_that_stands_in_it(real: Path) -> None:
    data = real.read_bytes()
    whole = turns_of(read_record(real))
    first = data.index(b"\n") + 1
    ends = {at + 1 + cut for at, byte in enumerate(data) if byte == 10 for cut in (-1, 0, 1, 40)}
    hows = set()
    for end in sorted(ends):
        if not first <= end <= len(data):
            continue
        real.write_bytes(data[:end])
        turns = turns_of(read_record(real))
        for turn, complete in zip(turns, whole, strict=False):
            assert turn.question == complete.question
            if turn.how == "answered":
                assert turn == complete
                continue
            hows.add(turn.how)
            had = turn.events[:-1]
            assert had == complete.events[: len(had)]
        answers = data[:end].count(b'{"type": "result"')
        assert sum(turn.how == "answered" for turn in turns) >= answers - 1
        assert len(turns) >= data[: end - 1].count(b'\n{"type": "question"') - 1
    assert hows == {"interrupted"}
