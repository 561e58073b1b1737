import json
from dataclasses import replace

from bathy.agent.modes.triage.dossier import Issue
from bathy.agent.modes.triage.finding.resembling import resembling
from hypothesis import given
from hypothesis import strategies as st

CRASH = Issue(
    10,
    "Crash when a blueprint is registered twice",
    "Since last week our application dies at start.\n\n```\nTraceback (most recent call last):\n"
    '  File "shop/app.py", line 12, in create\n    app.register_blueprint(cart)\n'
    '  File "web/blueprints.py", line 301, in register\n    raise ValueError(message)\n'
    "ValueError: the name 'cart' is already registered for a different blueprint\n```\n",
)
SAME_ERROR = Issue(
    3,
    "Cannot mount one module under two prefixes",
    "I mount the same thing at two places and get "
    "`ValueError: the name 'cart' is already registered for a different blueprint`.\n",
)
SAME_TITLE = Issue(
    4,
    "Crash when a blueprint is registered twice",
    "The command line exits silently if templates are missing from the wheel package.\n",
)
UNLIKE = Issue(5, "Document the sessions page", "The page about cookies lacks an example.\n")


def test_an_identical_text_scores_one_and_comes_first() -> None:
    found = resembling(CRASH, [UNLIKE, SAME_ERROR, replace(CRASH, number=2)])
    assert found[0].number == 2
    assert found[0].score == 1
    assert not found[0].only_here
    assert not found[0].only_there


def test_a_shared_rare_error_outranks_a_shared_title() -> None:
    found = resembling(CRASH, [SAME_TITLE, SAME_ERROR, UNLIKE])
    assert [each.number for each in found][:2] == [3, 4]
    assert found[0].strong == (
        "ValueError: the name 'cart' is already registered for a different blueprint",
    )
    assert found[0].shared[0] == found[0].strong[0]
    assert not found[1].strong


def test_only_older_issues_are_ranked() -> None:
    twin = replace(CRASH, number=7)
    others = [
        twin,
        CRASH,
        replace(CRASH, number=11),
        replace(CRASH, number=8, is_pull_request=True),
        replace(CRASH, number=0),
    ]
    assert [each.number for each in resembling(CRASH, others)] == [7]
    assert resembling(CRASH, []) == ()
    assert resembling(CRASH, [twin], most=0) == ()


def test_an_issue_outside_of_a_tracker_is_compared_with_all() -> None:
    assert [e.number for e in resembling(replace(CRASH, number=0), [CRASH])] == [10]


def test_what_a_template_says_counts_for_nothing() -> None:
    template = (
        "<!-- Please read the contribution guidelines and the frequently asked questions -->\n"
        "## Describe the bug\n{}\n## Checklist\n- [x] I searched for similar issues before\n"
        "I agree to the code of conduct of this wonderful project and will be polite\n"
    )
    topics = ["tokens expire", "footer overlaps", "invoices round wrongly", "gauge flickers"]
    others = [
        Issue(n + 1, f"About {topic}", template.format(f"The {topic} on the second monitor {n}."))
        for n, topic in enumerate(topics * 3)
    ]
    issue = Issue(90, "Parser drops semicolons", template.format("Nested comments lose theirs."))
    found = resembling(issue, others)
    assert max((each.score for each in found), default=0) < 0.1
    shown = " ".join(word for each in found for word in each.shared + each.only_here)
    assert "conduct" not in shown
    assert "guidelines" not in shown


def test_a_title_that_recurs_counts_for_nothing() -> None:
    bodies = [
        "The linter found unsorted imports inside the billing package.",
        "Uploading coverage timed out while the proxy restarted.",
        "Segmentation fault within the image decoder of the thumbnails job.",
    ]
    series = [Issue(n, f"CI failed on main (run {n}00)", b) for n, b in enumerate(bodies, 1)]
    newest = Issue(9, "CI failed on main (run 900)", "Docker ran out of disk space pulling layers.")
    assert max((each.score for each in resembling(newest, series)), default=0) < 0.2
    again = replace(newest, body=bodies[1])
    assert resembling(again, series)[0].number == 2


def test_errors_that_differ_count_against_likeness() -> None:
    body = "Calling the loader with an empty file during start of the worker fails.\n\n{}\n"
    issue = Issue(9, "Loader fails", body.format("KeyError: no section named defaults found"))
    agreeing = Issue(1, "Loader fails", body.format(""))
    differing = Issue(2, "Loader fails", body.format("OSError: too many open files in system"))
    found = {each.number: each for each in resembling(issue, [agreeing, differing])}
    assert found[2].is_conflict
    assert not found[1].is_conflict
    assert found[1].score > found[2].score


def test_an_error_of_many_issues_is_no_evidence() -> None:
    error = "RuntimeError: dropped elements in sequence matching"
    others = [
        Issue(n, f"Query number {n}", f"Statement {chr(96 + n) * 5} breaks\n{error}\n")
        for n in range(1, 9)
    ]
    issue = Issue(20, "Another query", f"Something with a window function\n{error}\n")
    assert not any(each.strong for each in resembling(issue, others))


def test_the_innermost_calls_with_the_same_error_are_evidence() -> None:
    trace = (
        "```\nTraceback (most recent call last):\n"
        '  File "/home/{0}/main.py", line 3, in start_{0}\n    run()\n'
        '  File "/usr/lib/engine/plan.py", line 4{1}, in make_plan\n    go()\n'
        '  File "/usr/lib/engine/step.py", line 9{1}, in resolve_step\n    raise it\n'
        "KeyError: '{0}'\n```\n"
    )
    issue = Issue(9, "Planning dies", "It dies with my graph.\n" + trace.format("ann", 1))
    other = Issue(1, "No plan", "Empty input is refused.\n" + trace.format("bob", 7))
    found = resembling(issue, [other, UNLIKE])
    assert found[0].strong == ("resolve_step in step.py",)


def test_the_order_of_the_others_changes_nothing() -> None:
    others = [SAME_ERROR, SAME_TITLE, UNLIKE, replace(CRASH, number=2)]
    assert resembling(CRASH, others) == resembling(CRASH, others[::-1])


def test_most_limits_the_records() -> None:
    others = [replace(CRASH, number=n) for n in range(1, 10)]
    assert len(resembling(CRASH, others, most=4)) == 4


@given(st.lists(st.tuples(st.text(max_size=80), st.text(max_size=300)), min_size=1, max_size=6))
def test_any_texts_give_scores_and_lines(texts: list[tuple[str, str]]) -> None:
    first, *rest = texts
    others = [Issue(n, *each) for n, each in enumerate([first, *rest], 1)]
    for found in resembling(Issue(100, *first), others):
        assert 0 <= found.score <= 1
        for words in (found.shared, found.only_here, found.only_there, found.strong):
            assert len(words) <= 6
            assert all(w and len(w) <= 80 and w.splitlines() == [w] for w in words)
    json.dumps([each.score for each in resembling(Issue(100, *first), others)], allow_nan=False)
