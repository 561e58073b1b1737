"""Canary secrets of several kinds at every place that text of the user comes from: none gets out."""

import contextlib
import json
import random
import string
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from conftest import Ran, Run
from endpoint.script import Call, Reply
from endpoint.server import Endpoint
from repo_builder import RepoBuilder
from shop import CART, DONE, Ask, result_of

JSON = ("--output-format", "json")
UPPER = string.ascii_uppercase + "234567"
HEX = "0123456789abcdef"
ALNUM = string.ascii_letters + string.digits
PADDING = "".join(f"# line {n} of what is no secret at all\n" for n in range(300))


@dataclass
class Canaries:
    """Makes secrets, each another one, and knows all of them."""

    dice: random.Random = field(default_factory=lambda: random.Random(5))
    bodies: list[str] = field(default_factory=list)

    def _some(self, count: int, alphabet: str) -> str:
        made = "".join(self.dice.choice(alphabet) for _ in range(count))
        self.bodies.append(made)
        return made

    # Put together here, so that no scanner takes this file for a leak.
    def aws(self) -> str:
        return "AK" + "IA" + self._some(16, UPPER)

    def github(self) -> str:
        return "gh" + "p_" + self._some(36, ALNUM)

    def deepseek(self) -> str:
        return "s" + "k-" + self._some(32, HEX)

    def openai(self) -> str:
        return "s" + "k-proj-" + self._some(60, ALNUM)

    def password(self) -> str:
        return f'password = "{self._some(24, ALNUM)}4x7y9"'

    def short(self) -> str:
        """Nothing but where it stands makes it a secret."""
        return self._some(9, string.ascii_lowercase)

    def pem(self) -> str:
        lines = "\n".join(self._some(64, ALNUM + "+/") for _ in range(8))
        kind = "RSA PRIVATE " + "KEY"
        return f"-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----"

    def of_each_kind(self) -> str:
        """Lines that each hold one secret, and a whole key file."""
        short = (self.aws(), self.github(), self.deepseek(), self.openai())
        lines = [f"k{n} = '{secret}'" for n, secret in enumerate(short)]
        return "\n".join([*lines, self.password(), self.pem()]) + "\n"

    def found_in(self, text: str) -> list[str]:
        return [body for body in self.bodies if body in text]


