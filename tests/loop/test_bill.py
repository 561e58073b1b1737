from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from bathy.agent.config import Effort
from bathy.agent.loop.bill import Bill, Books, Open
from bathy.agent.loop.cost import Head, Meter
from bathy.agent.loop.forecast import EXPIRED_S, NOT_A_UNIT, NOT_KEPT, WARM_S
from bathy.agent.loop.ledger import Ledger
from bathy.agent.loop.prompt import PACK_ANSWER, PACK_REASONING, change_messages
from bathy.agent.model.catalog import Prices, find_model
from bathy.agent.model.messages import Message, Usage

NOW_S = 1_800_000_000.0
PRICES = Prices(1.0, 50.0, 100.0)
SYSTEM = Message("system", "s" * 1_000)
BASE = [SYSTEM, Message("user", "p" * 20_000), Message("assistant", PACK_ANSWER, PACK_REASONING)]
ONE, OTHER, THIRD = ([*BASE, Message("user", f"{n} asks. {n * 40}")] for n in "123")
ANSWER = Message("assistant", "a" * 300, "r" * 100)


@dataclass
class Shop:
    """A bill of one user, whose clock the test sets. A token is a character."""

    ledger: Ledger
    now_s: float = NOW_S
    model: str = "deepseek-flash"
    effort: Effort = "auto"
    base_id: str = "b1"
    account: str = "me"
    prices: Prices | None = PRICES
    repo: str = "/repo"
    bills: list[Bill] = field(default_factory=list)

    def bill(self, *, overlay_tokens: int = 0) -> Bill:
        """That of a new process."""
        head = Head(find_model(self.model, {}), self.effort, (), SYSTEM.content)
        meter = Meter(head, count=len, prices=lambda: self.prices)
        books = Books(
            self.account, "https://a", self.repo, "s", self.base_id, 20_000, overlay_tokens
        )
        self.bills.append(Bill(meter, self.ledger, books, lambda: self.now_s))
        return self.bills[-1]

    def ask(self, messages: list[Message], hit: int | None = None) -> tuple[Open, str]:
        """Ask in a new process; the service hits what is expected, if nothing else is said."""
        bill = self.bill()
        opened = bill.open(messages)
        prompt = opened.forecast.prompt_tokens
        hit = opened.forecast.hit_tokens if hit is None else hit
        return opened, bill.settle(opened, messages, ANSWER, Usage(prompt, hit, prompt - hit, 9, 3))


@pytest.fixture
def shop() -> Iterator[Shop]:
    with Ledger(None) as ledger:
        yield Shop(ledger)


def test_a_first_request_is_cold_and_the_next_finds_all_of_it(shop: Shop) -> None:
    opened, cause = shop.ask(ONE)
    forecast = opened.forecast
    assert (forecast.hit_tokens, forecast.reason, cause) == (0, "first request", "first request")
    assert forecast.cost_usd == pytest.approx(forecast.prompt_tokens * 50 / 1e6)
    again, cause = shop.ask([*ONE, ANSWER, Message("user", "So?")])
    assert again.forecast.hit_tokens == (forecast.prompt_tokens + 300 + 100 + 3) // 128 * 128
    assert (again.forecast.reason, cause) == ("", "")


def test_what_is_not_expected_in_the_cache_adds_up_to_the_miss(shop: Shop) -> None:
    shop.ask(BASE[:2])
    bill = shop.bill()
    for messages in (BASE[:2], ONE, [*ONE, ANSWER, Message("user", "So?")]):
        forecast = bill.forecast(messages)
        assert sum(forecast.uncached.values()) == forecast.miss_tokens
        assert forecast.miss_tokens == forecast.prompt_tokens - forecast.hit_tokens
    assert set(forecast.uncached) == {"base", "question", "turns"}


def test_the_base_alone_is_found_where_a_request_ended_with_it(shop: Shop) -> None:
    shop.ask(ONE)
    # To share a prefix is not enough yet: both requests before this one must have shared it.
    shared = shop.bill().forecast(OTHER)
    assert (shared.hit_tokens, shared.reason) == (0, NOT_A_UNIT)
    assert shared.any_tokens > 20_000
    warmed, cause = shop.ask(BASE[:2])
    assert (warmed.forecast.hit_tokens, cause) == (0, NOT_A_UNIT)
    found, cause = shop.ask(OTHER)
    assert found.forecast.hit_tokens >= 20_000
    assert (found.forecast.reason, cause) == ("", "")


