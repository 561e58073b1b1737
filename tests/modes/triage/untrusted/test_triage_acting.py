"""What GitHub would act on is found in any comment, and in none of ours."""

import pytest
from bathy.agent.modes.triage.marker import with_marker
from bathy.agent.modes.triage.report import Report
from bathy.agent.modes.triage.telling.comment import checklist_reply, comment_body
from bathy.agent.modes.triage.untrusted.acting import MOST_COMMENT_CHARS, acting_in
from bathy.agent.modes.triage.untrusted.safe import Links
from hypothesis import example, given, settings
from hypothesis import strategies as st
from triage_reports import COMMIT, DIGEST, REPORT, hostile_texts, reports

LINKS = Links("github.test", "o/r", COMMIT)
FILE = f"https://github.test/o/r/blob/{COMMIT}/src/a.py#L1-L2"


@settings(deadline=None)
@given(reports(), st.one_of(hostile_texts(400), st.text(max_size=60)))
@example(REPORT, "See #3.")
def test_nothing_acts_in_what_we_write(report: Report, draft: str) -> None:
    numbers = [one.number for one in report.duplicates]
    for body in (comment_body(report, draft=draft), checklist_reply(report)):
        assert acting_in(with_marker(body, DIGEST), LINKS, numbers) == ""


@pytest.mark.parametrize(
    ("comment", "why"),
    [
        ("Thanks @octocat", "mentions"),
        ("\uff20octocat", "mentions"),
        ("**@octocat**", "mentions"),
        ("&#64;octocat", "mentions"),
        ("- a\n  - @octocat", "mentions"),
        ("closes #3", "close"),
        ("Fixes:\n#3", "close"),
        ("Duplicate of #3", "close"),
        ("duplicates #3", "close"),
        ("Fixes https://github.test/o/r/issues/3", "close"),
        ("Fixes https://github.test/o/r/issues/3:", "close"),
        ("Duplicate of [x](https://github.test/o/r/issues/3)", "close"),
        ("```\n/merge\n```", "command"),
        ("`@dependabot merge`", "command"),
        ("    fixes #3", "command"),
        ("see #4", "another issue"),
        ("see a/b#3", "another repository"),
        ("see GH-3", "another repository"),
        ("![x](https://evil.test/p.png)", "picture"),
        (f"![x]({FILE})", "picture"),
        ("[x](https://evil.test)", "elsewhere"),
        ("[x][1]\n\n[1]: https://evil.test", "elsewhere"),
        ("<https://evil.test>", "elsewhere"),
        ("https://evil.test/x", "elsewhere"),
        ("www.evil.test", "elsewhere"),
        (f"[x]({FILE.replace(COMMIT, 'main')})", "elsewhere"),
        ("[x](https://github.test/o/r/../../x/y)", "elsewhere"),
        ("<img src=x>", "HTML"),
        ("a <b>b</b>", "HTML"),
        ("<details open>\n\nx\n\n</details>", "HTML"),
        ("<!-- bathy-triage:v1 digest=sha256:0 -->", "HTML"),
        ("<details>\n@octocat\n</details>", "HTML"),
        ("/close", "command"),
        ("a\n/assign @octocat", "mentions"),
        ("::error::x", "command"),
        ("# Head", "not ours"),
        ("| a |\n|---|\n| b |", "not ours"),
        ("> quoted", "not ours"),
        ("```suggestion\nx\n```", "drawn"),
        ("```mermaid\nx\n```", "drawn"),
        ("x" * (MOST_COMMENT_CHARS + 1), "characters"),
    ],
)
def test_what_acts_is_found(comment: str, why: str) -> None:
    assert why in acting_in(comment, LINKS, (3,))


@pytest.mark.parametrize(
    "comment",
    [
        "`@octocat` and `#9`", "```py\n@octocat: #9\n```", "https://github.test/o/r/issues/3", "https://github.test/o/r/issues/3:", "See #3, and a.py:3", "at //server.example/share", f"[a]({FILE})", FILE, f"({FILE})",
        "[p](https://github.test/o/r/security/policy)", "\\@ octocat", "- [ ] bug", "me at home", "a #x",
    ],
)  # fmt: skip
def test_what_does_not_act_is_let_through(comment: str) -> None:
    assert acting_in(comment, LINKS, (3,)) == ""
