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
from bathy.agent.loop.forecast import EXPIRED_S, WARM_S
from bathy.agent.loop.ledger import Ledger, account_of, ledger_path
from bathy.agent.model.catalog import Model, cost_of, find_model, prices_at
from bathy.agent.model.messages import Usage
from bathy.agent.modes.places import repo_root

_MOST_REQUESTS = 400
_SHOWN = 12


def run_cache(settings: Settings) -> int:
    """Show the account of a repository; return the exit code."""
    service = read_service(settings)
    model = find_model(service.model, service.own_models)
    repo, now_s = str(repo_root(settings.folder)), time.time()
    with Ledger(ledger_path()) as ledger:
        rows = ledger.requests(repo, _MOST_REQUESTS)
    account = account_of(service.base_url, service.api_key)
    bases = _bases([row for row in rows if row["account"] == account], model, now_s)
    settled = [row for row in rows if row["hit"] is not None]
    found = {
        "type": "cache",
        "schema_version": 1,
        "repo": repo,
        "endpoint": service.base_url,
        "model": model.id,
        "bases": bases,
        "requests": [_request(row) for row in settled],
        "totals": _totals(settled),
    }
    if settings.output_format == "text":
        sys.stdout.write("\n".join(_lines(found)) + "\n")
    else:
        sys.stdout.write(json.dumps(found) + "\n")
    return 0


def _bases(rows: Sequence[Mapping[str, Any]], model: Model, now_s: float) -> list[dict[str, Any]]:
    """The bases that were sent to this service, the last one first, with what a question costs."""
    prices = prices_at(model, datetime.now(UTC))
    found = dict[tuple[str, str, str], dict[str, Any]]()
    for row in rows:
        key = (row["base_id"], row["model"], row["effort"])
        # The first row seen is the last one that was sent.
        if row["base_id"] and key not in found:
            age_s = now_s - row["time"]
            state = "warm" if age_s < WARM_S else "gone" if age_s > EXPIRED_S else "perhaps"
            prompt = (row["hit"] or 0) + (row["miss"] or 0) or row["prompt"]
            hit = max(row["hit"] or 0, row["base_tokens"]) if state == "warm" else 0
            found[key] = {
                "base_id": row["base_id"],
                "model": row["model"],
                "effort": row["effort"],
                "tokens": row["base_tokens"],
                "overlay_tokens": row["overlay_tokens"],
                "state": state,
                "age_s": round(age_s),
                "question_usd": cost_of(Usage(0, hit, max(0, prompt - hit), 0, 0), prices),
            }
    return list(found.values())


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
        words = {"warm": "should be cached", "perhaps": "may be cached still", "gone": "has gone"}
        ago = _ago(base["age_s"])
        price = f"; a question costs about ${base['question_usd']:.4f} to ask"
        yield (
            f"base {base['base_id']}: {base['tokens']:,} tokens and {base['overlay_tokens']:,} of"
            f" changes, {base['model']}, effort {base['effort']}"
        )
        yield f"  last sent {ago}, {words[base['state']]}{price if base['question_usd'] else ''}"
    yield ""
    yield "  time (UTC)        cached      new    written      cost     saved  "
    for row in found["requests"][:_SHOWN]:
        moment = row["time"][:16].replace("T", " ")
        why = row["cause"] or ("" if row["kind"] == "question" else row["kind"])
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
        f"{totals['requests']} requests: {read:,} tokens read, {share:.1f} % from the cache;"
        f" ${totals['cost_usd']:.4f} paid, ${totals['saved_usd']:.4f} saved by it"
    )


def _ago(age_s: float) -> str:
    if age_s < 90:
        return "just now"
    if age_s < 5400:
        return f"{age_s / 60:.0f} minutes ago"
    return f"{age_s / 3600:.0f} hours ago" if age_s < 172_800 else f"{age_s / 86_400:.0f} days ago"