def test_a_service_that_finds_any_prefix_is_believed_once_it_has_shown_it(shop: Shop) -> None:
    shop.ask(ONE)
    opened, cause = shop.ask(OTHER, hit=shop.bill().forecast(OTHER).any_tokens)
    assert (opened.forecast.hit_tokens, cause) == (0, "")
    assert shop.bill().forecast(THIRD).hit_tokens > 20_000


def test_the_causes_are_named(shop: Shop) -> None:
    def cause(**change: str) -> str:
        for name, value in change.items():
            setattr(shop, name, value)
        shop.now_s += 60
        return shop.ask(ONE)[1]

    assert cause() == "first request"
    assert cause() == ""
    assert cause(effort="max") == "effort changed from auto to max"
    assert cause(model="deepseek-v4-pro") == "model changed from deepseek-flash to deepseek-v4-pro"
    assert cause(account="you") == "first request"
    # What was sent an hour ago by another name is still there.
    assert cause(account="me", effort="auto", model="deepseek-flash") == ""
    shop.now_s += WARM_S
    assert cause() == "expired: last sent 6 hours ago"
    assert cause(effort="high") == ""


def test_another_base_is_a_new_one_until_it_was_sent(shop: Shop) -> None:
    shop.ask(ONE)
    moved = [SYSTEM, Message("user", "q" * 20_000), *BASE[2:], ONE[-1]]
    shop.base_id = "b2"
    assert shop.ask(moved)[1] == "new base"
    shop.now_s += 7 * 3600
    shop.ask([*moved[:3], Message("user", "Other?")])
    # It is expired, although the last request was about another base.
    shop.base_id = "b1"
    assert shop.ask(ONE)[1] == "expired: last sent 7 hours ago"


def test_another_clone_of_the_same_user_finds_what_the_first_has_sent(shop: Shop) -> None:
    shop.ask(ONE)
    shop.repo = "/clone"
    assert shop.bill().forecast(ONE).reason == ""
    shop.now_s += 7 * 3600
    assert shop.bill().forecast(ONE).reason == "expired: last sent 7 hours ago"


def test_what_the_service_did_not_keep_is_told_by_its_age(shop: Shop) -> None:
    shop.ask(ONE)
    assert shop.ask(ONE)[1] == ""
    assert shop.ask(ONE, hit=0)[1] == NOT_KEPT
    shop.now_s += 2 * 3600
    assert shop.ask(ONE, hit=0)[1] == "expired: last sent 2 hours ago"
    shop.now_s += 5400 / 2
    assert shop.ask(ONE, hit=0)[1] == NOT_KEPT
    shop.now_s += 3600
    assert shop.ask(ONE, hit=128 * 200)[1] == ""


def test_what_was_not_found_is_not_expected_of_other_questions_either(shop: Shop) -> None:
    shop.ask(BASE[:2])
    assert shop.ask(ONE)[1] == ""
    assert shop.bill().forecast(OTHER).hit_tokens > 20_000
    assert shop.ask(THIRD, hit=0)[1] == NOT_KEPT
    # The base is gone; this question was read again, up to its own end.
    assert (shop.bill().forecast(OTHER).hit_tokens, shop.bill().is_cold(OTHER)) == (0, True)
    assert shop.bill().forecast(THIRD).hit_tokens > 20_000
    assert shop.ask(BASE[:2])[1] == NOT_A_UNIT
    assert shop.bill().forecast(OTHER).hit_tokens > 20_000


def test_a_hit_that_somebody_else_has_paid_for_is_no_miss(shop: Shop) -> None:
    opened, cause = shop.ask(ONE, hit=20_480)
    assert (opened.forecast.hit_tokens, opened.forecast.reason) == (0, "first request")
    assert cause == ""
    assert shop.bills[-1].totals.causes == []


