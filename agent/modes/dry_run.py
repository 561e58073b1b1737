"""`--task … --dry-run`: a question -> the exact request that it would make, and its price; no more.

Nothing is sent, no session is begun and nothing is remembered.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from bathy.agent.config import Service, Settings, read_service
from bathy.agent.errors import ConfigError
from bathy.agent.loop.asking import Preview
from bathy.agent.loop.cost import label_tokens
from bathy.agent.loop.forecast import in_units
from bathy.agent.model.deepseek import wire_body
from bathy.agent.model.messages import Usage
from bathy.agent.modes.ask import Asked, open_run
from bathy.agent.modes.compose import Bench, open_bench
from bathy.agent.modes.first_prompt import Task
from bathy.agent.modes.headless import question_of
from bathy.agent.modes.progress import Progress
from bathy.agent.modes.saving import save
from bathy.agent.modes.terminal import printable
from bathy.agent.policy import check_endpoint, read_policy
from bathy.tools.base import count_of

_BAR_CHARS = 32
_WORDS = {
    "instructions": "system text and tools",
    "base": "base: the packed repository",
    "overlay": "overlay: changes since",
    "evidence": "evidence from the index",
    "question": "question",
    "turns": "earlier turns",
}


def run_dry(settings: Settings, task: str) -> int:
    """Show what a question would send; return the exit code.

    Raises:
        BathyError: The repository cannot be read, or the request would not fit.
    """
    # A fork would be a copy of a session, and nothing is going to be written into it.
    settings = replace(settings, fork=False)
    progress = Progress(quiet=settings.quiet, verbose=settings.verbose)
    question = question_of(settings, task, progress)
    service = read_service(settings)
    if settings.offline:
        raise ConfigError("--offline sends nothing at all; leave out --offline, or --dry-run")
    with open_bench(settings, progress) as bench:
        show_dry(bench, service, Task(question))
    return 0


def show_dry(bench: Bench, service: Service, task: Task) -> None:
    """Show what a question would send, and write the request to the file that was asked for.

    Raises:
        BathyError: The policy forbids the server, or the request would not fit.
    """
    settings = bench.settings
    check_endpoint(read_policy(), service.base_url)
    with open_run(bench, service, task, is_dry=True) as asked:
        preview = asked.run.preview()
        body = wire_body(preview.request, asked.model.thinking)
        account = _account(asked, preview)
    if settings.output is not None:
        request = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        save(settings.output, request)
        bench.progress.say(f"the request is in {settings.output}; it was not sent")
    if settings.output_format in ("text", "markdown"):
        sys.stdout.write("\n".join(_lines(account)) + "\n")
    else:
        sys.stdout.write(json.dumps(account) + "\n")


def _account(asked: Asked, preview: Preview) -> dict[str, Any]:
    """Everything that is known of a request before it is sent."""
    meter, messages = asked.run.agent.meter, preview.request.messages
    # Warm is a cache that holds all but the turn that asks.
    warm = in_units(meter.prompt_tokens(messages[:-1]))
    marks = meter.marks(messages)
    first, last = preview.forecasts[0], preview.forecasts[-1]
    tokens = last.prompt_tokens
    basis = asked.start.basis
    return {
        "type": "dry_run",
        "schema_version": 1,
        "sent": False,
        "endpoint": asked.to.endpoint,
        "model": asked.model.id,
        "effort": asked.run.agent.effort,
        "max_tokens": preview.request.max_tokens,
        "prompt_tokens": tokens,
        "segments": [{"label": k, "tokens": n} for k, n in label_tokens(marks).items()],
        "base": asked.start.header.get("pack"),
        "base_level": basis.base.level if basis else None,
        "base_note": (basis.base.note or None) if basis else None,
        "commits_since_base": basis.behind if basis else None,
        "has_prices": asked.model.prices is not None,
        "cost_usd_cold": meter.cost(Usage(tokens, 0, tokens, 0, 0)),
        "cost_usd_warm": meter.cost(Usage(tokens, warm, tokens - warm, 0, 0)),
        "forecast": {
            "cache_hit_tokens": last.hit_tokens,
            "cache_miss_tokens": last.miss_tokens,
            "cost_usd": sum(forecast.cost_usd for forecast in preview.forecasts),
            "why_cold": first.reason or None,
        },
        "warm_ups_first": len(preview.warming),
        "limit": preview.limit[1] if preview.limit else None,
        "redacted": asked.outbound.redacted,
    }


def _lines(account: Mapping[str, Any]) -> Iterator[str]:
    yield f"{account['model']} at {printable(account['endpoint'])}; nothing has been sent"
    yield ""
    total = account["prompt_tokens"]
    for segment in account["segments"]:
        tokens = segment["tokens"]
        bar = "█" * max(round(_BAR_CHARS * tokens / total), 1 if tokens else 0)
        yield f"  {tokens:>9,}  {bar:<{_BAR_CHARS}}  {_WORDS[segment['label']]}"
    yield f"  {total:>9,}  tokens in all, and up to {account['max_tokens']:,} for the reply"
    yield ""
    yield from _base_lines(account)
    forecast = account["forecast"]
    if account["has_prices"]:
        why = f" ({forecast['why_cold']})" if forecast["why_cold"] else ""
        yield f"prompt with a warm cache   ${account['cost_usd_warm']:.4f}"
        yield f"prompt with a cold cache   ${account['cost_usd_cold']:.4f}"
        hits = f"{forecast['cache_hit_tokens']:,} tokens from the cache"
        yield f"expected now               ${forecast['cost_usd']:.4f}, {hits}{why}"
    else:
        yield "no prices are known of this model"
    if number := account["warm_ups_first"]:
        first = "a request goes" if number == 1 else f"{number} requests go"
        yield (
            f"{first} first, for one token, so that base and overlay are cached by themselves;"
            " that pays for their misses, and the question does not"
        )
    if account["limit"]:
        yield f"it would not be sent: {account['limit']}"
    if account["redacted"]:
        yield f"{count_of(account['redacted'], 'secret')} redacted"


def _base_lines(account: Mapping[str, Any]) -> Iterator[str]:
    base = account["base"]
    if not base:
        return
    commit = (base.get("base_commit") or "")[:12]
    since = account["commits_since_base"]
    if commit:
        how = f", {since} commits back" if since else ", the commit that is looked at"
        how = how if since is not None else ""
        yield f"base {base['base_id']}, made of commit {commit}{how}"
    else:
        yield f"base {base['base_id']}, made of the files on disk"
    if account["base_note"]:
        yield f"not shared with other clones: {account['base_note']}"
