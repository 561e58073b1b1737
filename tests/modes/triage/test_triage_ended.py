from bathy.agent.modes.triage.digest import input_digest
from bathy.agent.modes.triage.dossier import Comment, Dossier, Issue, Target
from bathy.agent.modes.triage.ended import (
    NO_COMMIT,
    NO_DIGEST,
    ended_markdown,
    ended_report,
    is_ended,
)
from bathy.agent.modes.triage.plan import Wishes
from bathy.agent.modes.triage.report import Report, dump_report, load_report
from triage_reports import REPORT

TARGET = Target("github.com", "https://api.github.com", "acme/tables", 7)
ISSUE = Issue(7, "It <!-- hidden -->fails\nbadly", "b", author="ann", updated_at="2026-01-02")
DOSSIER = Dossier(TARGET, "cli", ISSUE, comments=(Comment(1, "bob", "Me, too."),))


def ended(known: Issue | Dossier | None = None, wishes: Wishes | None = None) -> Report:
    return ended_report("error", "No.", TARGET, "cli", wishes or Wishes(), known=known)


def codes(report: Report) -> list[str]:
    return [warning.code for warning in report.warnings]


def test_of_an_issue_that_nobody_read_only_its_place_is_told() -> None:
    report = ended()
    assert (report.status, report.skip_reason) == ("error", "No.")
    assert (report.repo.full_name, report.issue.number) == ("acme/tables", 7)
    assert (report.issue.title, report.issue.updated_at, report.issue.author) == ("", "", None)
    assert (report.repo.commit, report.run.input_digest) == (NO_COMMIT, NO_DIGEST)
    assert codes(report) == ["no_commit", "not_read"]
    assert load_report(dump_report(report).encode()) == report


def test_what_was_read_is_told() -> None:
    listed, read = ended(ISSUE), ended(DOSSIER)
    for report in (listed, read):
        assert report.issue.title == "It fails badly"
        assert (report.issue.author, report.issue.updated_at) == ("ann", "2026-01-02")
    assert (listed.run.input_digest, codes(listed)) == (NO_DIGEST, ["no_commit", "not_read"])
    assert (read.run.input_digest, codes(read)) == (input_digest(DOSSIER), ["no_commit"])
    assert read.issue.comments_read == 1


def test_the_mode_is_what_was_wished_for() -> None:
    modes = [
        Wishes(),
        Wishes(suggest=True),
        Wishes(labels=True),
        Wishes(suggest=True, comment=True),
    ]
    assert [ended(wishes=one).run.mode for one in modes] == ["plan", "suggest", "apply", "apply"]


def test_a_report_of_code_is_no_such_one() -> None:
    assert is_ended(ended())
    assert not is_ended(REPORT)


def test_a_reason_does_nothing_in_markdown() -> None:
    hostile = "closes #1 @everyone ![x](https://e.x/?a) <img>\n# Big"
    report = ended_report("skipped", hostile, TARGET, "cli", Wishes())
    head, _, said = ended_markdown(report).partition("\n\n")
    assert (head, said.count("\n")) == ("# Triage of #7", 1)
    assert said.startswith("**Skipped**: ")
    for mark in ("](https", "<img>", " @everyone"):
        assert mark not in said
