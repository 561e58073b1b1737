"""SWE-bench instances -> tasks; results -> the predictions that its evaluation harness takes.

The format is the one of github.com/SWE-bench/SWE-bench: JSON Lines with `instance_id`,
`model_name_or_path` and `model_patch`. The harness keeps the last line of an instance, does not
run one whose patch is "", and counts it as unresolved; so every instance has one line.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bathy.agent.errors import ConfigError
from bathy.agent.modes.batch.tasks import BatchTask, check_id, find_repository, read_lines, unique

KEY = "instance_id"

_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9_][\w.-]*", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{7,64}")
_FORM = "swe-bench 1"
"""Names what is asked about an issue, in whatever words; another number makes it other tasks."""

_ASKED = """\
Resolve the issue below by editing this repository's source files. Make the smallest change that \
resolves it, and finish only when the edits are made. Nothing can be run here, and tests that \
already exist will judge the change, so write none.

<issue>
{issue}
</issue>"""


def load_instances(path: Path, repos: Path | None, *, with_tests: bool) -> tuple[BatchTask, ...]:
    """Read a file of instances.

    Args:
        path: JSON Lines; keys beside the four that are needed are passed over.
        repos: Folder that holds a clone, OWNER+NAME or OWNER/NAME, of each repository; None for
            that of the file.
        with_tests: Tests may stand in the patches.

    Raises:
        ConfigError: A line is wrong; says which one, and why.
    """
    folder = (repos or path.parent).resolve()
    tasks = tuple(read_lines(path, lambda values: _task(values, folder, is_tested=with_tests)))
    return unique(path, tasks)


def prediction(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the prediction that a result makes; one without a patch has the patch "".

    The harness names folders by the model, so it is the one that was to be asked, whether or not
    the task came so far.
    """
    model = result.get("settings", {}).get("model") or result["model"] or "none"
    return {
        KEY: result["id"],
        "model_name_or_path": f"bathy-{model}",
        "model_patch": result["patch"] or "",
    }


def _task(values: Mapping[str, Any], folder: Path, *, is_tested: bool) -> BatchTask:
    for key in (KEY, "repo", "base_commit", "problem_statement"):
        if not isinstance(values.get(key), str) or not values[key].strip():
            raise ConfigError(f"{key!r} must be a text that is not empty")
    name, commit, issue = values["repo"], values["base_commit"], values["problem_statement"]
    if not _REPOSITORY.fullmatch(name):
        raise ConfigError(f"'repo' must be OWNER/NAME, not {name!r}")
    if not _COMMIT.fullmatch(commit):
        raise ConfigError(f"'base_commit' must be a commit's id, not {commit!r}")
    return BatchTask(
        check_id(values[KEY]),
        _ASKED.format(issue=issue),
        str(find_repository(name, folder)),
        name,
        commit,
        {"apply": True},
        is_tested=is_tested,
        about=issue,
        form=_FORM,
    )
