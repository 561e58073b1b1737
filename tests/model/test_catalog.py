from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from bathy.agent.config import DEFAULT_MODEL
from bathy.agent.errors import ConfigError
from bathy.agent.model.catalog import Prices, cost_of, find_model, prices_at
from bathy.agent.model.messages import Usage
from endpoint.contract import ALIASES
from scripted_model import OFF_PEAK


def test_the_default_sees_images_and_has_the_whole_window() -> None:
    model = find_model(DEFAULT_MODEL, {})
    assert (model.window_tokens, model.max_output_tokens) == (1_048_576, 393_216)
    assert model.sees_images
    assert not find_model("deepseek-v4-pro", {}).sees_images
    assert find_model(DEFAULT_MODEL, {}).is_known


@pytest.mark.parametrize("name", ["deepseek-chat", "deepseek-reasoner"])
def test_a_retired_model_names_what_took_over(name: str) -> None:
    with pytest.raises(ConfigError, match="use --model deepseek-flash --effort"):
        find_model(name, {})


@pytest.mark.parametrize(
    ("moment", "is_peak"),
    [
        (datetime(2026, 11, 23, 0, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 23, 1, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 23, 4, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 23, 9, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 22, 2, 0, tzinfo=UTC), False),
        (datetime(2026, 11, 23, 9, 0, tzinfo=timezone(timedelta(hours=8))), True),
    ],
)
def test_prices_follow_the_hour(moment: datetime, is_peak: bool) -> None:
    prices = prices_at(find_model("deepseek-flash", {}), moment)
    assert prices is not None
    assert prices.miss == (0.30 if is_peak else 0.15)


def test_a_miss_costs_fifty_hits() -> None:
    prices = prices_at(find_model("deepseek-flash", {}), datetime(2026, 11, 22, tzinfo=UTC))
    hit = cost_of(Usage(900_000, 900_000, 0, 0, 0), prices)
    miss = cost_of(Usage(900_000, 0, 900_000, 0, 0), prices)
    assert hit == pytest.approx(0.0027)
    assert miss == pytest.approx(50 * hit)


def test_a_model_of_ones_own_has_its_window_and_no_price() -> None:
    own = {"my-v3.2": {"window_tokens": 131_072, "thinking": "template"}}
    model = find_model("my-v3.2", own)
    assert (model.window_tokens, model.max_output_tokens) == (131_072, 32_768)
    assert model.thinking == "template"
    assert cost_of(Usage(10, 0, 10, 5, 0), model.prices) == 0


def test_a_key_of_ones_own_changes_a_known_model_and_nothing_else() -> None:
    model = find_model("deepseek-flash", {"deepseek-flash": {"window_tokens": 200_000}})
    assert model.window_tokens == 200_000
    assert model.sees_images


PEAK = datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_prices_of_ones_own_hold_at_all_hours_unless_peak_prices_go_with_them() -> None:
    prices = {"hit": 0.0, "miss": 1.0, "output": 2.0}
    own = find_model("deepseek-flash", {"deepseek-flash": {"prices": prices}})
    assert prices_at(own, PEAK) == prices_at(own, OFF_PEAK) == Prices(0.0, 1.0, 2.0)
    dear = {"hit": 1.0, "miss": 2.0, "output": 4.0}
    both = find_model("deepseek-flash", {"deepseek-flash": {"prices": prices, "peak_prices": dear}})
    assert prices_at(both, PEAK) == Prices(1.0, 2.0, 4.0)
    peak = find_model("deepseek-flash", {"deepseek-flash": {"peak_prices": dear}})
    assert prices_at(peak, OFF_PEAK) == Prices(0.003, 0.15, 0.60)


@pytest.mark.parametrize("name", ALIASES)
def test_another_name_of_a_model_costs_the_same(name: str) -> None:
    assert replace(find_model(name, {}), id="deepseek-flash") == find_model("deepseek-flash", {})


def test_a_reply_is_never_longer_than_the_window() -> None:
    own = {"m": {"window_tokens": 10_000, "max_output_tokens": 20_000}}
    assert find_model("m", own).max_output_tokens == 10_000


def test_an_unknown_model_is_taken_as_it_comes() -> None:
    model = find_model("vendor/other", {})
    assert not model.is_known
    assert not model.sees_images
