"""An answer -> its score: by its letter, or by a model that is asked to judge it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from random import random
from typing import Any, NoReturn

from bathy.agent.config import Service
from bathy.agent.index.tokens import count_tokens
from bathy.agent.loop.agent import Agent
from bathy.agent.loop.agent import Verdict as LoopVerdict
from bathy.agent.loop.bill import Bill, Books
from bathy.agent.loop.citations import Checked
from bathy.agent.loop.conversation import Conversation
from bathy.agent.loop.cost import Head, Meter
from bathy.agent.loop.events import Event, Finished
from bathy.agent.loop.ledger import Ledger, account_of, ledger_path
from bathy.agent.loop.limits import Limits
from bathy.agent.loop.loop import Run
from bathy.agent.loop.outbound import Outbound
from bathy.agent.loop.reply import Patience
from bathy.agent.model.catalog import Model, prices_at
from bathy.agent.model.deepseek import DeepSeekClient, Endpoint
from bathy.agent.model.messages import Message
from bathy.agent.modes.consent import allow_upload, terminal_asker
from bathy.agent.modes.evaluate_answers.asking import NO_MONEY, TRY_AGAIN_CODE, Came, Interrupted
from bathy.agent.modes.evaluate_answers.items import Item
from bathy.agent.modes.evaluate_answers.places import Place
from bathy.agent.modes.evaluate_answers.results import Answer, Score, Spent
from bathy.agent.modes.evaluate_answers.scoring import fact_recall, letter_of, rubric_share
from bathy.agent.modes.evaluate_answers.verdict import (
    JUDGE_SYSTEM,
    Verdict,
    judge_text,
    read_verdict,
)
from bathy.agent.modes.places import repo_root
from bathy.agent.modes.progress import Progress
from bathy.agent.modes.uploads import Destination, note_upload, uploads_path
from bathy.agent.modes.working import run_to_end
from bathy.agent.policy import check_endpoint, read_policy

NO_LETTER = "no option is named"
NO_JUDGE = "no model was asked to judge"
NO_ANSWER = "a limit left no room for an answer"
MALFORMED = "the judge's reply could not be read, nor its second one"
CUT = "the judge's reply was cut at its longest length"

_MEND = " Reply again, with the JSON object alone, in the form that was asked for."


@dataclass(frozen=True, slots=True)
class Judge:
    """Who judges.

    Attributes:
        service: The server and key of the answers; `model` is the judge.
        model: What is known of the judge.
    """

    service: Service
    model: Model


def score_letter(item: Item, answer: Answer) -> Score:
    """Score an answer to a question with options, as LongCodeBench does: right or not.

    An answer that names no option is not right, and `why` says so.
    """
    letter = letter_of(answer.answer, item.letters)
    why = "" if letter else NO_LETTER
    is_right = float(letter == item.letter)
    return Score(answer.id, answer.context, is_right, {"letter": letter}, why)


def score_nothing(item: Item, answer: Answer) -> Score:
    """Score an answer without text, of which no judge is asked.

    It states no fact. For a rubric it is unscored: SWE-QA's own script leaves such answers out.
    """
    if item.method == "facts":
        return Score(
            answer.id, answer.context, 0.0, {"stated": [False] * len(item.facts)}, NO_ANSWER
        )
    return unscored(answer, NO_ANSWER)


def unscored(answer: Answer, why: str) -> Score:
    """Return the score of an answer that nobody judges."""
    return Score(answer.id, answer.context, None, why=why)


def judge_answer(
    judge: Judge,
    item: Item,
    answer: Answer,
    place: Place,
    *,
    left_usd: float | None,
    progress: Progress,
) -> Came:
    """Have an answer judged.

    Args:
        judge: Who.
        item: The question, with facts or a reference.
        answer: To be judged; data, whatever stands in it.
        place: That it is about.
        left_usd: What it may cost; None if nobody knows prices.
        progress: Is told what goes where for the first time.

    Returns:
        A score; one of None where the judge has twice said what cannot be read. Or what was spent,
        where there is no verdict yet.

    Raises:
        ConfigError: What is about the repository may not be sent.
        Interrupted: Ctrl-C or SIGTERM.
    """
    policy = read_policy()
    check_endpoint(policy, judge.service.base_url)
    allow_upload(
        policy,
        _destination(judge, place),
        summary="an answer that quotes files",
        say=progress.say,
        ask=terminal_asker(),
    )
    said, ends = list[Verdict](), list[Finished]()

    def read(text: str) -> LoopVerdict:
        said.append(read_verdict(item, text))
        problem = said[-1].problem
        return LoopVerdict(text, problem and problem + _MEND, is_data=True)

    def tell(event: Event) -> None:
        if isinstance(event, Finished):
            ends.append(event)

    with Ledger(ledger_path()) as ledger:
        client = _client(judge)
        run = _run(judge, client, ledger, _Asked(item, answer, place, left_usd), read)
        try:
            run_to_end(run, client, tell)
        except BaseException as error:
            if not ends:
                raise Interrupted(_spent(answer, "interrupted", run.spent.cost_usd)) from error
            raise
    return _came(item, answer, said, ends[-1])


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a judge is asked about."""

    item: Item
    answer: Answer
    place: Place
    left_usd: float | None


