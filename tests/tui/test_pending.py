"""What waits is sent when nothing else is under way, and after a stop only when somebody asks."""

from bathy.agent.modes.tui.events import RefitFailed, TurnEnded
from bathy.agent.modes.tui.pending import Pending


def test_a_question_and_a_survey_end_each_for_itself() -> None:
    pending = Pending(surveys=0)
    pending.ask()
    pending.surveys += 1
    pending.end(TurnEnded("answered"))
    assert pending == Pending(surveys=1)
    pending.end(RefitFailed("no file is left"))
    assert pending == Pending(surveys=0, may_go_on=False)


def test_the_first_survey_may_fail() -> None:
    pending = Pending()
    pending.end(TurnEnded("failed", "no repository"))
    assert pending == Pending(surveys=0, may_go_on=False)


def test_after_a_stop_what_waits_waits_on() -> None:
    pending = Pending(surveys=1, is_asking=True)
    pending.end(TurnEnded("stopped"))
    assert pending == Pending(surveys=1, may_go_on=False)
    pending.ask()
    assert pending == Pending(surveys=1, is_asking=True)


def test_it_is_busy_while_anything_is_under_way() -> None:
    assert Pending().is_busy
    assert Pending(surveys=0, is_asking=True).is_busy
    assert not Pending(surveys=0).is_busy
