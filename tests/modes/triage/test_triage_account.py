import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bathy.agent.config import Settings
from bathy.agent.errors import BathyError, ConfigError, TryAgainError
from bathy.agent.modes.signals import Terminated
from bathy.agent.modes.triage import account as module
from bathy.agent.modes.triage.account import Account, one_report
from bathy.agent.modes.triage.dossier import Target, Trigger
from bathy.agent.modes.triage.event import Order
from bathy.agent.modes.triage.plan import Wishes
from bathy.agent.modes.triage.saying import log_progress
from bathy.agent.modes.triage.wanted import Step, Wanted
from triage_reports import REPORT

SETTINGS = Settings(output_format="json")
Read = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _ends_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ignore_ends", lambda: None)


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Read:
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def account(settings: Settings = SETTINGS, trigger: Trigger = "cli", step: Step = "all") -> Account:
    order = Order(Target("github.com", "", "acme/tables", 7), trigger)
    return Account(settings, Wanted("7", Wishes(), step), order, log_progress(settings))


def ended_by(error: BaseException, of: Account) -> None:
    with pytest.raises(type(error)), one_report(of):
        raise error


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (BathyError("It is gone."), "It is gone."),
        (TryAgainError("Wait."), "Wait."),
        (KeyboardInterrupt(), "interrupted (exit code 130)"),
        (Terminated(), "terminated (exit code 143)"),
        (SystemExit(143), "terminated (exit code 143)"),
        (SystemExit(1), "the step that thinks has failed (exit code 1) and said why on stderr"),
        (OSError("full"), "the system refuses: full"),
        (LookupError("x"), "a defect of bathy (LookupError)"),
    ],
)
def test_whatever_ends_the_work_is_told(error: BaseException, why: str, told: Read) -> None:
    ended_by(error, account())
    [report] = told()
    assert (report["status"], report["skip_reason"]) == ("error", why)


@pytest.mark.parametrize("error", [ConfigError("No such option."), SystemExit(2)])
def test_a_wrong_command_line_has_no_report_but_in_a_batch(
    error: BaseException, told: Read, tmp_path: Path
) -> None:
    settings = replace(SETTINGS, output=tmp_path / "report.json")
    ended_by(error, account(settings))
    assert (told(), (tmp_path / "report.json").exists()) == ([], False)
    ended_by(error, account(trigger="batch"))
    assert [report["status"] for report in told()] == ["error"]


def test_a_reader_that_left_is_told_nothing(told: Read) -> None:
    ended_by(BrokenPipeError(), account())
    assert told() == []


def test_what_was_told_is_not_told_again(told: Read) -> None:
    def work(of: Account) -> None:
        with one_report(of):
            of.tell(REPORT)
            raise BathyError("The file cannot be written.")

    with pytest.raises(BathyError):
        work(account())
    assert [report["status"] for report in told()] == [REPORT.status]


def test_a_file_that_cannot_be_written_hides_no_failure(
    told: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "none" / "summary"))
    of = account()
    with pytest.raises(TryAgainError), one_report(of):
        raise TryAgainError("Wait.")
    assert [report["skip_reason"] for report in told()] == ["Wait."]


@pytest.mark.parametrize(
    ("settings", "step", "is_kept"),
    [
        (SETTINGS, "all", True),
        (SETTINGS, "think", True),
        (SETTINGS, "fetch", False),
        (replace(SETTINGS, dry_run=True), "all", False),
    ],
)
def test_a_file_for_something_else_gets_no_report(
    tmp_path: Path, settings: Settings, step: Step, told: Read, *, is_kept: bool
) -> None:
    path = tmp_path / "made.json"
    account(replace(settings, output=path), step=step).skip("Not now.")
    assert path.exists() == is_kept
    assert [report["skip_reason"] for report in told()] == ["Not now."]


def test_people_get_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    account(Settings()).skip("Not now.")
    assert capsys.readouterr() == ("", "bathy: skipped: Not now.\n")


def test_a_step_s_files_tell_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    summary, outputs = tmp_path / "summary", tmp_path / "outputs"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    ended_by(ConfigError("No such label."), account(Settings()))
    assert summary.read_text() == "# Triage of #7\n\n**Could not be triaged**: No such label.\n\n"
    lines = outputs.read_text().split("\n")
    values = dict(zip((line.partition("<<")[0] for line in lines[::3]), lines[1::3], strict=False))
    assert (values["status"], values["reason"]) == ("error", "No such label.")
    assert (values["input_digest"], values["labels"]) == ("", "[]")
