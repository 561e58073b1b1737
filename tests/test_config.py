from pathlib import Path

import pytest
from bathy.agent.config import Settings, parse_budget, parse_tokens, read_service
from bathy.agent.errors import ConfigError


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
    (folder / "env").write_text('DEEPSEEK_API_KEY="$HOME `id` $(id)"\n')
    assert read_service(Settings(), {}).api_key == "$HOME `id` $(id)"


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("modle = 1\n", "modle is no setting"),
        ("effort = 'hard'\n", "effort 'hard' is none of"),
        ("base_url = 'ftp://x'\n", "must begin with https://"),
        ("max_retries = -1\n", "must be at least 0"),
        ("idle_timeout_s = 'soon'\n", "is no number"),
        ("models = { a = 1 }\n", "must be a table"),
        ("models\n", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(folder: Path, toml: str, says: str) -> None:
    (folder / "config.toml").write_text(toml)
    with pytest.raises(ConfigError, match=says):
        read_service(Settings(), {})


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
