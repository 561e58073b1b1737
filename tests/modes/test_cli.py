import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from bathy.agent import cli
from bathy.agent.commands import COMMANDS
from bathy.agent.config import Settings, parse_budget
from bathy.agent.errors import ConfigError
from bathy.agent.options import make_parser
from conftest import Run
from repo_builder import RepoBuilder

BATHY = Path(sys.executable).parent / "bathy"
HEAVY = ("openai", "textual", "tree_sitter", "tiktoken", "git", "rich", "sqlite3", "pathspec")


@pytest.fixture
def shop(repo: RepoBuilder) -> RepoBuilder:
    repo.file(
        "shop/cart.py",
        'class Cart:\n    """Holds what is bought."""\n\n    def add(self, item): ...\n',
    )
    repo.file("README.md", "# Shop\n")
    repo.commit()
    return repo


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(flag: str) -> None:
    code = (
        "import sys\nfrom bathy.agent.cli import main\n"
        f"try: main([{flag!r}])\nexcept SystemExit as ended: assert not ended.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == "[]"
    assert done.stdout


def test_help_teaches_the_commands_and_the_exit_codes(run: Run) -> None:
    out = run("--help").out
    assert all(word in out for word in ("pack", "search", "--task", "exit codes", "--rev"))


def test_no_command_is_a_usage_error_that_says_what_to_do(run: Run) -> None:
    ran = run()
    assert (ran.code, ran.out) == (2, "")
    assert "--task" in ran.err


def test_accessible_in_the_environment_asks_for_plain_lines(
    run: Run, shop: RepoBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("/quit\n"))
    monkeypatch.setenv("ACCESSIBLE", "")
    assert "needs a terminal" in run("-C", shop.root, "--workers", "1").err
    monkeypatch.setenv("ACCESSIBLE", "1")
    ran = run("-C", shop.root, "--workers", "1")
    assert ran.code == 0
    assert "offline" in ran.out


def test_the_look_of_the_full_screen_is_asked_for_by_flags() -> None:
    def settings(*args: str) -> Settings:
        return cli._settings(vars(make_parser().parse_args(args)))

    plain, asked = (
        settings(),
        settings("--theme", "nord", "--ascii", "--no-motion", "--slow", "--no-mouse"),
    )
    assert (plain.theme, plain.ascii, plain.motion, plain.slow, plain.mouse) == (
        None, False, True, False, True,
    )  # fmt: skip
    assert (asked.theme, asked.ascii, asked.motion, asked.slow, asked.mouse) == (
        "nord", True, False, True, False,
    )  # fmt: skip


def test_help_teaches_how_the_full_screen_may_look(run: Run) -> None:
    out = run("--help").out
    words = (
        "the full screen",
        "--theme NAME",
        "bathy-contrast",
        "--ascii",
        "ACCESSIBLE",
        "config.toml",
    )
    assert [word for word in words if word not in out] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_shows_what_it_heeds_and_nothing_else(run: Run, name: str) -> None:
    out = run(name, "--help").out
    assert out.startswith(f"usage: bathy {name} ")
    assert f"\n  bathy {name}" in out or f"| bathy {name} " in out
    assert "--quiet" in out
    assert not {"--theme", "--resume", "--image", "--task"} & set(out.replace(",", " ").split())
    heeds = COMMANDS[name].heeds
    assert ("--max-cost" in out.split()) == ("max_cost" in heeds)
    assert ("the model:" in out.splitlines()) == ("model" in heeds)


def test_what_the_help_of_a_command_leaves_out_is_taken_all_the_same(
    run: Run, shop: RepoBuilder
) -> None:
    plain = run("-C", shop.root, "search", "Cart")
    asked = run("search", "Cart", "-C", shop.root, "--ascii", "--max-cost", "1")
    assert (plain.code, asked.code) == (0, 0)
    assert plain.out == asked.out


@pytest.mark.parametrize("what", ["history", "ranking", "triage", "answers"])
def test_help_of_what_is_measured_shows_what_that_heeds(run: Run, what: str) -> None:
    out = run("eval", what, "--help").out
    assert out.startswith(f"usage: bathy eval {what} ")
    assert ("--max-cost" in out) == (what == "answers")
    assert "--theme" not in out


@pytest.mark.parametrize(
    "args", [("--nonsense",), ("pack", "--budget"), ("pack", "--workers", "0")]
)
def test_usage_errors_are_one_sentence(run: Run, args: tuple[str, ...]) -> None:
    ran = run(*args)
    assert ran.code == 2
    assert ran.err.count("\n") == 1


def test_options_stand_before_or_after_the_command(run: Run, shop: RepoBuilder) -> None:
    before = run("-C", shop.root, "--output-format", "json", "pack")
    after = run("pack", "-C", shop.root, "--output-format", "json")
    assert before.json == after.json


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("500k", 500_000), ("1m", 1_000_000), ("1.5M", 1_500_000), ("7_000", 7000), ("max", "max")],
)
def test_budgets(text: str, tokens: int | str) -> None:
    assert parse_budget(text) == tokens