@pytest.fixture
def canaries() -> Canaries:
    return Canaries()


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Puts a file on stdin."""
    with contextlib.ExitStack() as opened:
        yield lambda path: monkeypatch.setattr(sys, "stdin", opened.enter_context(path.open()))


@pytest.fixture(autouse=True)
def _padded(shop: RepoBuilder) -> None:
    """A base long enough for changes to be told on top of it, and to be kept beside the log."""
    shop.file("notes.md", PADDING).commit()


def written(folder: Path) -> Iterator[tuple[str, str]]:
    """(path, text) of every file that bathy has written for the user, unpacked."""
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            if path.parent.name == "texts":
                data = zlib.decompress(data)
            yield str(path), data.decode("utf-8", "replace")


def assert_nothing_got_out(
    canaries: Canaries, endpoint: Endpoint, home: Path, run: Run, ran: Sequence[Ran]
) -> None:
    assert endpoint.problems == []
    for one in endpoint.requests:
        assert canaries.found_in(json.dumps(one.body, ensure_ascii=False)) == []
        assert canaries.found_in(one.prompt) == []
    state = home / ".local" / "state" / "bathy"
    kept = dict(written(state))
    assert any(path.endswith(".jsonl") for path in kept)
    assert any("/texts/" in path for path in kept)
    assert any("ledger.sqlite" in path for path in kept)
    assert any(path.endswith("uploads.log") for path in kept)
    for path, text in kept.items():
        assert (path, canaries.found_in(text)) == (path, [])
    for log in (path for path in kept if path.endswith(".jsonl")):
        for action in (("show",), ("export",), ("export", *JSON)):
            shown = run("sessions", action[0], Path(log).stem, *action[1:])
            assert shown.code == 0
            assert canaries.found_in(shown.out) == []
    for one_ran in ran:
        assert canaries.found_in(one_ran.out + one_ran.err) == []


def looks(*calls: tuple[str, dict[str, object]]) -> Reply:
    return Reply("", "look", tuple(Call(name, arguments) for name, arguments in calls))


def test_no_canary_gets_out_by_any_door(
    ask: Ask,
    shop: RepoBuilder,
    run: Run,
    canaries: Canaries,
    tmp_path: Path,
    pipe: Callable[[Path], None],
) -> None:
    # In the base, and on both sides of the change that follows it.
    shop.file("deploy/keys.py", canaries.of_each_kind() + PADDING)
    shop.file("deploy/same.py", canaries.of_each_kind())
    shop.file("deploy/id_rsa", canaries.pem() + "\n")
    shop.file("deploy/.env", f"DB_PASS={canaries.short()}\nPORT=80\n")
    shop.commit(f"Add {canaries.github()}")
    with Endpoint([DONE]) as endpoint:
        first = ask(endpoint, *JSON)
    assert_nothing_got_out(canaries, endpoint, tmp_path / "home", run, [first])
    assert result_of(first)["redacted"] >= 12

    shop.file("deploy/keys.py", canaries.of_each_kind() + PADDING)
    shop.commit(f"Use {canaries.aws()} and {canaries.deepseek()} from now on")
    shop.file("deploy/keys.py", canaries.of_each_kind() + PADDING + "x = 1\n")
    shop.file(
        "src/untracked.py",
        f"def token():\n    return '{canaries.github()}'\n{canaries.password()}\n",
    )
    piped = tmp_path / "piped.txt"
    piped.write_text(f"{canaries.of_each_kind()}Traceback: {canaries.openai()}\n")
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps({"type": ["object", "string"], "description": canaries.github()}))
    pipe(piped)
    script = [
        looks(
            ("read_file", {"path": "src/untracked.py"}),
            ("read_file", {"path": "deploy/keys.py"}),
            ("read_file", {"path": "deploy/id_rsa", "start_line": 3, "end_line": 5}),
            ("read_file", {"path": "deploy/.env"}),
            ("grep", {"pattern": "return|k1|password|[A-Za-z0-9+/]{60}", "context_lines": 3}),
            ("find_symbol", {"name": "token"}),
        ),
        looks(
            ("history", {"path": "deploy/keys.py"}),
            ("history", {"path": "deploy/keys.py", "start_line": 1, "end_line": 15}),
            ("history", {"path": "deploy/id_rsa", "start_line": 1, "end_line": 9}),
            ("list_files", {"glob": "**"}),
        ),
        Reply('{"n": 1}', "so"),
    ]
    question = f"Is {canaries.deepseek()} the token of deploy/keys.py?\n{canaries.of_each_kind()}"
    with Endpoint(script) as endpoint:
        second = ask(endpoint, *JSON, "--diff", "HEAD~1", "--output-schema", schema, task=question)
    result = result_of(second)
    assert (second.code, result["result"]) == (0, '{"n": 1}')
    assert_nothing_got_out(canaries, endpoint, tmp_path / "home", run, [first, second])
    # All of it was there to be told: what is left of each is a mark.
    sent = json.dumps(endpoint.requests[-1].body)
    assert sent.count("[redacted: ") >= result["redacted"] > 60
    for kind in ("aws key", "github token", "deepseek key", "openai key", "assigned secret",
                 "private key", "dotenv value"):  # fmt: skip
        assert f"[redacted: {kind}]" in sent
    results = [m["content"] for m in endpoint.requests[-1].messages if m["role"] == "tool"]
    assert not any(text.startswith("error") for text in results)
    assert all("[redacted: " in text for text in results[:5])


@pytest.mark.parametrize("start_line", [2, 4])
def test_a_part_of_a_key_in_the_history_of_its_lines_does_not_get_out(
    ask: Ask, shop: RepoBuilder, run: Run, canaries: Canaries, tmp_path: Path, start_line: int
) -> None:
    shop.file("deploy/id_rsa", canaries.pem() + "\n").commit()
    lines = {"path": "deploy/id_rsa", "start_line": start_line, "end_line": start_line + 2}
    with Endpoint([looks(("history", dict(lines))), DONE]) as endpoint:
        ran = ask(endpoint, *JSON)
    assert_nothing_got_out(canaries, endpoint, tmp_path / "home", run, [ran])


def test_a_dotenv_value_in_the_history_of_its_lines_does_not_get_out(
    ask: Ask, shop: RepoBuilder, run: Run, canaries: Canaries, tmp_path: Path
) -> None:
    shop.file(".env", f"DB_PASS={canaries.short()}\n").commit()
    lines = {"path": ".env", "start_line": 1, "end_line": 1}
    with Endpoint([looks(("history", dict(lines))), DONE]) as endpoint:
        ran = ask(endpoint, *JSON)
    assert_nothing_got_out(canaries, endpoint, tmp_path / "home", run, [ran])


def test_each_secret_that_was_kept_back_is_counted(
    ask: Ask,
    shop: RepoBuilder,
    canaries: Canaries,
    tmp_path: Path,
    pipe: Callable[[Path], None],
) -> None:
    def redacted(*args: str | Path, task: str = "Why?") -> int:
        with Endpoint([DONE]) as endpoint:
            found: int = result_of(ask(endpoint, *JSON, *args, task=task))["redacted"]
        return found

    assert redacted() == 0
    assert redacted(task=f"Is {canaries.github()} safe?") == 1
    assert redacted(task=f"Is {canaries.github()} or {canaries.aws()} safe?") == 2
    piped = tmp_path / "piped.txt"
    piped.write_text(f"{canaries.aws()}\n")
    pipe(piped)
    assert redacted(task=f"Is {canaries.github()} safe?") == 2
    shop.file("src/cart.py", f"{CART}# {canaries.aws()}\n")
    assert redacted() == 1
    assert redacted("--diff", "HEAD") == 2
    shop.commit(f"Add {canaries.github()}")
    assert redacted() == 2


def test_what_a_tool_shows_is_counted_too(ask: Ask, shop: RepoBuilder, canaries: Canaries) -> None:
    shop.file("keys.py", f"a = '{canaries.github()}'\nb = '{canaries.aws()}'\n").commit()
    look = looks(("read_file", {"path": "keys.py"}), ("grep", {"pattern": "a = "}))
    with Endpoint([look, DONE]) as endpoint:
        result = result_of(ask(endpoint, *JSON, "--context", "tools"))
    assert result["redacted"] == 3


def test_a_session_that_goes_on_lets_nothing_out_either(
    ask: Ask, shop: RepoBuilder, run: Run, canaries: Canaries, tmp_path: Path
) -> None:
    shop.file("keys.py", canaries.of_each_kind()).commit()
    with Endpoint(lambda _recorded: DONE) as endpoint:
        first = ask(endpoint, *JSON)
        shop.file("keys.py", canaries.of_each_kind()).commit(f"Use {canaries.aws()}")
        shop.file("new.py", canaries.of_each_kind())
        second = ask(endpoint, *JSON, "--continue", task=f"And {canaries.github()}?")
    assert_nothing_got_out(canaries, endpoint, tmp_path / "home", run, [first, second])
    assert result_of(second)["redacted"] > 10
    assert "<commit id=" in json.dumps(endpoint.requests[-1].body)


def test_a_dry_run_writes_no_secret(
    ask: Ask, shop: RepoBuilder, canaries: Canaries, tmp_path: Path
) -> None:
    shop.file("keys.py", canaries.of_each_kind()).commit(canaries.github())
    shop.file("keys.py", canaries.of_each_kind())
    path = tmp_path / "body.json"
    with Endpoint([]) as endpoint:
        ran = ask(endpoint, "--dry-run", "-o", path, task=canaries.of_each_kind())
    assert ran.code == 0
    assert canaries.found_in(path.read_text() + ran.out + ran.err) == []
    assert path.read_text().count("[redacted: private key]") > 8
