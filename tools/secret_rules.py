"""What secrets look like: one rule a kind, each with a literal that is cheap to look for first.

Shapes are those that the issuers document for their tokens. Every repetition is bounded, so that no
text can make a rule slow.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """How one kind of secret is found.

    Attributes:
        kind: What people are told was redacted.
        literals: A text without any of these holds no such secret.
        pattern: Group "secret" is what is replaced, or the whole match without such a group.
        needs_entropy: Skip values that look made up by a person (words, placeholders).
    """

    kind: str
    literals: tuple[str, ...]
    pattern: re.Pattern[str]
    needs_entropy: bool = False


def _rule(kind: str, literals: str, pattern: str, *, needs_entropy: bool = False) -> Rule:
    return Rule(kind, tuple(literals.split()), re.compile(pattern), needs_entropy)


_START = r"(?<![A-Za-z0-9_-])"
_END = r"(?![A-Za-z0-9_-])"

TOKEN_RULES = (
    _rule("github token", "ghp_ gho_ ghs_ ghu_ ghr_", rf"{_START}gh[pousr]_[A-Za-z0-9]{{36,251}}{_END}"),
    _rule("github token", "github_pat_", rf"{_START}github_pat_[A-Za-z0-9]{{22}}_[A-Za-z0-9]{{59}}{_END}"),
    _rule("gitlab token", "glpat-", rf"{_START}glpat-[A-Za-z0-9_-]{{20,64}}{_END}"),
    _rule("slack token", "xox",
          rf"{_START}xox[abeprs](?:\.xox[bp])?-[A-Za-z0-9-]{{10,250}}"),
    _rule("slack token", "xapp-", rf"{_START}xapp-\d-[A-Z0-9]{{8,15}}-\d{{8,15}}-[a-f0-9]{{32,128}}{_END}"),
    _rule("slack webhook", "hooks.slack.com",
          r"hooks\.slack\.com/(?:services|workflows)/(?P<secret>[A-Za-z0-9_/-]{20,100})"),
    _rule("aws key", "AKIA ASIA", rf"{_START}(?:AKIA|ASIA)[A-Z2-7]{{16}}{_END}"),
    _rule("aws secret key", "ecret ECRET",
          r"(?i:aws_?secret(?:_?access)?_?key|secret_?access_?key)[\"'\]]{0,3}\s{0,4}(?:=>|[:=])\s{0,4}[\"']?"
          r"(?P<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])", needs_entropy=True),
    _rule("google api key", "AIza", rf"{_START}AIza[A-Za-z0-9_-]{{35}}{_END}"),
    _rule("google oauth secret", "GOCSPX-", rf"{_START}GOCSPX-[A-Za-z0-9_-]{{28}}{_END}"),
    _rule("google oauth token", "ya29.", rf"{_START}ya29\.[A-Za-z0-9_-]{{30,400}}"),
    _rule("azure key", "Key=",
          r"(?:AccountKey|SharedAccessKey)=(?P<secret>[A-Za-z0-9+/]{43,86}={1,2})", needs_entropy=True),
    _rule("anthropic key", "sk-", rf"{_START}sk-ant-[A-Za-z0-9_-]{{24,200}}"),
    _rule("openrouter key", "sk-", rf"{_START}sk-or-v1-[a-f0-9]{{64}}{_END}"),
    _rule("openai key", "sk-",
          rf"{_START}sk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_-]{{20,250}}"
          r"|[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20})"),
    _rule("deepseek key", "sk-", rf"{_START}sk-[a-f0-9]{{32}}{_END}", needs_entropy=True),
    _rule("openai key", "sk-", rf"{_START}sk-[A-Za-z0-9]{{48}}{_END}", needs_entropy=True),
    _rule("stripe key", "k_live_ whsec_",
          rf"{_START}(?:[sr]k_live_[A-Za-z0-9]{{16,250}}|whsec_[A-Za-z0-9+/]{{32,64}})"),
    _rule("npm token", "npm_", rf"{_START}npm_[A-Za-z0-9]{{36}}{_END}"),
    _rule("npm token", "_authToken", r"_authToken\s{0,3}=\s{0,3}(?P<secret>[A-Za-z0-9+/_=-]{20,200})",
          needs_entropy=True),
    _rule("pypi token", "pypi-", rf"{_START}pypi-AgE[A-Za-z0-9_-]{{50,400}}"),
    _rule("sendgrid key", "SG.", rf"{_START}SG\.[A-Za-z0-9_-]{{22}}\.[A-Za-z0-9_-]{{43}}{_END}"),
    _rule("hugging face token", "hf_", rf"{_START}hf_[A-Za-z]{{34}}{_END}"),
    _rule("digitalocean token", "_v1_", rf"{_START}do[op]_v1_[a-f0-9]{{64}}{_END}"),
    _rule("telegram token", ":AA", rf"{_START}\d{{8,10}}:AA[A-Za-z0-9_-]{{33}}{_END}"),
    _rule("databricks token", "dapi", rf"{_START}dapi[a-f0-9]{{32}}{_END}"),
    _rule("mailgun key", "key-", rf"{_START}key-[a-f0-9]{{32}}{_END}", needs_entropy=True),
    _rule("age key", "AGE-SECRET-KEY-", r"AGE-SECRET-KEY-1[A-Z0-9]{58}"),
    _rule("jwt", "eyJ",
          rf"{_START}eyJ[A-Za-z0-9_-]{{10,2000}}\.eyJ[A-Za-z0-9_-]{{10,4000}}\.[A-Za-z0-9_-]{{20,1000}}"),
    _rule("password in a connection string", "://",
          r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,30}://[^\s:/@\"'`<>{}$]{0,80}:(?P<secret>[^\s:/@\"'`<>{}$%]{3,120})@"
          r"(?=[\w\[.-])", needs_entropy=True),
)  # fmt: skip

ASSIGNED_PARTS = (
    "passw", "PASSW", "Passw", "ecret", "ECRET", "oken", "OKEN", "redential", "REDENTIAL", "key", "KEY",
    "Key",
)  # fmt: skip
"""Parts of names that promise a secret; keys only behind a word such as "api"."""

_VALUE_CHARS = r"A-Za-z0-9+/_.=~\-"
ASSIGNED_VALUE = re.compile(
    r"[\w-]{0,24}[\"'\]]{0,3}[ \t]{0,4}(?:=>|:=|[:=])[ \t]{0,4}"
    r"(?:(?P<quote>[\"'])(?=[^\"'\n]{16,200}(?P=quote))|(?=["
    + _VALUE_CHARS
    + r"]{20,200}[ \t\r]{0,4}(?:\n|\Z)))"
    r"(?P<secret>[" + _VALUE_CHARS + r"!@#%^&*]{16,200})"
)
"""The rest of such a name, a sign, and a value: quoted, or bare up to the end of its line."""

DOTENV_LINE = re.compile(
    r"^(?P<head>\s{0,8}(?:export\s{1,4})?[A-Za-z_][A-Za-z0-9_.-]{0,100}\s{0,4}=\s{0,4})(?P<secret>\S.*)$"
)
DOTENV_HARMLESS = re.compile(
    r"[\"']?(?:true|false|yes|no|on|off|null|none|\d{1,6}|development|production|staging|test|local|debug"
    r"|info|warning|error|localhost|127\.0\.0\.1|0\.0\.0\.0|https?://(?:localhost|127\.0\.0\.1)[:/\w.-]{0,80})?"
    r"[\"']?\s{0,8}(?:#.{0,200})?",
    re.IGNORECASE,
)
"""Dotenv values that give nothing away; everything else in such a file is taken for a secret."""

KEY_BEGIN = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
KEY_END = re.compile(r"-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
KEY_BODY = re.compile(r"(?:[A-Za-z0-9+/=_-]|\\[nr]){16,}")
KEY_MAX_LINES = 400
"""A private key is at most this many lines long; an unclosed one ends there."""

PLACEHOLDER = re.compile(
    r"example|sample|placeholder|changeme|change[_-]me|dummy|fake|redacted|your[_-]?|my[_-]?(?:secret|token|pass)"
    r"|xxxx|\*\*\*|\.\.\.|<|>|\$\{|\{\{|%\(|1234567|abcdef[^0-9]|foobar|secret[_-]?key$|todo|insert",
    re.IGNORECASE,
)
"""Values written to be read, not used."""

COMMON_PASSWORDS = frozenset({
    "password", "passwd", "pass", "pwd", "secret", "user", "username", "root", "admin", "guest", "test",
    "tester", "hunter2", "scott", "tiger", "postgres", "mysql", "redis", "rabbitmq", "mongo", "foo", "bar",
    "baz", "foobar", "abc", "abc123", "pw", "passw0rd", "token", "x", "xxx", "123", "1234", "12345", "123456",
    "p4ssw0rd", "pass:pass", "no", "none", "null", "key", "port", "host", "default", "example",
})  # fmt: skip
