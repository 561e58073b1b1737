"""`bathy cache`: the ledger -> what should be cached, what a question costs, what they did cost.

Reads what was written down; asks no model and reads no repository but its name.
"""

import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bathy.agent.config import Settings, read_service
from bathy.agent.errors import ConfigError
from bathy.agent.loop.forecast import EXPIRED_S, WARM_S, in_units
from bathy.agent.loop.ledger import Ledger, account_of, ledger_path
from bathy.agent.model.catalog import Prices, cost_of, find_model, prices_at
from bathy.agent.model.messages import Usage
from bathy.agent.modes.places import repo_root
from bathy.agent.modes.terminal import printable
from bathy.tools.base import count_of

_MOST_REQUESTS = 400
_SHOWN = 12
_WORDS = {
    "warm": "should be cached",
    "perhaps": "may be cached still",
    "gone": "has gone",
    "never": "and this service keeps nothing, or does not say so",
}


def run_cache(settings: Settings) -> int:
    """Show the account of a repository; return the exit code."""
    service = read_service(settings)
    repo, now_s = str(repo_root(settings.folder)), time.time()
    account = account_of(service.base_url, service.api_key)
    with Ledger(ledger_path()) as ledger:
        all_rows = ledger.requests(repo, _MOST_REQUESTS)
        rows = [row for row in all_rows if row["endpoint"] == service.base_url]
        # Without a key it is not known whose cache is meant.
        own = [row for row in rows if row["account"] == account or not service.api_key]
        bases = _bases(own, ledger, service.own_models, now_s)
    found = {
        "type": "cache",
        "schema_version": 1,
        "repo": repo,
        "endpoint": service.base_url,
        "model": service.model,
        "bases": bases,
        "requests": [_request(row) for row in rows],
        "totals": _totals(rows),
    }
    if settings.output_format == "text":
        sys.stdout.write("\n".join(map(printable, _lines(found))) + "\n")
    else:
        sys.stdout.write(json.dumps(found) + "\n")
    return 0


def _bases(
    rows: Sequence[Mapping[str, Any]],
    ledger: Ledger,
    own_models: Mapping[str, Mapping[str, Any]],
    now_s: float,
) -> list[dict[str, Any]]:
    """The bases that were sent to this service, the last one first, with what a question costs."""
    found = dict[tuple[str, str, str], list[Mapping[str, Any]]]()
    for row in rows:
        if row["base_id"]:
            found.setdefault((row["base_id"], row["model"], row["effort"]), []).append(row)
    return [_base(sent, ledger, own_models, now_s) for sent in found.values()]


def _base(
    sent: Sequence[Mapping[str, Any]],
    ledger: Ledger,
    own_models: Mapping[str, Mapping[str, Any]],
    now_s: float,
) -> dict[str, Any]:
    """What is known of a base from the requests that began with it, the last one first."""
    last = sent[0]
    asked = next((row for row in sent if row["kind"] == "question"), last)
    age_s = max(0.0, now_s - last["time"])
    state = "warm" if age_s < WARM_S else "gone" if age_s > EXPIRED_S else "perhaps"
    if ledger.believed(last["account"], last["model"]) == "nothing":
        state = "never"
    prompt = asked["hit"] + asked["miss"]
    hit = max(asked["hit"], in_units(asked["base_tokens"])) if state == "warm" else 0
    return {
        "base_id": last["base_id"],
        "model": last["model"],
        "effort": last["effort"],
        "tokens": last["base_tokens"],
        "overlay_tokens": asked["overlay_tokens"],
        "state": state,
        "age_s": round(age_s),
        "question_usd": cost_of(
            Usage(0, min(prompt, hit), max(0, prompt - hit), 0, 0),
            _prices(last["model"], own_models),
        ),
    }


def _prices(model: str, own_models: Mapping[str, Mapping[str, Any]]) -> Prices | None:
    """The prices of now of a model that was asked once; None if none are known any more."""
    try:
        return prices_at(find_model(model, own_models), datetime.now(UTC))
    except ConfigError:  # it has been retired since
        return None


def _request(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "time": datetime.fromtimestamp(row["time"], UTC).isoformat(timespec="seconds"),
        "kind": row["kind"],
        "session": row["session"],
        "model": row["model"],
        "base_id": row["base_id"],
        "expected_hit_tokens": row["expected_hit"],
        "cache_hit_tokens": row["hit"],
        "cache_miss_tokens": row["miss"],
        "completion_tokens": row["output"],
        "cost_usd": row["usd"],
        "saved_usd": row["uncached_usd"] - row["usd"],
        "cause": row["cause"] or None,
        "is_estimate": bool(row["is_estimate"]),
    }


def _totals(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    hit, miss = (sum(row[name] for row in rows) for name in ("hit", "miss"))
    return {
        "requests": len(rows),
        "cache_hit_tokens": hit,
        "cache_miss_tokens": miss,
        "cost_usd": sum(row["usd"] for row in rows),
        "saved_usd": sum(row["uncached_usd"] - row["usd"] for row in rows),
    }


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"{found['model']} at {found['endpoint']}, about {found['repo']}"
    if not found["requests"]:
        yield "nothing has been asked about this repository yet; --dry-run shows what would be sent"
        return
    yield ""
    for base in found["bases"]:
        ago = _ago(base["age_s"])
        price = f"; a question costs about ${base['question_usd']:.4f} to ask"
        yield (
            f"base {base['base_id']}: {base['tokens']:,} tokens and {base['overlay_tokens']:,} of"
            f" changes, {base['model']}, effort {base['effort']}"
        )
        yield f"  last sent {ago}, {_WORDS[base['state']]}{price if base['question_usd'] else ''}"
    yield ""
    yield "  time (UTC)        cached      new    written      cost     saved  "
    for row in found["requests"][:_SHOWN]:
        moment = row["time"][:16].replace("T", " ")
        why = row["cause"] or ("warm-up" if row["kind"] == "warm-up" else "")
        why = "the reply broke off, or told nothing; estimated" if row["is_estimate"] else why
        yield (
            f"  {moment}  {row['cache_hit_tokens']:>8,} {row['cache_miss_tokens']:>8,}"
            f"   {row['completion_tokens']:>8,}"
            f"  ${row['cost_usd']:>7.4f}  ${row['saved_usd']:>7.4f}  {why}".rstrip()
        )
    totals = found["totals"]
    read = totals["cache_hit_tokens"] + totals["cache_miss_tokens"]
    share = 100 * totals["cache_hit_tokens"] / read if read else 0
    yield ""
    yield (
        f"{count_of(totals['requests'], 'request')}: {read:,} tokens read, {share:.1f} % from the"
        f" cache; ${totals['cost_usd']:.4f} paid, ${totals['saved_usd']:.4f} saved by it"
    )


def _ago(age_s: float) -> str:
    if age_s < 90:
        return "just now"
    if age_s < 5400:
        return f"{age_s / 60:.0f} minutes ago"
    return f"{age_s / 3600:.0f} hours ago" if age_s < 172_800 else f"{age_s / 86_400:.0f} days ago"
