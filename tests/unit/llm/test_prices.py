import math

import pytest

from evo.llm.prices import of_the_table, price_table, unpriced, with_prices
from evo.llm.settings import LlmSettings


def settings(**model) -> LlmSettings:
    return LlmSettings.model_validate({"models": [{"model": "unheard-of", **model}]})


def prices(**model) -> tuple[float | None, float | None]:
    (priced,) = with_prices(settings(**model)).models
    return priced.price_in, priced.price_out


def test_a_common_model_has_the_price_of_the_table() -> None:
    known = price_table().prices["api.openai.com"]["gpt-5-mini"]

    assert prices(model="gpt-5-mini") == known == prices(model="gpt-5-mini-2025-08-07")
    assert of_the_table(settings(model="gpt-5-mini")) == ["gpt-5-mini"]


def test_the_configuration_wins_over_the_table() -> None:
    known = price_table().prices["api.openai.com"]["gpt-5-mini"]

    assert prices(model="gpt-5-mini", price_in=9.0, price_out=0.0) == (9.0, 0.0)
    assert prices(model="gpt-5-mini", price_in=9.0) == (9.0, known[1])


@pytest.mark.parametrize(
    "model",
    [
        {},
        {"price_in": 1.0},
        {"model": "gpt-5-mini", "base_url": "https://resold.example/v1"},
        {"base_url": "http://127.0.0.1:8000/v1"},
        {"model": "gpt-5-mini-turbo"},
    ],
)
def test_what_neither_gives_is_unknown_and_never_zero(model) -> None:
    (left,) = with_prices(settings(**model)).models

    assert unpriced(settings(**model)) == [left.label]
    assert math.isnan(left.price(1_000_000, 0))


def test_a_file_on_this_machine_costs_nothing() -> None:
    assert prices(model="small.gguf", provider="xllamacpp") == (0.0, 0.0)


def test_every_price_of_the_table_is_a_pair_for_replies_that_cost_no_less() -> None:
    table = price_table()

    assert len(table.date.split("-")) == 3
    for models in table.prices.values():
        assert all(0 < price_in <= price_out for price_in, price_out in models.values())
