"""What a run works with: a model, tools, checks, limits and a log, put together elsewhere."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bathy.agent.config import Effort
from bathy.agent.loop.bill import Bill
from bathy.agent.loop.citations import Checked
from bathy.agent.loop.cost import Meter
from bathy.agent.loop.events import CitationsChecked, Finished, UsageReported
from bathy.agent.loop.limits import Limits
from bathy.agent.loop.reply import Patience
from bathy.agent.model.catalog import Model
from bathy.agent.model.client import ModelClient, Request
from bathy.agent.model.messages import Message, ReasoningDelta, TextDelta, ToolSpec
from bathy.tools.base import Outcome


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is made of an answer.

    Attributes:
        text: The answer as people get it.
        problem: What the model is asked to mend, or "".
        is_data: The text is for a program and stays as it is, citations included.
    """

    text: str
    problem: str = ""
    is_data: bool = False


@dataclass(frozen=True, slots=True)
class Agent:
    """Everything that a run works with.

    Attributes:
        client: The model.
        model: What is known of it.
        effort: How hard it thinks.
        tools: What it may call.
        run_tool: Answers a call by name and arguments; is run in a thread.
        exclusive: Names of tools that run alone, after all calls before them.
        stop_tools: Ends what runs in these threads, when nobody waits for it any more.
        check: Checks the citations of an answer.
        judge: Says what else is wrong with an answer, and what of it is printed.
        repack: Gives the conversation anew for a smaller window; None if it is too late for that.
        strict: An answer with citations that cannot be verified is a failure.
        limits: What the run may use.
        patience: How failures are borne.
        meter: Counts tokens and money.
        bill: Predicts what requests cost, and keeps the books.
        warm_up: A base that is not cached is put there by a request of its own first.
        log_started: Told the id of each call just before it runs.
        log_field: Told the field in which this server gives the thinking, once it is known.
        log_request: Told each request just before it is made.
        log_event: Told what each request used, the citations of the answer, and how the run ended.
        log_delta: Told what streams in before it is shown; None when that is void or in the log.
        reasoning_field: Field in which this server gives the thinking, as far as is known.
    """

    client: ModelClient
    model: Model
    effort: Effort
    tools: tuple[ToolSpec, ...]
    run_tool: Callable[[str, Mapping[str, object]], Outcome]
    exclusive: frozenset[str]
    stop_tools: Callable[[], None]
    check: Callable[[str], Checked]
    limits: Limits
    patience: Patience
    meter: Meter
    bill: Bill
    log_started: Callable[[str], None]
    log_field: Callable[[str], None]
    log_request: Callable[[Request], None]
    log_event: Callable[[UsageReported | CitationsChecked | Finished], None]
    log_delta: Callable[[TextDelta | ReasoningDelta | None], None] = lambda _delta: None
    judge: Callable[[str], Verdict] = Verdict
    strict: bool = False
    warm_up: bool = False
    repack: Callable[[int], tuple[Message, ...]] | None = None
    reasoning_field: str = "reasoning_content"
