"""A result -> plain values for JSON."""

from bathy.agent.modes.evaluate.intervals import CONFIDENCE, DRAWS, SEED, Mean
from bathy.agent.modes.evaluate.judge import Judged, Outcome
from bathy.agent.modes.evaluate.measures import BUDGETS
from bathy.agent.modes.evaluate.methods import METHODS, RANDOM, SHOWN_SPANS
from bathy.agent.modes.evaluate.result import Result
from bathy.agent.modes.evaluate.totals import Group, curve_of
from bathy.tools.redact import redact
from bathy.tools.workspace import quote_path

SCHEMA_VERSION = 1


def dump_result(result: Result) -> dict[str, object]:
    """Return all of a result; paths are escaped as git does, titles without secrets."""
    return {
        "type": "eval",
        "schema_version": SCHEMA_VERSION,
        "what": result.what,
        "subject": result.subject,
        "was_stopped": result.was_stopped,
        "settings": {
            **result.settings,
            "methods": list(METHODS),
            "budgets": dict(BUDGETS),
            "spans": SHOWN_SPANS,
            "confidence": CONFIDENCE,
            "draws": DRAWS,
            "seed": SEED,
        },
        "groups": [_group(group) for group in result.groups],
        "curves": {
            method: [round(mean, 4) for mean in curve_of(result.outcomes, method)]
            for method in METHODS
        },
        "items": [_item(outcome) for outcome in result.outcomes],
        "left_out": result.left_out,
        "failed": result.failed,
    }


def _group(group: Group) -> dict[str, object]:
    methods = {
        method: {name: _mean(mean) for name, mean in row.items()}
        for method, row in group.rows.items()
    }
    return {"name": group.name, "n": group.n, "methods": methods}


def _mean(mean: Mean | None) -> dict[str, object] | None:
    if mean is None:
        return None
    value, low, high = (round(v, 4) for v in (mean.value, mean.low, mean.high))
    return {"mean": value, "low": low, "high": high, "n": mean.n}


def _item(outcome: Outcome) -> dict[str, object]:
    return {
        "id": outcome.id,
        "repo": outcome.repo,
        "commit": outcome.commit,
        "title": redact(outcome.title).text,
        "gold": [quote_path(path) for path in outcome.gold],
        "names_gold": outcome.names_gold,
        "files": outcome.files,
        "methods": {name: _judged(one) for name, one in outcome.judged.items() if name != RANDOM},
    }


def _judged(judged: Judged) -> dict[str, object]:
    measured = {
        name: None if value is None else round(value, 4) for name, value in judged.measured.items()
    }
    return {
        "ranks": {quote_path(path): rank for path, rank in judged.ranks.items()},
        "top": [quote_path(path) for path in judged.top],
        **measured,
    }
