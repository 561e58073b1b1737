import re
from pathlib import Path

import pytest
from bathy.agent.config import (
    Settings,
    parse_budget,
    parse_tokens,
    read_config_file,
    read_service,
)
from bathy.agent.errors import ConfigError
from bathy.agent.model.catalog import Prices, find_model
from bathy.agent.policy import Policy, read_policy


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    found = tmp_path / "config" / "bathy"
    found.mkdir(parents=True)
    return found


def test_without_anything_the_default_model_is_asked_without_a_key(folder: Path) -> None:
    service = read_service(Settings(), {})
    assert (service.model, service.base_url, service.effort) == (
        "deepseek-flash", "https://api.deepseek.com", "auto",
    )  # fmt: skip
    assert service.api_key == ""
    assert (service.idle_timeout_s, service.max_retries) == (300, 5)


def test_flags_beat_the_environment_which_beats_files(folder: Path, tmp_path: Path) -> None:
    (folder / "config.toml").write_text('model = "toml"\neffort = "low"\nmax_retries = 2\n')
    (folder / "env").write_text("BATHY_MODEL=env-file\nDEEPSEEK_API_KEY=from-env\n")
    extra = tmp_path / "extra"
    extra.write_text("BATHY_MODEL=extra\nDEEPSEEK_API_KEY=from-extra\n")
    assert read_service(Settings(), {}).model == "env-file"
    assert read_service(Settings(env_file=extra), {}).model == "extra"
    service = read_service(Settings(env_file=extra), {"BATHY_MODEL": "variable"})
    assert (service.model, service.api_key) == ("variable", "from-extra")
    assert (service.effort, service.max_retries) == ("low", 2)
    assert read_service(Settings(model="flag"), {"BATHY_MODEL": "variable"}).model == "flag"


