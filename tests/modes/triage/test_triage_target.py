import pytest
from bathy.agent.errors import ConfigError
from bathy.agent.modes.triage.dossier import Target
from bathy.agent.modes.triage.target import (
    DEFAULT_API,
    checked_api,
    host_of,
    name_of_origin,
    target_of,
)

NO_TARGETS = (
    "12; rm -rf /", "../13", "0", "-1", "1e3", "٣", "1 2", "", "#", "1234567890", "12\n", "０",
    "https://github.com@evil.invalid/o/r/issues/1",
    "https://github.com/o/r/issues/0",
    "https://github.com/o/r/issues/1/../2",
    "https://github.com/../r/issues/1",
    "https://github.com/o/r/issues/1\n",
    "https://user:pw@github.com/o/r/issues/1",
    "javascript://github.com/o/r/issues/1",
    "http://github.com/o/r/issues/1",
    "ftp://github.com/o/r/issues/1",
    "https://evil.invalid/o/r/issues/1",
    "https://github.com.evil.invalid/o/r/issues/1",
    "https://github.com:444/o/r/issues/1",
    "https://[::1/o/r/issues/1",
)  # fmt: skip


@pytest.mark.parametrize("text", NO_TARGETS)
def test_what_is_no_issue_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        target_of(text, api_url=DEFAULT_API, name="o/r")


@pytest.mark.parametrize("text", ["7", "#7", "https://github.com/O/R/issues/7"])
def test_a_number_and_a_page_mean_the_same_issue(text: str) -> None:
    found = target_of(text, api_url=DEFAULT_API, name="o/r")
    assert (found.host, found.full_name.lower(), found.number) == ("github.com", "o/r", 7)


def test_a_page_of_another_repository_than_the_named_one_is_refused() -> None:
    with pytest.raises(ConfigError, match="not to o/r"):
        target_of("https://github.com/o/other/issues/7", api_url=DEFAULT_API, name="o/r")


def test_a_number_alone_needs_a_repository() -> None:
    with pytest.raises(ConfigError, match="--repo-name"):
        target_of("7", api_url=DEFAULT_API, name="")


@pytest.mark.parametrize(
    ("api", "host"),
    [
        ("https://api.github.com", "github.com"),
        ("https://api.acme.ghe.com", "acme.ghe.com"),
        ("https://ghe.example.com/api/v3", "ghe.example.com"),
        ("https://ghe.example.com:8443/api/v3", "ghe.example.com:8443"),
        ("http://127.0.0.1:4020", "127.0.0.1:4020"),
    ],
)
def test_pages_belong_to_the_api_s_host(api: str, host: str) -> None:
    assert host_of(checked_api(api)) == host
    page = f"https://{host}/o/r/issues/7"
    assert target_of(page, api_url=api, name="") == Target(host, api, "o/r", 7)


@pytest.mark.parametrize(
    "url",
    ["http://ghe.example.com", "ghe.example.com", "https://a@b.c", "https://a.b/?x", "https://",
     "file:///etc", "https://a.b/\x00", "http://127.0.0.1.evil.invalid", "https://a.b:x"],
)  # fmt: skip
def test_no_token_is_sent_to_an_odd_address(url: str) -> None:
    with pytest.raises(ConfigError):
        checked_api(url)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/pallets/flask.git\n", "pallets/flask"),
        ("git@github.com:pallets/flask.git", "pallets/flask"),
        ("ssh://git@github.com:22/pallets/flask", "pallets/flask"),
        ("https://token@github.com/pallets/flask/", "pallets/flask"),
        ("/srv/git/flask.git", ""),
        ("../flask", ""),
        ("", ""),
        ("https://github.com/a/../b", ""),
    ],
)
def test_the_origin_names_the_repository(url: str, name: str) -> None:
    assert name_of_origin(url) == name