def test_a_service_that_says_nothing_of_its_cache_is_not_blamed_for_ever(shop: Shop) -> None:
    causes = [shop.ask(ONE, hit=0)[1] for _ in range(5)]
    assert causes == ["first request", NOT_KEPT, NOT_KEPT, "", ""]
    bill = shop.bill()
    forecast = bill.forecast(ONE)
    assert (forecast.hit_tokens, forecast.reason) == (0, "")
    assert not bill.is_cold(ONE)
    # Also where nothing could be expected: it is not worth a request to fill what is not there.
    shop.now_s += EXPIRED_S
    assert not shop.bill().is_cold(ONE)
    assert not shop.bill().is_worth_keeping(BASE)
    assert shop.ask(ONE, hit=20_480)[1] == ""
    assert shop.bill().forecast(ONE).hit_tokens > 20_000
    # One that has told of hits before is given more time.
    causes = [shop.ask(ONE, hit=0)[1] for _ in range(5)]
    assert causes == [NOT_KEPT, NOT_KEPT, NOT_KEPT, "", ""]


def test_one_miss_of_a_service_that_is_not_known_yet_is_no_reason_to_warm_it_again(
    shop: Shop,
) -> None:
    shop.ask(BASE[:2])
    assert shop.ask(ONE, hit=0)[1] == NOT_KEPT
    assert not shop.bill().is_cold(OTHER)
    assert shop.bill().forecast(OTHER).hit_tokens > 20_000


def test_a_tokenizer_of_another_size_makes_no_miss(shop: Shop) -> None:
    shop.ask(ONE)
    bill = shop.bill()
    opened = bill.open(ONE)
    prompt = opened.forecast.prompt_tokens
    # It counts four tokens where we count five, and has all but the end of the question.
    whole, hit = prompt * 4 // 5, 21_376 * 4 // 5
    usage = Usage(whole, hit, whole - hit, 1, 0)
    assert bill.settle(opened, ONE, ANSWER, usage) == ""


def test_of_a_reply_that_broke_off_the_prompt_is_kept_and_nothing_else(shop: Shop) -> None:
    bill = shop.bill()
    bill.settle_unsaid(bill.open(ONE), ONE, Usage(21_000, 0, 21_000, 5, 0))
    assert bill.totals.prompt_tokens == 0
    assert bill.totals.causes == []
    prompt = bill.forecast(ONE).prompt_tokens
    for messages in (ONE, [*ONE, ANSWER]):
        assert shop.bill().forecast(messages).hit_tokens == prompt // 128 * 128
    (row,) = shop.ledger.requests("/repo", 5)
    assert (row["hit"], row["miss"], row["is_estimate"], row["cause"]) == (0, 21_000, 1, "")
    assert row["usd"] == row["uncached_usd"] == pytest.approx((21_000 * 50 + 5 * 100) / 1e6)


def test_of_a_whole_reply_without_usage_all_is_kept(shop: Shop) -> None:
    bill = shop.bill()
    usage = Usage(21_000, 0, 21_000, 5, 0)
    bill.settle_unsaid(bill.open(ONE), ONE, usage, ANSWER)
    longer = [*ONE, ANSWER, Message("user", "So?")]
    assert shop.bill().forecast(longer).hit_tokens > bill.forecast(ONE).prompt_tokens


def test_a_request_that_failed_is_neither_kept_nor_the_first_one(shop: Shop) -> None:
    shop.bill().open(ONE)
    forecast = shop.bill().forecast(ONE)
    assert (forecast.hit_tokens, forecast.reason) == (0, "first request")
    assert shop.ledger.requests("/repo", 5) == []


def test_what_a_run_was_expected_to_cost_stands_beside_what_it_did(shop: Shop) -> None:
    bill = shop.bill()
    first = bill.open(ONE)
    bill.settle(first, ONE, ANSWER, Usage(21_300, 0, 21_300, 10, 5))
    second = bill.open([*ONE, ANSWER, Message("user", "So?")])
    bill.settle(second, ONE, ANSWER, Usage(21_800, 21_504, 296, 10, 5))
    totals, forecasts = bill.totals, (first.forecast, second.forecast)
    assert totals.prompt_tokens == sum(f.prompt_tokens for f in forecasts)
    assert totals.hit_tokens == sum(f.hit_tokens for f in forecasts)
    assert totals.prompt_usd == pytest.approx(sum(f.cost_usd for f in forecasts))
    assert totals.reported_usd == pytest.approx((21_504 + (21_300 + 296) * 50) / 1e6)
    assert totals.saved_usd == pytest.approx(21_504 * 49 / 1e6)
    assert sum(totals.uncached.values()) == totals.prompt_tokens - totals.hit_tokens
    assert totals.causes == ["first request"]
    rows = shop.ledger.requests("/repo", 5)
    assert sum(r["uncached_usd"] - r["usd"] for r in rows) == pytest.approx(totals.saved_usd)


