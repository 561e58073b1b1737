"""An edit -> whether it is written, where nobody can be asked; and which files ask separately."""

import re
from collections.abc import Callable, Mapping, Sequence

from bathy.agent.index.files import FileClass, class_by_path
from bathy.tools.edits import Approver, Decision

_CI = re.compile(
    r"^(?:\.gitlab-ci\.ya?ml|\.travis\.ya?ml|\.drone\.ya?ml|\.cirrus\.ya?ml|appveyor\.ya?ml"
    r"|\.appveyor\.ya?ml|azure-pipelines\.ya?ml|bitbucket-pipelines\.ya?ml|jenkinsfile"
    r"|\.azure-pipelines/.*|\.semaphore/.*|\.builds/.*|cloudbuild\.ya?ml|codefresh\.ya?ml"
    r"|\.circleci/.*|\.buildkite/.*|\.woodpecker/.*|\.woodpecker\.ya?ml|\.teamcity/.*|\.ci/.*"
    r"|\.gitlab/.*|\.forgejo/.*|\.gitea/.*)$"
)
_HOOKS = re.compile(
    r"(?:^|/)(?:\.husky|\.githooks|\.git-hooks|githooks)/|^\.pre-commit-(?:config|hooks)\.ya?ml$"
    r"|^\.?lefthook(?:-local)?\.(?:ya?ml|toml|json)$|^\.overcommit\.yml$|^hooks/[^/]+$"
    r"|(?:^|/)(?:\.gitattributes|\.envrc|\.lintstagedrc[\w.]*)$|^\.gitmodules$"
    r"|(?:^|/)\.vscode/(?:tasks|launch|settings)\.json$"
)


def runs_unseen(path: str) -> str:
    """Say what a path is if an edit of it does harm that nobody sees, or "".

    That is what runs by itself (workflows, hooks), and what pins what others run (lock files).
    """
    lower = path.lower()
    if lower.startswith(".github/"):
        return "settings and workflows of GitHub"
    if _CI.match(lower) or lower.endswith("/jenkinsfile"):
        return "a file of continuous integration"
    if _HOOKS.search(lower):
        return "a hook, or a file that makes git run something"
    if class_by_path(path, {})[0] is FileClass.LOCK_FILE:
        return "a lock file"
    return ""


def guard(is_included: Callable[[str], bool]) -> Callable[[str], str]:
    """Return what says why a path asks separately, or "".

    Args:
        is_included: Whether a path is inside the globs that the user gave.
    """

    def why(path: str) -> str:
        outside = "" if is_included(path) else "outside of --include and --exclude"
        return runs_unseen(path) or outside

    return why


def headless_approver(*, apply: bool, apply_all: bool) -> Approver:
    """Return the rule of runs without a person: propose, or write what does not ask separately.

    Args:
        apply: Write.
        apply_all: Write the others, too.
    """

    def decide(paths: Sequence[str], patch: str, guarded: Mapping[str, str]) -> Decision:
        del paths, patch
        if not apply and not apply_all:
            return "propose"
        return "refuse" if guarded and not apply_all else "write"

    return decide
