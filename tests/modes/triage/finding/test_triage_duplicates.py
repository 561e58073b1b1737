from dataclasses import replace

from bathy.agent.modes.triage.dossier import Chain, Dossier, Issue, Target
from bathy.agent.modes.triage.finding.duplicates import find_duplicates
from bathy.agent.modes.triage.opinion import DuplicateOpinion
from bathy.agent.modes.triage.report import MOST_DUPLICATES, Duplicate
from hypothesis import given
from hypothesis import strategies as st

TARGET = Target("github.example", "https://github.example/api/v3", "octo/shop", 50)
BODY = (
    "Exporting a cart with more than one currency stops half way.\n\n```\n"
    "CurrencyError: totals of different currencies cannot be added\n```\n"
    "I expected one total per currency, in the order of the lines.\n"
)
ISSUE = Issue(50, "Export of a mixed cart stops half way", BODY)
TWIN = replace(ISSUE, number=7)
PARAPHRASE = Issue(
    8,
    "Mixed baskets break the report",
    "The nightly report says `CurrencyError: totals of different currencies cannot be added`, "
    "and the accountants get nothing at all.",
)
UNLIKE = Issue(9, "Dark mode for the settings page", "White is too bright at night for my eyes.")


def find(
    *others: Issue,
    issue: Issue = ISSUE,
    chains: tuple[Chain, ...] = (),
    opinions: tuple[DuplicateOpinion, ...] = (),
) -> tuple[Duplicate, ...]:
    return find_duplicates(Dossier(TARGET, "cli", issue, others=others, chains=chains), opinions)


def test_a_near_identical_open_issue_is_a_duplicate() -> None:
    (found,) = find(TWIN, UNLIKE)
    assert (found.number, found.relation, found.confidence) == (7, "duplicate", "high")
    assert found.url == "https://github.example/octo/shop/issues/7"
    assert "CurrencyError: totals of different currencies" in found.same
    assert found.canonical_of_chain is None


def test_without_a_model_one_error_in_other_words_is_only_related() -> None:
    (found,) = find(PARAPHRASE, UNLIKE)
    assert (found.number, found.relation) == (8, "related")
    assert found.confidence != "high"
    assert "only here:" in found.different
    assert "accountants" in found.different


def test_what_hardly_resembles_is_not_spoken_of() -> None:
    assert find(UNLIKE) == ()
    assert find() == ()


def test_an_issue_that_the_text_names_is_related() -> None:
    older = Issue(
        6, "Speed of the export", "A hundred articles need a minute, which could be much faster."
    )
    assert find(older) == ()
    named = replace(ISSUE, body=BODY + "\nPerhaps like #6, but not octo/other#6.\n")
    (found,) = find(older, issue=named)
    assert (found.number, found.relation, found.confidence) == (6, "related", "low")


def test_newer_ones_pull_requests_and_itself_are_never_named() -> None:
    others = (
        ISSUE,
        replace(TWIN, number=51),
        replace(TWIN, number=12, is_pull_request=True),
        replace(TWIN, number=0),
    )
    opinions = tuple(DuplicateOpinion(n, "duplicate", "high") for n in (50, 51, 12, 0, -1, 99))
    assert find(*others, opinions=opinions) == ()


def test_a_closed_issue_is_only_related() -> None:
    closed = replace(TWIN, state="closed", state_reason="completed")
    (found,) = find(closed)
    assert (found.relation, found.state, found.state_reason) == ("related", "closed", "completed")
    (found,) = find(closed, opinions=(DuplicateOpinion(7, "duplicate", "high"),))
    assert found.relation == "related"


def test_what_worked_before_is_a_regression_of_the_mended_one() -> None:
    back = replace(ISSUE, body=BODY + "This worked in 2.1 and broke in 2.2.\n")
    mended = replace(TWIN, state="closed", state_reason="completed")
    assert find(mended, issue=back)[0].relation == "regression_of"
    assert find(mended)[0].relation == "related"
    refused = replace(mended, state_reason="not_planned")
    assert find(refused, issue=back)[0].relation == "related"


def test_a_chain_is_followed_to_its_end() -> None:
    middle = replace(TWIN, number=6, state="closed", state_reason="duplicate")
    first = replace(PARAPHRASE, number=3)
    links = (Chain(7, (6,)), Chain(6, (3,)))
    found = find(replace(TWIN, state="closed"), middle, first, chains=links)
    assert [(d.number, d.relation, d.canonical_of_chain) for d in found] == [(3, "duplicate", 3)]
    assert found[0].title == PARAPHRASE.title
    assert found[0].confidence != "high"


def test_a_cycle_has_no_canonical_issue() -> None:
    for chains in ((Chain(7, (6, 7), is_cycle=True),), (Chain(7, (6,)), Chain(6, (7,)))):
        (found,) = find(TWIN, chains=chains)
        assert (found.number, found.relation) == (7, "related")
        assert found.canonical_of_chain is None