def _run(judge: Judge, client: DeepSeekClient, ledger: Ledger, asked: _Asked, read: Any) -> Run:  # noqa: ANN401
    service, outbound = judge.service, Outbound()
    head = Head(judge.model, service.effort, (), JUDGE_SYSTEM)
    meter = Meter(
        head, count=count_tokens, prices=lambda: prices_at(judge.model, datetime.now(UTC))
    )
    conversation = Conversation((), lambda _message: None, seal=outbound.seal)
    conversation.add(Message("system", JUDGE_SYSTEM))
    conversation.add(Message("user", judge_text(asked.item, asked.answer.answer)))
    # A name of no repository: what judges cost stands in the ledger, and explains no base's miss.
    books = Books(account_of(service.base_url, service.api_key), service.base_url)
    agent = Agent(
        client=client,
        model=judge.model,
        effort=service.effort,
        tools=(),
        run_tool=_no_tool,
        exclusive=frozenset(),
        stop_tools=lambda: None,
        check=lambda text: Checked(text, ()),
        limits=Limits(max_cost_usd=asked.left_usd),
        patience=Patience(service.max_retries, random),
        meter=meter,
        bill=Bill(meter, ledger, books),
        log_started=lambda _call: None,
        log_field=lambda _field: None,
        log_request=lambda _request: _note(judge, asked),
        log_event=lambda _event: None,
        judge=read,
    )
    return Run(agent, conversation)


def _came(item: Item, answer: Answer, said: list[Verdict], end: Finished) -> Came:
    usage, cost = asdict(end.usage), end.cost_usd
    if end.subtype == "success":
        values = said[-1].values
        score, detail = _score(item, values), _detail(item, values)
        return Came(Score(answer.id, answer.context, score, detail, "", usage, cost))
    is_malformed = end.subtype == "error_during_execution" and len(said) > 1
    if is_malformed or end.subtype == "error_max_tokens":
        why = MALFORMED if is_malformed else CUT
        return Came(Score(answer.id, answer.context, None, {}, why, usage, cost))
    is_over = end.subtype == NO_MONEY or end.exit_code == TRY_AGAIN_CODE
    return Came(_spent(answer, end.error, cost), end.error if is_over else "", end.exit_code)


def _score(item: Item, values: Mapping[str, int]) -> float:
    if item.method == "facts":
        return fact_recall([bool(value) for value in values.values()])
    return rubric_share(values, item.points)


def _detail(item: Item, values: Mapping[str, int]) -> dict[str, Any]:
    if item.method == "facts":
        return {"stated": [bool(value) for value in values.values()]}
    return dict(values)


def _spent(answer: Answer, error: str, cost_usd: float) -> Spent:
    return Spent(answer.id, answer.context, "score", error, cost_usd)


def _client(judge: Judge) -> DeepSeekClient:
    service = judge.service
    return DeepSeekClient(
        Endpoint(service.base_url, service.api_key, judge.model.thinking, service.idle_timeout_s)
    )


def _note(judge: Judge, asked: _Asked) -> None:
    """Write down that a judge is sent an answer, which quotes a repository.

    Blobs are left out: they went to the same server with the answer's own requests, which are in
    the log.
    """
    note_upload(uploads_path(), _destination(judge, asked.place), "question", ())


def _destination(judge: Judge, place: Place) -> Destination:
    return Destination(judge.service.base_url, str(repo_root(place.folder)), judge.model.id)


def _no_tool(name: str, _arguments: Mapping[str, object]) -> NoReturn:
    raise AssertionError(f"a judge has no tools, not even {name}")