@pytest.mark.parametrize("text", ["", "0", "-5", "ten", "k", "1e6", "nan", "infk"])
def test_budgets_that_are_none(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_budget(text)


def test_a_warm_run_gives_the_same_and_does_not_load_the_vocabulary(
    run: Run, shop: RepoBuilder
) -> None:
    first = run("pack", "-C", shop.root, "--output-format", "json").out
    code = (
        "import sys\nfrom bathy.agent.cli import main\n"
        f"main(['pack', '-C', {str(shop.root)!r}, '--output-format', 'json'])\n"
        "print([n for n in ('tiktoken', 'tree_sitter') if n in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr.strip()) == (first, "[]")


def test_what_changes_a_file_changes_the_pack(run: Run, shop: RepoBuilder) -> None:
    run("pack", "-C", shop.root)
    shop.file("shop/cart.py", "class Trolley: pass\n")
    ran = run("pack", "-C", shop.root, "--output-format", "json")
    assert ran.json["repo"]["dirty"]
    tokens = ran.files["shop/cart.py"]["source_tokens"]
    assert tokens < 12


def test_a_pack_made_by_many_workers_is_the_same(run: Run, repo: RepoBuilder) -> None:
    for number in range(40):
        repo.file(f"m{number}.py", f"def f{number}(x):\n    return x + {number}\n" * 400)
    repo.commit()
    one = run("pack", "-C", repo.root, "--output-format", "json", "--workers", "1")
    os.environ["XDG_CACHE_HOME"] += "2"
    many = run("pack", "-C", repo.root, "--output-format", "json", "--workers", "3")
    assert one.out == many.out


def test_includes_and_excludes_narrow_what_is_read(run: Run, shop: RepoBuilder) -> None:
    args = ("pack", "-C", shop.root, "--output-format", "json")
    assert set(run(*args, "--include", "*.py").files) == {"shop/cart.py"}
    assert set(run(*args, "--exclude", "/shop/").files) == {"README.md"}
    nothing = run(*args, "--include", "*.rb")
    assert nothing.code == 1
    assert "widen them" in nothing.err


def test_the_pack_is_written_to_a_file(run: Run, shop: RepoBuilder, tmp_path: Path) -> None:
    ran = run("pack", "-C", shop.root, "-o", tmp_path / "pack.txt")
    assert (ran.code, ran.out) == (0, "")
    assert "1\tclass Cart:" in (tmp_path / "pack.txt").read_text()
    failed = run("pack", "-C", shop.root, "-o", tmp_path / "no" / "pack.txt")
    assert failed.code == 2
    assert "cannot write" in failed.err


def test_search_ranks_files_and_spans(run: Run, shop: RepoBuilder) -> None:
    ran = run("search", "what does Cart hold", "-C", shop.root, "--output-format", "json")
    best = ran.json["files"][0]
    assert best["path"] == "shop/cart.py"
    assert best["spans"][0]["symbol"].startswith("Cart")
    assert best["why"]
    assert "shop/cart.py" in run("search", "what does Cart hold", "-C", shop.root).out


def test_search_shows_no_control_characters_of_a_repository(run: Run, repo: RepoBuilder) -> None:
    repo.file("a\x1b[31m\n.py", "def fire_kiln():\n    heat_up()\n").file(
        "k.md", "# Red \x1b[31m kiln\n"
    )
    repo.file("h.py", "def heat_up():\n    pass\n").commit()
    for form in ("text", "json"):
        out = run("search", "kiln", "-C", repo.root, "--output-format", form).out
        assert "heat_up" in out
        assert "Red" in out
        assert "\x1b" not in out
        assert all(line.isprintable() for line in out.splitlines())


def test_search_says_when_nothing_fits(run: Run, shop: RepoBuilder) -> None:
    ran = run("search", "zygomorphic quaternions", "-C", shop.root)
    assert ran.code == 0
    assert "Nothing in this repository fits" in ran.out
    assert run("search", "  ", "-C", shop.root).code == 2


def test_an_offline_answer_quotes_what_it_cites(run: Run, shop: RepoBuilder) -> None:
    ran = run("-p", "what does Cart hold?", "-C", shop.root, "--output-format", "json")
    result = ran.json
    assert (ran.code, result["subtype"], result["mode"]) == (0, "success", "offline")
    assert "no DEEPSEEK_API_KEY" in ran.err
    lines = (shop.root / "shop/cart.py").read_text().split("\n")
    assert result["citations"]
    for citation in result["citations"]:
        assert citation["status"] == "verified"
        place = f"[{citation['path']}:{citation['start_line']}-{citation['end_line']}]"
        assert result["result"].count(place) >= 2
        assert lines[citation["start_line"] - 1] in result["result"]


def test_an_offline_answer_says_when_nothing_fits(run: Run, shop: RepoBuilder) -> None:
    ran = run("--offline", "-p", "zygomorphic quaternions?", "-C", shop.root, "--quiet")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Nothing in this repository fits")


def test_stream_json_ends_with_exactly_one_result(run: Run, shop: RepoBuilder) -> None:
    ran = run("--offline", "-p", "Cart", "-C", shop.root, "--output-format", "stream-json")
    events = [json.loads(line) for line in ran.out.splitlines()]
    kinds = [event["type"] for event in events]
    assert kinds == ["session_started", "text_delta", "citations", "result"]
    assert [event["seq"] for event in events] == [0, 1, 2, 3]
    assert all(event["schema_version"] == 1 for event in events)


def test_a_run_that_fails_prints_one_result_that_agrees(run: Run, tmp_path: Path) -> None:
    ran = run("--offline", "-p", "x", "-C", tmp_path / "nowhere", "--output-format", "json")
    assert ran.code == 1
    assert ran.json["is_error"]
    assert ran.json["error"] in ran.err


def start(*args: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run([BATHY, *args], input=stdin, capture_output=True, text=True)


def test_the_question_may_come_from_stdin(shop: RepoBuilder, vocabulary: None) -> None:
    for args in (("--offline", "--task", "-"), ("search", "-")):
        done = start(*args, "-C", str(shop.root), stdin="what does Cart hold?\n")
        assert done.returncode == 0
        assert "shop/cart.py" in done.stdout


def test_piped_text_is_added_to_the_question(shop: RepoBuilder, vocabulary: None) -> None:
    trace = 'Traceback (most recent call last):\n  File "shop/cart.py", line 4, in add\nKeyError\n'
    done = start("--offline", "-p", "why does this fail?", "-C", str(shop.root), stdin=trace)
    assert "[shop/cart.py:" in done.stdout


def test_a_reader_that_leaves_is_not_an_error_on_stderr(shop: RepoBuilder) -> None:
    for number in range(60):
        shop.file(f"part{number}/a.py", "x = 1\n" * 50)
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [BATHY, "pack", "-C", shop.root, "--output-format", "json"],
        stdout=write_end,
        stderr=subprocess.PIPE,
    )
    os.close(write_end)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_end_a_run_with_their_code_and_one_result(
    repo: RepoBuilder, sent: signal.Signals, code: int
) -> None:
    for number in range(60):
        repo.file(f"m{number}.py", f"def f{number}(x):\n    return x + {number}\n" * 3000)
    process = subprocess.Popen(
        [BATHY, "-p", "f1", "-C", repo.root, "--output-format", "stream-json", "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    assert b"session_started" in process.stdout.readline()
    process.send_signal(sent)
    out, err = process.communicate()
    results = [json.loads(line) for line in out.splitlines()]
    assert process.returncode == code
    assert [result["subtype"] for result in results] == ["interrupted"]
    assert b"Traceback" not in err


def test_a_terminal_without_escape_sequences_gets_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    for stream in (sys.stdin, sys.stdout):
        monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setattr("bathy.agent.modes.tui.plain.run_plain", lambda _settings: 7)
    assert cli.main([]) == 7
    assert capsys.readouterr().err == (
        "bathy: TERM=dumb shows no full screen; going on as --plain does\n"
    )
    assert cli.main(["--plain"]) == 7
    assert capsys.readouterr().err == ""
