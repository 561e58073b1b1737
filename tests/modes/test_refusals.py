"""What the model tried and could not is said in a line that names the reason, and in the end."""

import pytest
from conftest import Run
from endpoint.script import Call, Reply
from endpoint.server import Endpoint
from repo_builder import RepoBuilder
from shop import Ask

DONE = Reply("I have done it.", "done")
WORKFLOW = ".github/workflows/tests.yaml"


def edits(*paths: str, old: str = "") -> Reply:
    values = [{"path": path, "old_text": old, "new_text": "a: 1\n"} for path in paths]
    return Reply("", "edit", tuple(Call("edit_file", value) for value in values))


def patch(*paths: str) -> Reply:
    parts = (f"--- /dev/null\n+++ {path}\n@@ -0,0 +1 @@\n+a: 1\n" for path in paths)
    return Reply("", "edit", (Call("apply_patch", {"patch": "".join(parts)}),))


def test_a_refused_edit_is_named_with_its_reason_and_is_no_success(
    ask: Ask, shop: RepoBuilder
) -> None:
    with Endpoint([edits(WORKFLOW, "ok.yaml"), DONE]) as endpoint:
        ran = ask(endpoint, "--apply")
    reason = f"{WORKFLOW} (settings and workflows of GitHub)"
    assert f'"new_text": "a: 1\\n"}}: refused: {reason}\n' in ran.err
    assert ran.code == 1
    assert f"bathy: edits were refused: {reason}; --apply-all lets them be written\n" in ran.err
    assert ran.out == "I have done it.\n"
    assert "written: 1 file: ok.yaml" in ran.err
    assert shop.git("status", "--porcelain", "-uall") == "?? ok.yaml\n"


def test_the_result_says_so_and_agrees_with_the_exit_code(ask: Ask) -> None:
    with Endpoint([edits(WORKFLOW), DONE]) as endpoint:
        ran = ask(endpoint, "--apply", "--output-format", "json")
    result = ran.json
    assert (ran.code, result["is_error"], result["subtype"]) == (1, True, "error_during_execution")
    assert (result["result"], result["applied"]) == ("I have done it.", False)
    assert "--apply-all" in result["error"]


def test_what_is_let_or_only_proposed_is_a_success(ask: Ask) -> None:
    for option in ("--apply-all", "--quiet"):
        with Endpoint([edits(WORKFLOW), DONE]) as endpoint:
            assert ask(endpoint, option).code == 0


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (edits("/etc/passwd"), "failed: absolute paths are refused"),
        (edits("/etc/passwd", old="root"), "failed: absolute paths are refused"),
        (edits("../x"), "failed: paths with .. are refused"),
        (edits(".git/hooks/pre-commit"), "failed: paths inside .git are refused"),
        (edits("src/none.py", old="x"), "failed: there is no file 'src/none.py'"),
        (edits("src/cart.py", old="x"), "failed: "),
        (patch("b/.git/hooks/x"), "failed: b/.git/hooks/x: paths inside .git are refused"),
        (patch("b/ok.py", "../x"), "failed: ../x: paths with .. are refused"),
        (Reply("", "r", (Call("read_file", {"path": "/etc/passwd"}),)), "'/etc/passwd' is refused"),
        (Reply("", "r", (Call("read_file", {"path": "../x"}),)), "'../x' is refused"),
        (Reply("", "r", (Call("read_file", {"path": "/src/none.py"}),)), "there is no file"),
        (Reply("", "r", (Call("read_file", {"file": "x"}),)), "failed: "),
        (Reply("", "r", (Call("fly", {}),)), "failed: there is no tool 'fly'"),
    ],
    ids=str,
)
def test_a_failed_call_says_why_in_one_line(ask: Ask, reply: Reply, reason: str) -> None:
    with Endpoint([reply, DONE]) as endpoint:
        ran = ask(endpoint, "--apply")
    (line,) = [line for line in ran.err.splitlines() if line.startswith("bathy:   ")]
    assert reason in line
    assert not line.endswith("failed: ")


def test_nothing_that_a_terminal_obeys_gets_into_the_line(ask: Ask) -> None:
    with Endpoint([edits("a\x1b]0;x\x07\u202e\nb.py", old="x"), DONE]) as endpoint:
        ran = ask(endpoint)
    assert "failed: there is no file" in ran.err
    assert all(c.isprintable() for c in ran.err.replace("\n", ""))


def test_an_outside_path_is_refused_by_a_tool_on_the_command_line(
    shop: RepoBuilder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bathy.agent.cli._read_text", lambda _text: '{"path": "~/.ssh/id_rsa"}')
    ran = run("tool", "read_file", "-C", shop.root)
    assert (ran.code, "is refused" in ran.out) == (1, True)
