"""An issue -> which labels were suggested for it before, and what became of the suggestions."""

from typing import Any

from bathy.agent.modes.triage.dossier import Target
from bathy.agent.modes.triage.github.client import GitHub

_MOST_PAGES = 20


async def read_suggested(github: GitHub, target: Target) -> tuple[tuple[str, str], ...]:
    """Return (label, state of its suggestion), in GitHub's order; a label may come more than once.

    Where a suggestion names its label by an id alone, the repository's labels are read too.

    Raises:
        GitHubError: GitHub refuses, which `can_suggest` tells before.
        TryAgainError: It cannot answer now.
    """
    root = f"/repos/{target.full_name}"
    path = f"{root}/issues/{target.number}/suggestions"
    found = await _objects(github, path, state="all", action="add_label")
    found = [one for one in found if one.get("action") == "add_label"]
    names = dict[int, str]()
    if any(not isinstance(one.get("target_value"), str) for one in found):
        labels = await _objects(github, f"{root}/labels")
        names = {one["id"]: str(one.get("name")) for one in labels if "id" in one}
    return tuple((name, str(one.get("state"))) for one in found if (name := _label(one, names)))


def _label(suggestion: dict[str, Any], names: dict[int, str]) -> str:
    value, number = suggestion.get("target_value"), suggestion.get("target_id")
    if isinstance(value, str):
        return value
    return names.get(number, "") if isinstance(number, int) else ""


async def _objects(github: GitHub, path: str, **params: str) -> list[dict[str, Any]]:
    pages = github.pages(path, most=_MOST_PAGES, **params)
    return [one async for page in pages for one in page if isinstance(one, dict)]
