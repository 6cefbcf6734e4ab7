from collections import Counter

import numpy as np
import pytest

from evo.core.adaptation import Tally, shares
from evo.llm.bandit import choose_model


def drawn(tallies, *, cost_weight=0.5, count=400) -> Counter[str]:
    return Counter(
        choose_model(["a", "b"], tallies, np.random.default_rng(seed), cost_weight=cost_weight)
        for seed in range(count)
    )


def test_of_models_nothing_is_known_of_each_is_asked() -> None:
    assert min(drawn({}).values()) > 150


def test_the_model_whose_candidates_live_is_asked_more_and_the_other_still_at_times() -> None:
    found = drawn({"a": Tally(50, 20), "b": Tally(50, 2)})

    assert found["a"] > 8 * found["b"] > 0


def test_of_equal_models_the_cheaper_is_asked_more_unless_the_price_is_ignored() -> None:
    equal = {"a": Tally(50, 10, 5.0), "b": Tally(50, 10, 0.5)}

    assert drawn(equal)["b"] > 2 * drawn(equal)["a"]
    ignored = drawn(equal, cost_weight=0.0)
    assert 0.7 < ignored["a"] / ignored["b"] < 1.4


def test_a_dear_model_that_is_better_by_more_than_its_price_is_asked_more() -> None:
    found = drawn({"a": Tally(100, 50, 9.0), "b": Tally(100, 5, 0.1)})

    assert found["a"] > 3 * found["b"]


@pytest.mark.parametrize("floor", [0.0, 0.2, 1.0])
def test_every_operator_keeps_its_floor_and_all_sum_to_one(floor: float) -> None:
    weights = {"a": 1.0, "b": 2.0, "c": 0.0}

    found = shares(weights, {"a": Tally(1000, 900), "b": Tally(1000, 0)}, floor=floor)

    assert sum(found.values()) == pytest.approx(1.0)
    assert set(found) == {"a", "b"}
    assert min(found.values()) >= floor / 2


def test_without_a_past_operators_are_drawn_by_their_weights() -> None:
    assert shares({"a": 1.0, "b": 3.0}, {}, floor=0.0) == {"a": 0.25, "b": 0.75}


def test_a_model_of_unknown_price_counts_as_the_dearest() -> None:
    unknown = {"a": Tally(50, 10, float("nan")), "b": Tally(50, 10, 0.5)}
    dearest = {"a": Tally(50, 10, 0.5), "b": Tally(50, 10, 0.5)}

    assert drawn(unknown) == drawn(dearest)
    assert min(drawn({name: Tally(50, 10, float("nan")) for name in "ab"}).values()) > 100
