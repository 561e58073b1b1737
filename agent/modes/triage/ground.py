"""A dossier and a clone -> what is known before any model is asked."""

from collections.abc import Mapping
from dataclasses import dataclass

from bathy.agent.errors import ConfigError
from bathy.agent.modes.triage.commit import Commits, read_files
from bathy.agent.modes.triage.dossier import Dossier
from bathy.agent.modes.triage.finding.label_rules import RULES_PATH, LabelRules, read_rules
from bathy.agent.modes.triage.finding.missing import chosen_template
from bathy.agent.modes.triage.finding.resembling import Resembling, resembling
from bathy.agent.modes.triage.finding.templates import TEMPLATE_PATHS, Template, read_templates
from bathy.agent.modes.triage.report import Flag
from bathy.agent.modes.triage.untrusted.flags import flags_of
from bathy.tools.git import GitRepo

_ORDERS = frozenset(("instruction_like_text", "forged_marker"))
_SUSPECT_FLAGS = _ORDERS | {"hidden_text", "invisible_chars"}


@dataclass(frozen=True, slots=True)
class Ground:
    """What an issue is judged by.

    Attributes:
        dossier: The issue and its tracker.
        commit: Full id of the code.
        rules: Of the repository's maintainers.
        templates: Theirs, too.
        template: The one that the issue follows, or None.
        flags: What to be wary of in the text.
        similar: Earlier issues that resemble it, best first.
        text: Title, body and what its author added, for searching the code.
    """

    dossier: Dossier
    commit: str
    rules: LabelRules
    templates: tuple[Template, ...]
    template: Template | None
    flags: tuple[Flag, ...]
    similar: tuple[Resembling, ...]
    text: str

    @property
    def is_steering(self) -> bool:
        """Whether the text gives orders to who reads it: no free text is taken from that reader."""
        return any(flag.code in _ORDERS for flag in self.flags)

    @property
    def is_flagged(self) -> bool:
        """Whether the text tries to steer who reads it."""
        return any(flag.code in _SUSPECT_FLAGS for flag in self.flags)


def survey(dossier: Dossier, repo: GitRepo, commits: Commits) -> Ground:
    """Collect what is known of an issue.

    Raises:
        ConfigError: The repository's rules cannot be read.
        GitError: git cannot read the commit.
    """
    globs = (RULES_PATH, *TEMPLATE_PATHS)
    files = read_files(repo, commits.rules, globs) if commits.rules else {}
    templates = read_templates(_without(files, RULES_PATH))
    rules = _rules(files.get(RULES_PATH), commits.rules)
    issue = dossier.issue
    known = [comment for template in templates for comment in template.comments]
    return Ground(
        dossier,
        commits.code,
        rules,
        templates,
        chosen_template(issue, templates),
        flags_of(issue, dossier.comments, host=dossier.target.host, known=known),
        resembling(issue, dossier.others),
        searched_text(dossier),
    )


def _rules(text: str | None, commit: str) -> LabelRules:
    """Read the rules.

    Raises:
        ConfigError: They are wrong; it says where they stand.
    """
    try:
        return read_rules(text)
    except ConfigError as error:
        where = f"as committed in {commit[:8]} of the default branch"
        raise ConfigError(f"{error} ({where})") from error


def searched_text(dossier: Dossier) -> str:
    """Return what the code is searched for: title, body, and what the author added later."""
    issue = dossier.issue
    added = [c.body for c in dossier.comments if issue.author and c.author == issue.author]
    return "\n".join((issue.title, issue.body, *added))


def _without(files: Mapping[str, str], path: str) -> dict[str, str]:
    return {name: text for name, text in files.items() if name != path}
