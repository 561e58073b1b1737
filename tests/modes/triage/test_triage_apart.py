"""What could be stolen or misused is not in the process that a hostile text could steer."""

from bathy.agent.modes.triage.apart import TOKENS, secrets_in

TOKEN = "ghs_write0123456789abcdefghijklmnopqrstuv"
PLAIN = {
    "PATH": "/usr/bin", "HOME": "/home/ann", "LANG": "C.UTF-8", "PWD": "/home/ann",
    "DEEPSEEK_MODEL": "deepseek-flash", "TOKENIZERS_PARALLELISM": "true", "BATHY_TOKENIZER": "/t.json",
    "HTTPS_PROXY": "http://ann:correct-horse-battery@proxy:8080",
}  # fmt: skip


def test_the_model_s_key_and_plain_variables_stay() -> None:
    environment = {**PLAIN, "DEEPSEEK_API_KEY": "sk-0123456789abcdef0123456789abcdef"}
    assert secrets_in(environment) == set()


def test_tokens_go_by_whatever_name_they_have() -> None:
    secret = {
        "GITHUB_TOKEN": TOKEN, "MINE": f"x-access-token:{TOKEN}@github.com", "MY_GITHUB_PAT": "short",
        "NPM_TOKEN": "x", "AWS_SECRET_ACCESS_KEY": "y", "PGPASSWORD": "z", "SSH_AUTH_SOCK": "/tmp/s",
        "OTHER": f"ghp_{'a1B2c3D4e5F6g7H8i9' * 2}", "GITHUB_ENV": "/tmp/e",
    }  # fmt: skip
    assert secrets_in({**PLAIN, **secret}) == set(secret)


def test_a_token_is_not_kept_as_the_model_s_key() -> None:
    assert secrets_in({"GITHUB_TOKEN": TOKEN, "DEEPSEEK_API_KEY": TOKEN}) == {
        "GITHUB_TOKEN", "DEEPSEEK_API_KEY",
    }  # fmt: skip
    assert secrets_in({"GITHUB_TOKEN": "", "DEEPSEEK_API_KEY": "sk-x"}) == {"GITHUB_TOKEN"}
    assert set(TOKENS) == secrets_in(dict.fromkeys(TOKENS, "1"))
