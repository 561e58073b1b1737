"""`action.yml` and the workflows of `docs/triage.md`: what they say, and their scripts as they run."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parents[3]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "triage.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.M | re.S)
WORKFLOWS: dict[str, dict[str, Any]] = {w["name"]: w for w in map(yaml.safe_load, BLOCKS)}
JOBS: dict[str, dict[str, Any]] = WORKFLOWS["triage"]["jobs"]
RUN: dict[str, Any] = ACTION["runs"]["steps"][-1]
STEPS = ("all", "fetch", "think", "write")
ODD = [
    "'",
    '"',
    "$(touch ran)",
    "`touch ran`",
    "a b",
    "--write=labels",
    "-h",
    "*",
    "\\",
    "a\nb",
    "é::x",
]

# Each example starts a process; the stub stays as it is from one to the next.
FEW = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

# Writes down how it was called, and makes the file that it was asked for unless it is told not to.
STUB = """#!/bin/bash
printf '%s\\0' "$@" > "$RUNNER_TEMP/called"
printf '%s\\0' "${GITHUB_TOKEN-}" "${DEEPSEEK_API_KEY-}" > "$RUNNER_TEMP/held"
[[ -e "$RUNNER_TEMP/silent" ]] || echo '{}' > "$3"
[[ ! -e "$RUNNER_TEMP/code" ]] || exit "$(cat "$RUNNER_TEMP/code")"
"""


@dataclass(frozen=True)
class Called:
    code: int
    arguments: list[str]
    held: list[str]
    outputs: dict[str, str]
    err: str

    def target(self) -> str:
        assert self.arguments[-2] == "--"
        return self.arguments[-1]


def value_of(expression: str, inputs: Mapping[str, str]) -> str:
    """Evaluate the little of GitHub's expressions that the action uses."""
    text = expression.removeprefix("${{").removesuffix("}}").strip()
    text = re.sub(r"inputs\.([a-z-]+)", lambda found: repr(inputs[found[1]]), text)
    text = text.replace("&&", " and ").replace("||", " or ")
    return str(eval(text, {"__builtins__": {}}))


def inputs_of(given_: Mapping[str, str]) -> dict[str, str]:
    inputs = {name: one["default"] for name, one in ACTION["inputs"].items()}
    assert given_.keys() <= inputs.keys()
    return {**inputs, **given_}