def test_a_chain_to_an_issue_that_cannot_be_named_leaves_a_relation() -> None:
    for end, canonical in ((77, 77), (50, None), (2, 2)):
        (found,) = find(TWIN, chains=(Chain(7, (end,)),))
        assert (found.number, found.relation) == (7, "related")
        assert found.canonical_of_chain == canonical


def test_robots_reports_with_other_names_are_no_duplicates() -> None:
    body = "Nightly build {} failed in step unit, the test that broke is `{}`. See the log.\n"
    issue = Issue(50, "Nightly build 4711 failed", body.format(4711, "test_cart_total"))
    older = Issue(40, "Nightly build 4690 failed", body.format(4690, "test_user_login"))
    assert all(found.relation != "duplicate" for found in find(older, issue=issue))
    again = replace(older, body=body.format(4690, "test_cart_total"))
    assert find(again, issue=issue)[0].relation == "duplicate"


def test_titles_without_a_body_are_no_duplicates() -> None:
    for body in (
        "",
        "See the log.",
        "<!-- What happened, and what did you expect instead of it? -->",
    ):
        issue = Issue(50, "Nightly build failed", body)
        found = find(*(replace(issue, number=n) for n in range(1, 5)), issue=issue)
        assert all(each.relation != "duplicate" for each in found)


def test_a_report_that_is_posted_over_and_over_is_still_a_duplicate() -> None:
    found = find(*(replace(ISSUE, number=n) for n in range(1, 9)))
    assert {each.relation for each in found} == {"duplicate"}


def test_a_model_may_call_another_wording_a_duplicate_but_not_surely() -> None:
    opinion = DuplicateOpinion(8, "duplicate", "high", "both\nadd currencies", "")
    (found,) = find(PARAPHRASE, UNLIKE, opinions=(opinion,))
    assert (found.number, found.relation, found.confidence) == (8, "duplicate", "medium")
    assert found.same == "both add currencies"
    assert found.different.startswith("only here:")


def test_a_model_is_not_believed_against_the_texts() -> None:
    opinions = (DuplicateOpinion(9, "duplicate", "high", "it says so", "nothing"),)
    assert all(found.relation != "duplicate" for found in find(UNLIKE, opinions=opinions))


def test_a_model_does_not_lower_what_the_texts_show() -> None:
    (found,) = find(TWIN, opinions=(DuplicateOpinion(7, "related", "low", "the export"),))
    assert (found.relation, found.confidence, found.same) == ("duplicate", "high", "the export")


def test_a_model_calls_nothing_a_regression_that_did_not_work_before() -> None:
    mended = replace(PARAPHRASE, state="closed", state_reason="completed")
    opinion = DuplicateOpinion(8, "regression_of", "high")
    assert find(mended, opinions=(opinion,))[0].relation == "related"
    back = replace(ISSUE, body=BODY + "It used to work.\n")
    assert find(mended, issue=back, opinions=(opinion,))[0].relation == "regression_of"


def test_few_are_named_and_each_once() -> None:
    others = tuple(replace(TWIN, number=n) for n in range(1, 9))
    opinions = (DuplicateOpinion(2, "duplicate"), DuplicateOpinion(2, "related"))
    found = find(*others, opinions=opinions)
    assert len(found) == MOST_DUPLICATES
    assert len({each.number for each in found}) == MOST_DUPLICATES


def test_what_is_hidden_in_comments_names_nothing() -> None:
    older = Issue(
        6, "Speed of the export", "A hundred articles need a minute, which could be much faster."
    )
    assert find(older, issue=replace(ISSUE, body=BODY + "<!-- like #6, it worked before -->")) == ()


@given(
    st.lists(st.tuples(st.integers(0, 60), st.lists(st.integers(0, 60), max_size=4)), max_size=8),
    st.lists(
        st.builds(
            DuplicateOpinion,
            st.integers(-5, 70),
            st.sampled_from(["duplicate", "related", "regression_of"]),
            st.sampled_from(["low", "medium", "high"]),
            st.text(max_size=20),
        ),
        max_size=6,
    ),
    st.lists(st.sampled_from(["open", "closed"]), min_size=12, max_size=12),
)
def test_any_chains_and_opinions_keep_the_rules(
    chains: list[tuple[int, list[int]]], opinions: list[DuplicateOpinion], states: list[str]
) -> None:
    others = {
        n: replace(TWIN, number=n, state="open" if state == "open" else "closed")
        for n, state in enumerate(states, 42)
    }
    made = tuple(Chain(number, tuple(links)) for number, links in chains)
    found = find(*others.values(), chains=made, opinions=tuple(opinions))
    assert len({each.number for each in found}) == len(found) <= MOST_DUPLICATES
    for each in found:
        assert 0 < each.number < ISSUE.number
        assert each.number in others
        assert each.relation != "duplicate" or others[each.number].state == "open"
        assert each.canonical_of_chain != ISSUE.number