def test_the_overlay_is_carried_by_requests_that_hold_it(shop: Shop) -> None:
    told = change_messages(["<commit id>\nx\n</commit>\n"])
    for messages, tokens in ((BASE[:2], 0), ([*BASE, *told, ONE[-1]], 40)):
        bill = shop.bill(overlay_tokens=40)
        opened = bill.open(messages)
        bill.settle(opened, messages, ANSWER, Usage(20_000, 0, 20_000, 1, 0))
        assert shop.ledger.requests("/repo", 1)[0]["overlay_tokens"] == tokens
    assert shop.ledger.carried_usd("/repo", "b1", 1e6) == 40


@pytest.mark.parametrize(("tokens", "is_worth"), [(300, False), (500, True)])
def test_the_end_of_the_overlay_is_kept_where_its_miss_costs_more_than_all_hits(
    shop: Shop, tokens: int, is_worth: bool
) -> None:
    shop.ask(BASE[:2])
    told = [*BASE, Message("user", f"<commit {'c' * tokens}")]
    assert shop.bill().is_worth_keeping(told) == is_worth
    shop.ask(told)
    assert not shop.bill().is_worth_keeping(told)


def test_what_is_kept_anyway_is_not_worth_a_request(shop: Shop) -> None:
    told = [*BASE, Message("user", "<commit " + "c" * 900)]
    asked = [*told, Message("assistant", "Noted."), Message("user", "Why?")]
    shop.ask(BASE[:2])
    shop.ask(asked)
    assert shop.bill().is_worth_keeping(told)
    # Of a service that finds any prefix, what was sent once is found.
    other = [*asked[:-1], Message("user", "How?")]
    shop.ask(other, hit=shop.bill().forecast(other).any_tokens)
    assert not shop.bill().is_worth_keeping(told)


def test_what_is_going_to_be_sent_can_be_taken_for_cached(shop: Shop) -> None:
    bill = shop.bill()
    before = bill.forecast(ONE)
    bill.assume(BASE[:2])
    after = bill.forecast(ONE)
    assert (before.hit_tokens, before.reason) == (0, "first request")
    assert (after.hit_tokens >= 20_000, after.reason) == (True, "")
    assert shop.bill().forecast(ONE) == before
    assert shop.ledger.requests("/repo", 5) == []


def test_without_prices_and_without_a_base_there_is_still_a_forecast(shop: Shop) -> None:
    shop.prices, shop.base_id = None, ""
    opened, cause = shop.ask(ONE)
    assert (opened.forecast.cost_usd, opened.forecast.reason, cause) == (0, "", "")
    assert shop.ask(ONE)[0].forecast.hit_tokens > 20_000
    assert not shop.bill().is_worth_keeping(ONE)
    assert shop.ask(ONE, hit=0)[1] == NOT_KEPT


def test_a_clock_that_is_set_back_makes_nothing_older(shop: Shop) -> None:
    shop.ask(ONE)
    shop.ask(ONE)
    shop.now_s -= 600
    assert shop.bill().forecast(ONE).reason == ""
    assert shop.ask(ONE, hit=0)[1] == NOT_KEPT
    shop.now_s -= EXPIRED_S
    opened, _ = shop.ask(ONE)
    assert (opened.forecast.hit_tokens, opened.forecast.reason) == (0, NOT_A_UNIT)
    assert shop.bill().forecast(ONE).hit_tokens > 20_000


def test_an_empty_conversation_costs_nothing(shop: Shop) -> None:
    assert shop.bill().forecast([]).prompt_tokens == 0


def test_what_was_not_cached_is_told_by_the_report_and_not_by_the_forecast(shop: Shop) -> None:
    bill = shop.bill()
    opened = bill.open(ONE)
    assert opened.forecast.hit_tokens == 0
    prompt = opened.forecast.prompt_tokens
    bill.settle(opened, ONE, ANSWER, Usage(prompt, 20_480, prompt - 20_480, 10, 5))
    missed = bill.totals.missed
    assert sum(missed.values()) == prompt - 20_480
    assert sum(missed.values()) < sum(bill.totals.uncached.values())
    assert "instructions" not in missed