@dataclass(frozen=True)
class Runner:
    """Runs the action's last script as a runner does, with a stub in the place of bathy."""

    temp: Path

    def __call__(self, **given_: str) -> Called:
        for name in ("called", "held", "outputs"):
            (self.temp / name).write_bytes(b"")
        inputs = inputs_of({name.replace("_", "-"): value for name, value in given_.items()})
        own = {
            "PATH": "/usr/bin:/bin",
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_EVENT_PATH": "/event.json",
        }
        env = {name: value_of(text, inputs) for name, text in RUN["env"].items()}
        bash = shutil.which("bash")
        assert bash
        ran = subprocess.run(
            [bash, "--noprofile", "--norc", "-eo", "pipefail", self.temp / "script.sh"],
            env={**env, **own, "GITHUB_OUTPUT": str(self.temp / "outputs")},
            cwd=self.temp, capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert not (self.temp / "ran").exists()
        lines = (self.temp / "outputs").read_text().splitlines()
        outputs = dict(line.split("=", 1) for line in lines)
        return Called(
            ran.returncode, self._parts("called"), self._parts("held"), outputs, ran.stderr
        )

    def _parts(self, name: str) -> list[str]:
        return (self.temp / name).read_bytes().decode().split("\0")[:-1]


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    temp = tmp_path_factory.mktemp("runner with a blank")
    stub = temp / "bathy" / "bin" / "bathy"
    stub.parent.mkdir(parents=True)
    stub.write_text(STUB)
    stub.chmod(0o755)
    (temp / "script.sh").write_text(RUN["run"])
    return Runner(temp)


@pytest.fixture
def call(runner: Runner) -> Runner:
    """The runner, with a stub that succeeds."""
    for name in ("silent", "code"):
        (runner.temp / name).unlink(missing_ok=True)
    return runner


def steps_of(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "runs" in document:
        yield from document["runs"]["steps"]
    for job in document.get("jobs", {}).values():
        yield job
        yield from job.get("steps", ())


def test_there_is_a_workflow_of_three_jobs_and_two_for_a_schedule() -> None:
    assert list(WORKFLOWS) == ["triage", "triage-backlog", "triage-open"]
    assert list(JOBS) == ["fetch", "think", "write"]


def test_every_action_is_pinned_by_commit_and_its_version_is_told() -> None:
    lines = [
        line for text in (*BLOCKS, (ROOT / "action.yml").read_text()) for line in text.splitlines()
    ]
    used = [line.strip() for line in lines if re.match(r"\s*(- )?uses:", line)]
    remote = [line for line in used if "uses: ./" not in line]
    assert len(remote) == 11
    for line in remote:
        assert re.search(
            r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # (v\d+\.\d+\.\d+$|the commit)", line
        ), line
    pins = {line.split("uses: ")[1].split("@")[0]: set[str]() for line in remote}
    for line in remote:
        name, _, pin = line.split("uses: ")[1].partition("@")
        pins[name].add(pin)
    assert all(len(found) == 1 for found in pins.values())


def test_no_script_holds_an_expression() -> None:
    scripts = [
        s["run"] for one in (ACTION, *WORKFLOWS.values()) for s in steps_of(one) if "run" in s
    ]
    assert len(scripts) == 3
    assert [script for script in scripts if "${{" in script] == []


def test_nothing_is_allowed_but_what_a_job_asks_for() -> None:
    for workflow in WORKFLOWS.values():
        assert workflow["permissions"] == {}
        assert all(job["permissions"] for job in workflow["jobs"].values())
    assert JOBS["fetch"]["permissions"] == {"issues": "read"}
    assert JOBS["think"]["permissions"] == {"contents": "read"}
    assert JOBS["write"]["permissions"] == {"issues": "write"}


def test_no_job_of_the_three_holds_two_secrets() -> None:
    texts = {name: yaml.safe_dump(job) for name, job in JOBS.items()}
    assert {name for name, text in texts.items() if "DEEPSEEK" in text or "secrets." in text} == {
        "think"
    }
    tokens = {
        name for name, text in texts.items() if "github.token" in text or "github-token" in text
    }
    assert tokens == {"fetch", "write"}


def test_the_checkout_leaves_no_token_behind_and_has_all_history() -> None:
    for workflow in WORKFLOWS.values():
        for step in steps_of(workflow):
            if "checkout" in step.get("uses", ""):
                assert step["with"] == {"fetch-depth": 0, "persist-credentials": False}


def test_jobs_end_and_never_cut_off_one_that_writes() -> None:
    for workflow in WORKFLOWS.values():
        for job in workflow["jobs"].values():
            assert "timeout-minutes" in job or job["uses"].startswith("./")
    assert WORKFLOWS["triage"]["concurrency"]["cancel-in-progress"] is False
    assert "github.event.issue.number" in WORKFLOWS["triage"]["concurrency"]["group"]


def test_the_command_is_for_members() -> None:
    for text in (JOBS["fetch"]["if"], WORKFLOWS["triage"]["concurrency"]["group"]):
        assert 'fromJSON(\'["OWNER", "MEMBER", "COLLABORATOR"]\')' in text
        assert "startsWith(github.event.comment.body, '/triage')" in text


def test_what_a_step_hands_over_is_what_the_next_one_reads() -> None:
    for giver, taker, name in (("fetch", "think", "dossier"), ("think", "write", "report")):
        up = next(s for s in JOBS[giver]["steps"] if "upload-artifact" in s.get("uses", ""))
        down = next(s for s in JOBS[taker]["steps"] if "download-artifact" in s.get("uses", ""))
        assert up["with"]["path"] == f"${{{{ steps.{giver}.outputs.file }}}}"
        assert up["with"]["name"] == down["with"]["name"]
        own = next(s for s in JOBS[taker]["steps"] if "bathy" in s.get("uses", ""))
        assert own["with"]["file"] == f"{down['with']['path']}/{name}.json"
        assert own["with"]["step"] == taker


def test_workflows_give_the_action_only_what_it_takes() -> None:
    used = [
        s["with"] for w in WORKFLOWS.values() for s in steps_of(w) if "/bathy@" in s.get("uses", "")
    ]
    assert len(used) == 4
    assert all(one.keys() <= ACTION["inputs"].keys() for one in used)


def test_what_bathy_and_the_script_tell_is_what_the_action_gives() -> None:
    names = {
        text.split(".")[-1].split()[0] for text in (o["value"] for o in ACTION["outputs"].values())
    }
    assert names == {"found", "file", "status", "reason", "labels", "comment_url"}


def test_the_installation_takes_known_hashes_alone_and_nothing_of_the_folder_it_stands_in() -> None:
    script = next(s["run"] for s in ACTION["runs"]["steps"] if s.get("name") == "Install bathy")
    assert "--require-hashes" in script
    assert re.findall(r"install (?!--)", script) == []
    assert [
        line for line in script.splitlines() if re.search(r"-m \w", line) and " -I " not in line
    ] == []


@pytest.mark.parametrize("step", STEPS)
def test_a_step_gets_its_own_secret_alone(call: Runner, step: str) -> None:
    called = call(step=step, file="/handed", github_token="ghs_x", deepseek_api_key="sk-y")
    wanted = {
        "all": ["ghs_x", "sk-y"],
        "fetch": ["ghs_x", ""],
        "think": ["", "sk-y"],
        "write": ["ghs_x", ""],
    }
    assert called.held == wanted[step]


def test_nothing_asked_for_is_a_plan_of_the_event(call: Runner) -> None:
    called = call()
    assert called.code == 0
    made = called.outputs["file"]
    assert called.arguments == ["triage", "-o", made, "--", "/event.json"]
    assert called.outputs["found"] == "true"


@pytest.mark.parametrize("step", ["think", "write"])
def test_later_steps_read_the_file_that_is_handed_over(call: Runner, step: str) -> None:
    called = call(step=step, file="/handed/one.json", target="7")
    assert called.target() == "/handed/one.json"
    assert f"--step={step}" in called.arguments


def test_every_input_reaches_bathy(call: Runner) -> None:
    called = call(target="7", write="labels,comment", suggest="true", model="m", effort="low",
                  max_cost="0.5", offline="true", args="--again\n--time-limit=9\n")  # fmt: skip
    assert called.arguments[3:] == [
        "--write=labels,comment", "--suggest", "--model=m", "--effort=low", "--max-cost=0.5",
        "--offline", "--again", "--time-limit=9", "--", "7",
    ]  # fmt: skip


def test_open_issues_have_no_target(call: Runner) -> None:
    assert call(open="10", target="7").arguments[3:] == ["--open", "--limit=10"]


@pytest.mark.parametrize("odd", ODD)
def test_odd_inputs_are_passed_as_they_are(call: Runner, odd: str) -> None:
    called = call(target=odd, model=odd, write=odd)
    assert called.target() == odd
    assert called.arguments[3:5] == [f"--write={odd}", f"--model={odd}"]
    assert call(step="think", file=odd).target() == odd


# A runner's inputs hold neither NUL nor half a surrogate.
@FEW
@given(
    text=st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40
    )
)
def test_any_target_is_one_argument(call: Runner, text: str) -> None:
    assert call(target=text).target() == text


@FEW
@given(lines=st.lists(st.text("ab '\"$`(\\*-=é", min_size=1, max_size=12), max_size=4))
def test_a_line_is_an_argument(call: Runner, lines: list[str]) -> None:
    assert call(args="\n".join(lines), target="7").arguments[3:-2] == lines


def test_where_nothing_is_to_be_done_the_next_step_is_told(call: Runner) -> None:
    made = Path(call(step="fetch").outputs["file"])
    assert made.exists()
    (call.temp / "silent").touch()
    called = call(step="fetch")
    assert (called.code, called.outputs["found"]) == (0, "false")
    assert not made.exists()


def test_a_failure_is_passed_on_with_what_was_made(call: Runner) -> None:
    (call.temp / "code").write_text("3")
    called = call(step="think", file="/handed")
    assert (called.code, called.outputs["found"]) == (3, "true")


def test_an_unknown_step_runs_nothing(call: Runner) -> None:
    called = call(step="merge")
    assert (called.code, called.arguments) == (2, [])
    assert "step must be" in called.err


def test_the_variables_are_told() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name in ("GITHUB_TOKEN", "GITHUB_API_URL", "BATHY_WEBHOOK_SECRET"):
        assert name in text
        assert name in PAGE