def test_the_repositorys_own_dotenv_is_never_read(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(
        "DEEPSEEK_API_KEY=evil\nDEEPSEEK_BASE_URL=https://evil.example\n"
    )
    monkeypatch.chdir(tmp_path)
    service = read_service(Settings(folder=tmp_path), {})
    assert service.api_key == ""
    assert "evil" not in service.base_url


def test_a_dotenv_file_runs_nothing_and_expands_nothing(folder: Path) -> None:
    (folder / "env").write_text('DEEPSEEK_API_KEY="$HOME`id`$(id)"\n')
    assert read_service(Settings(), {}).api_key == "$HOME`id`$(id)"


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("modle = 1", "modle is no setting; there are base_url, denied_paths, effort"),
        ("'odd key' = 1", '"odd key" is no setting'),
        ("model = 5", "model must be a text"),
        ("model = ''", "model must be a text that is not empty"),
        ("base_url = 5", "base_url must be a text"),
        ("effort = 'hard'", "effort must be one of auto, off"),
        ("effort = ['low']", "effort must be one of auto, off"),
        ("max_retries = -1", "max_retries must be a whole number, at least 0"),
        ("max_retries = true", "max_retries must be a whole number, at least 0"),
        ("max_retries = 2.5", "max_retries must be a whole number, at least 0"),
        ("idle_timeout_s = 'soon'", "idle_timeout_s must be a number, at least 0.1"),
        ("idle_timeout_s = nan", "idle_timeout_s must be a number, at least 0.1"),
        ("idle_timeout_s = 0", "idle_timeout_s must be a number, at least 0.1"),
        ("models = 1", "models must be a table"),
        ("models = ['a']", "models must be a table"),
        ("models = { a = 1 }", "models.a must be a table"),
        ("upload = 'sometimes'", 'upload must be one of "ask", "always", "never"'),
        ("upload = true", 'upload must be one of "ask", "always", "never"'),
        ("upload = ''", 'upload must be one of "ask", "always", "never"'),
        ("endpoints = 'https://h'", "endpoints must be a list of addresses"),
        ("endpoints = ['']", "endpoints must be a list of addresses"),
        ("endpoints = ['https://h', 'h.example']", "entry 2 of endpoints is no address"),
        ("endpoints = ['https://h/?key=1']", "entry 1 of endpoints is no address"),
        ("denied_paths = '*.pem'", "denied_paths must be a list of gitignore patterns"),
        ("denied_paths = ['*.pem', 1]", "denied_paths must be a list of gitignore patterns"),
        ("denied_paths = ['  ']", "denied_paths must be a list of gitignore patterns"),
        ("tui = true", "tui must be a table"),
        ("[tui]\nthema = 'nord'", "tui.thema is no setting; there are ascii, copy_on_select, motion,"),
        ("[tui]\ntheme = ''", "tui.theme must be a text that is not empty"),
        ("[tui]\nascii = 'yes'", "tui.ascii must be true or false"),
        ("[tui]\nmotion = 0", "tui.motion must be true or false"),
        ("[tui]\nslow = 'no'", "tui.slow must be true or false"),
        ("[tui]\nmouse = []", "tui.mouse must be true or false"),
        ("[tui]\ncopy_on_select = 1.0", "tui.copy_on_select must be true or false"),
        ("models\n", "cannot be read"),
        ("model = " + "[" * 9_999, "cannot be read"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_names_the_key(folder: Path, toml: str, says: str) -> None:
    (folder / "config.toml").write_text(toml)
    with pytest.raises(ConfigError, match=re.escape(says)) as told:
        read_service(Settings(), {})
    assert "config.toml" in str(told.value)


def test_the_table_of_the_full_screen_is_read_as_it_is_written(folder: Path) -> None:
    assert read_config_file() == {}
    (folder / "config.toml").write_text('[tui]\ntheme = "nord"\nascii = true\nmouse = false\n')
    assert read_config_file() == {"tui": {"theme": "nord", "ascii": True, "mouse": False}}


def test_a_policy_is_read_from_the_users_own_file_alone(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_policy() == Policy()
    (folder / "config.toml").write_text(
        'upload = "ask"\nendpoints = ["http://127.0.0.1:8000/v1"]\ndenied_paths = ["*.pem"]\n'
    )
    (tmp_path / "bathy").mkdir()
    (tmp_path / "bathy" / "config.toml").write_text('upload = "always"\n')
    (tmp_path / "config.toml").write_text('upload = "always"\n')
    monkeypatch.chdir(tmp_path)
    policy = Policy("ask", ("http://127.0.0.1:8000/v1",), ("*.pem",))
    assert read_policy() == policy
    monkeypatch.setenv("BATHY_UPLOAD", "always")
    assert read_policy() == policy


def test_an_address_among_the_endpoints_that_is_none_is_not_shown(folder: Path) -> None:
    (folder / "config.toml").write_text(f'endpoints = ["https://me:{KEY}@h/v1"]\n')
    with pytest.raises(ConfigError, match="leave out the name and password") as told:
        read_policy()
    assert KEY not in str(told.value)


PRICE = "must be a number of US dollars, at least 0"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("window = 5", "window is no setting; there are max_output_tokens"),
        ("window_tokens = 'many'", "window_tokens must be a whole number over 0"),
        ("window_tokens = 1e400", "window_tokens must be a whole number over 0"),
        ("window_tokens = true", "window_tokens must be a whole number over 0"),
        ("window_tokens = 10", "window_tokens must be at least 8,192"),
        (f"window_tokens = {10**400}", "window_tokens must be a whole number over 0"),
        ("max_output_tokens = -5", "max_output_tokens must be a whole number over 0"),
        ("max_output_tokens = 0", "max_output_tokens must be a whole number over 0"),
        ("sees_images = 'false'", "sees_images must be true or false"),
        ("sees_images = 0", "sees_images must be true or false"),
        ("thinking = 'hard'", "thinking must be one of deepseek, template, none"),
        ("prices = 4", "prices must be a table"),
        ("prices = { in = 1 }", f"prices.hit {PRICE}"),
        ("prices = { hit = 1, miss = 1, output = 1, in = 1 }", "prices.in is no setting"),
        ("prices = { hit = '1', miss = 1, output = 1 }", f"prices.hit {PRICE}"),
        ("prices = { hit = 1, miss = -1, output = 1 }", f"prices.miss {PRICE}"),
        ("prices = { hit = 1, miss = 1 }", f"prices.output {PRICE}"),
        (f"prices = {{ hit = 1, miss = {10**400}, output = 1 }}", f"prices.miss {PRICE}"),
        ("peak_prices = { hit = inf, miss = 1, output = 1 }", f"peak_prices.hit {PRICE}"),
    ],
)  # fmt: skip
def test_a_model_that_cannot_be_used_names_the_key(folder: Path, line: str, says: str) -> None:
    (folder / "config.toml").write_text(f'[models."my-v3.2"]\n{line}\n')
    with pytest.raises(ConfigError, match=re.escape(f'config.toml: models."my-v3.2".{says}')):
        read_service(Settings(), {})


def test_a_model_of_ones_own_is_read_as_it_is_written(folder: Path) -> None:
    (folder / "config.toml").write_text(
        "idle_timeout_s = 5\nmax_retries = 0\n[models.mine]\nwindow_tokens = 131_072\n"
        "sees_images = true\nprices = { hit = 0, miss = 0.5, output = 1 }\n"
    )
    service = read_service(Settings(), {})
    assert (service.idle_timeout_s, service.max_retries) == (5, 0)
    model = find_model("mine", service.own_models)
    assert (model.window_tokens, model.sees_images) == (131_072, True)
    assert model.prices == Prices(0, 0.5, 1)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("BATHY_EFFORT", "hard", "must be one of auto, off"),
        ("BATHY_MAX_RETRIES", "2.5", "must be a whole number"),
        ("BATHY_MAX_RETRIES", "-1", "must be a whole number, at least 0"),
        ("BATHY_IDLE_TIMEOUT_S", "nan", "must be a number, at least 0.1"),
        ("BATHY_IDLE_TIMEOUT_S", "soon", "must be a number"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(
    folder: Path, name: str, value: str, says: str
) -> None:
    with pytest.raises(ConfigError, match=f"{name} {says}"):
        read_service(Settings(), {name: value})


KEY = "sk-0123456789abcdef"


@pytest.mark.parametrize(
    "key", [f"{KEY}\nx", f"{KEY}é", f"{KEY} x", f"{KEY}\u200b", f"{KEY}\x7f", f"{KEY}\ud800"]
)
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(folder: Path, key: str) -> None:
    with pytest.raises(ConfigError, match="DEEPSEEK_API_KEY") as told:
        read_service(Settings(), {"DEEPSEEK_API_KEY": key})
    assert KEY not in str(told.value)


def test_space_around_a_key_is_no_part_of_it(folder: Path) -> None:
    assert read_service(Settings(), {"DEEPSEEK_API_KEY": f" {KEY}\n"}).api_key == KEY


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("ftp://h", "must begin with https://"),
        ("h:80", "must begin with https://"),
        (KEY, "must begin with https://"),
        ("http://127.0.0.1:99999", "its port cannot be read"),
        ("http://h:x", "its port cannot be read"),
        ("http://h:0", "its port cannot be read"),
        ("http://[::1", "its host or its port"),
        ("http://", "its host or its port"),
        ("http://a..b", "its host or its port"),
        ("http://1.2.3.999", "its host or its port"),
        (f"http://{'a' * 64}.example", "its host or its port"),
        (f"https://me:{KEY}@h/v1", "leave out the name and password"),
        (f"https://{KEY}@h/v1", "leave out the name and password"),
        ("http://h/a b", "holds a space"),
        ("http://h/\n", "holds a space or a control character"),
        (f"http://h/?key={KEY}", "ends before any"),
        ("http://h/#x", "ends before any"),
    ],
)
def test_an_address_that_cannot_be_asked_is_refused_and_not_shown(
    folder: Path, url: str, says: str
) -> None:
    for settings, values, origin in (
        (Settings(base_url=url), {}, "--base-url"),
        (Settings(), {"DEEPSEEK_BASE_URL": url}, "DEEPSEEK_BASE_URL"),
    ):
        with pytest.raises(ConfigError, match=f"{origin} is no address.*{says}") as told:
            read_service(settings, values)
        assert KEY not in str(told.value)


@pytest.mark.parametrize(
    "url", ["http://[::1]:8000/v1", "HTTPS://h.example.", "http://127.0.0.1:1", "http://gpu_1/a/b"]
)
def test_an_address_that_can_be_asked_is_taken(folder: Path, url: str) -> None:
    assert read_service(Settings(base_url=url), {}).base_url == url


def test_an_env_file_that_is_missing_is_an_error(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no file"):
        read_service(Settings(env_file=tmp_path / "none"), {})


def test_a_trailing_slash_of_an_address_does_not_matter(folder: Path) -> None:
    assert read_service(Settings(base_url="http://h/v1/"), {}).base_url == "http://h/v1"


@pytest.mark.parametrize(("text", "tokens"), [("500k", 500_000), ("1.5m", 1_500_000), ("12", 12)])
def test_tokens_have_scales(text: str, tokens: int) -> None:
    assert parse_budget(text) == tokens
    assert parse_tokens("--max-tokens", text) == tokens


@pytest.mark.parametrize("text", ["", "k", "-5", "0", "many", "1e3k"])
def test_what_is_no_number_of_tokens_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_tokens("--max-tokens", text)
