"""A report that another job has made -> what of it a job that may write believes.

The job that thinks reads what strangers write; if one of them took it over, its report would say
whatever they like. So the rules about labels are applied again, and the comment is looked at once
more right before it is posted (`untrusted/acting.py`).
"""

from collections import Counter
from dataclasses import replace

from bathy.agent.config import Settings
from bathy.agent.index.repo import locate
from bathy.agent.modes.triage.commit import find_commits, read_files
from bathy.agent.modes.triage.finding.facets import facet_of
from bathy.agent.modes.triage.finding.label_rules import RULES_PATH, LabelRules, read_rules
from bathy.agent.modes.triage.plan import ONE_OF_A_KIND
from bathy.agent.modes.triage.report import AddedLabel, RejectedLabel, Rejection, Report


def believed(report: Report, rules: LabelRules) -> Report:
    """Return the report without labels that no run would give.

    Args:
        report: Of any origin.
        rules: Of the repository's maintainers.

    Returns:
        The same but for labels that are protected or not allowed, the second of a kind of which an
        issue has one, and those over the limit; they stand among the rejected ones.
    """
    kept, rejected, kinds = list[AddedLabel](), list(report.labels.rejected), Counter[str]()
    for label in report.labels.add:
        kind = facet_of(label.name, rules)
        if reason := _refusal(label, rules, len(kept), kinds[kind] * (kind in ONE_OF_A_KIND)):
            rejected.append(RejectedLabel(label.name, reason))
            continue
        kept.append(label)
        kinds[kind] += 1
    labels = replace(report.labels, add=tuple(kept), rejected=tuple(rejected))
    return replace(report, labels=labels)


def rules_of_clone(settings: Settings) -> LabelRules:
    """Return the rules of the clone's default branch; the usual ones where there is no clone.

    Raises:
        ConfigError: The rules cannot be read.
        RepoError: The clone holds no commit.
    """
    repo = locate(settings.folder)
    if repo is None:
        return LabelRules()
    commits = find_commits(repo, rev=None, default_branch="")
    files = read_files(repo, commits.rules, (RULES_PATH,))
    return read_rules(files.get(RULES_PATH))


def _refusal(label: AddedLabel, rules: LabelRules, given: int, alike: int) -> Rejection | None:
    if rules.is_protected(label.name):
        return "protected"
    if not rules.is_open(label.name):
        return "not_allowed"
    return "over_limit" if given >= rules.most or alike else None
