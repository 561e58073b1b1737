"""What is asked of the wrong command, twice, or with a slip is said, and nothing is done."""

import pytest
from bathy.agent.commands import COMMANDS
from bathy.agent.loop.limits import Limits, Spent, stopped_by
from conftest import Run
from repo_builder import RepoBuilder


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("search", "x", "--apply"), "bathy search asks no model: leave out --apply"),
        (("pack", "--task", "x", "--patch-out", "p"), "leave out --task, --patch-out"),
        (("pack", "--dry-run"), "leave out --dry-run"),
        (("--task", "x", "--apply", "--offline"), "--offline asks no model; leave it out, or --ap"),
        (("--task", "x", "--offline", "--patch-out", "p"), "leave it out, or --patch-out"),
        (("--task", "a", "-p", "b"), "-p is a second question; a run answers one"),
        (("serach", "foo"), "there is no command 'serach'; did you mean search?"),
        (("xyz",), "invalid choice: 'xyz'"),
        (("eval", "histroy"), "did you mean history?"),
        (("--effort", "hihg", "--task", "x"), "there is no --effort 'hihg'; did you mean high?"),
        (("pack", "--limit", "3"), "unrecognized arguments: --limit 3; see 'bathy pack --help'"),
        (("eval", "history", "--lim"), "see 'bathy eval history --help'"),
        (("--nonsense",), "see 'bathy --help'"),
        (("--task", "x", "--model", "nope"), "and without one there is no --model; set it"),
        (("--task", "x", "--continue"), "there is no --continue or --resume; set it"),
        (("--task", "x", "--apply", "--base-url", "http://x"), "there is no --apply, --base-url;"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_slip_is_one_sentence(
    repo: RepoBuilder, run: Run, args: tuple[str, ...], told: str
) -> None:
    repo.file("x.py", "x = 1\n").commit()
    ran = run(*args, "-C", repo.root)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert told in ran.err


def test_a_question_after_or_before_a_command_s_options_is_one(run: Run, repo: RepoBuilder) -> None:
    repo.file("x.py", "def x(): pass\n").commit()
    assert run("-C", repo.root, "--offline", "-p", "x").code == 0


@pytest.mark.parametrize("name", [*COMMANDS, "eval answers", "eval history"])
def test_the_help_of_a_command_speaks_of_that_command(run: Run, name: str) -> None:
    out = run(*name.split(), "--help").out
    assert "markdown is for triage" not in out
    assert ("tasks at a time" in out) == (name == "batch")
    assert ("markdown" in out) == (name == "triage")
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.parametrize("what", ["history", "ranking", "triage", "answers"])
def test_the_help_of_what_is_measured_teaches_by_example(run: Run, what: str) -> None:
    out = run("eval", what, "--help").out
    assert out.startswith(f"usage: bathy eval {what} ")
    assert out.count(f"\n  bathy eval {what}") >= 2


def test_one_turn_is_one_turn() -> None:
    stopped = stopped_by(Limits(max_turns=1), Spent(turns=1), next_tokens=1, next_cost_usd=0.0)
    assert stopped == ("error_max_turns", "stopped after 1 turn (--max-turns)")
