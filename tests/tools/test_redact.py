import random
import string

import pytest
from bathy.tools.redact import REDACTION_MARK, holds_redaction_mark, redact
from hypothesis import given, settings
from hypothesis import strategies as st

RANDOM = random.Random(7)


def some(count: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    return "".join(RANDOM.choice(alphabet) for _ in range(count))


HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + "234567"
KEY_BODY = "\n".join(some(64, string.ascii_letters + string.digits + "+/") for _ in range(6))
# Put together here, so that no scanner takes this file for a leak.
PLANTED = {
    "github token": ["gh" + kind + "_" + some(36) for kind in "pousr"]
    + ["github" + "_pat_" + some(22) + "_" + some(59)],
    "gitlab token": ["glp" + "at-" + some(20)],
    "slack token": ["xo" + "xb-" + some(12, "0123456789") + "-" + some(24)],
    "slack webhook": ["https://hooks.slack" + ".com/services/T0" + some(8) + "/B0" + some(8) + "/" + some(24)],
    "aws key": ["AK" + "IA" + some(16, UPPER), "AS" + "IA" + some(16, UPPER)],
    "aws secret key": ['aws_secret_access_key = "' + some(40) + '"'],
    "google api key": ["AI" + "za" + some(35)],
    "azure key": ["Account" + "Key=" + some(86) + "=="],
    "anthropic key": ["sk-" + "ant-api03-" + some(80)],
    "openai key": ["sk-" + "proj-" + some(60), "sk-" + some(48)],
    "deepseek key": ["sk-" + some(32, HEX)],
    "stripe key": ["sk_" + "live_" + some(24)],
    "npm token": ["npm" + "_" + some(36)],
    "pypi token": ["pypi-" + "AgE" + some(80)],
    "sendgrid key": ["S" + "G." + some(22) + "." + some(43)],
    "hugging face token": ["hf" + "_" + some(34, string.ascii_letters)],
    "jwt": ["ey" + "J" + some(30) + ".ey" + "J" + some(60) + "." + some(43)],
    "password in a connection string": ["postgres://app:" + some(18) + "@db.internal:5432/shop"],
    "assigned secret": ['api_key: "' + some(32, HEX) + '"', "CLIENT_SECRET = '" + some(40) + "'"],
    "private key": [
        f"-----BEGIN {kind}PRIVATE " + f"KEY-----\n{KEY_BODY}\n-----END {kind}PRIVATE " + "KEY-----"
        for kind in ("", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ")
    ],
}  # fmt: skip
BARE = ["auth_token=" + some(36), "client_secret: " + some(40), "API_KEY: " + some(32, HEX)]
CASES = [(kind, secret) for kind, secrets in PLANTED.items() for secret in secrets]


@pytest.mark.parametrize("secret", BARE)
def test_a_secret_without_quotes_ends_with_its_line(secret: str) -> None:
    redacted = redact(f"a: 1\n{secret}\nb: 2\n")
    assert [finding.kind for finding in redacted.findings] == ["assigned secret"]
    assert redacted.text.endswith("]\nb: 2\n")


@pytest.mark.parametrize(("kind", "secret"), CASES)
@pytest.mark.parametrize("frame", ["{}", "x = f({})\n", "key: {}\nnext: 1\n", '"{}",\n'])
def test_planted_secrets_are_found_and_taken_out(kind: str, secret: str, frame: str) -> None:
    text = "first\n" + frame.format(secret)
    redacted = redact(text)
    assert [finding.kind for finding in redacted.findings] == [kind]
    assert redacted.text.count("\n") == text.count("\n")
    longest = max(secret.replace('"', " ").replace("'", " ").split(), key=len)
    assert longest not in redacted.text
    assert f"{REDACTION_MARK}{kind}]" in redacted.text


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + "IOSFODNN7EXAMPLE",
        'password = "correct horse"',
        'password = "{{ vault_password }}"',
        "api_key = os.environ['API_KEY']",
        "postgres://user:password@localhost/db",
        "postgres://user:${DB_PASSWORD}@host/db",
        "https://user:pass@example.com/",
        "git@github.com:owner/name.git",
        'token = "your-token-goes-here"',
        "secret_key = 'xxxxxxxxxxxxxxxxxxxxxxxx'",
        'TOKEN_URL = "https://auth.example.com/oauth2/v1/token"',
        'key = "some_configuration_option_name"',
        "sk-learn and task-force-of-the-month",
        "a" * 64,
        "sha256:" + "0123456789abcdef" * 4,
    ],
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert redact(text).findings == ()
    assert redact(text).text == text


def test_every_telling_value_of_a_dotenv_file_goes() -> None:
    text = (
        "# note\nexport URL=https://x.example.net/v1\nDEBUG=true\nPORT=8000\nNAME='a b'\nEMPTY=\n"
    )
    redacted = redact(text, "deploy/.env.production")
    mark = "[redacted: dotenv value]"
    assert (
        redacted.text == f"# note\nexport URL={mark}\nDEBUG=true\nPORT=8000\nNAME={mark}\nEMPTY=\n"
    )
    assert [finding.line for finding in redacted.findings] == [2, 5]
    assert redact(text, ".env.example").findings == ()


def test_findings_say_the_line_and_not_the_secret() -> None:
    secret = PLANTED["github token"][0]
    redacted = redact(f"a\n\nb {secret}\n")
    assert [finding.line for finding in redacted.findings] == [3]
    assert secret not in repr(redacted)


def test_a_private_key_that_is_never_closed_ends_where_its_body_does() -> None:
    text = "-----BEGIN PRIVATE " + f"KEY-----\n{KEY_BODY}\nreal code goes on\n"
    redacted = redact(text)
    assert "real code goes on" in redacted.text
    assert KEY_BODY.split("\n")[5] not in redacted.text


def test_marks_are_recognised() -> None:
    assert holds_redaction_mark(redact(PLANTED["aws key"][0]).text)
    assert not holds_redaction_mark("[redacted] by hand")


@pytest.mark.parametrize(
    "text",
    [
        " " * 1_000_000,
        "a" * 2_000_000,
        "sk-" * 600_000,
        "password=" * 200_000,
        "-----BEGIN PRIVATE " + "KEY-----\n" * 50_000,
        "eyJ" + "a" * 1_000_000,
        "://:" * 300_000,
        'secret="' * 200_000,
        "hooks.slack.com/" * 100_000,
    ],
)
def test_hostile_texts_keep_their_lines(text: str) -> None:
    assert redact(text, ".env").text.count("\n") == text.count("\n")


LINES = st.lists(
    st.sampled_from([secret for _, secret in CASES] + ["x = 1", "", "[redacted: aws key]", "PORT=80", "A=b c"])
    | st.text(max_size=20),
    max_size=6,
).map("\n".join)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(text=LINES, path=st.sampled_from(["", ".env", "a.py"]))
def test_redacting_twice_is_redacting_once_and_lines_stay(text: str, path: str) -> None:
    once = redact(text, path)
    assert once.text.count("\n") == text.count("\n")
    assert redact(once.text, path).text == once.text
