from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from operator_samples import BASELINES, CONTRACT
from support.records import written

from evo.core.errors import UsageError
from evo.core.records import Candidate, Record
from operators.base import WritingOperator
from operators.portfolio import Portfolio, write_offspring

POPULATION = [written(source) for source in BASELINES.values()]


def first(count: int) -> Sequence[Record]:
    return POPULATION[:count]


def offspring_of(portfolio: Portfolio, rng: np.random.Generator) -> Candidate:
    operator = portfolio.draw(rng)
    assert isinstance(operator, WritingOperator)
    return write_offspring(operator, first, CONTRACT, rng)


def test_an_offspring_names_its_operator_and_its_parents() -> None:
    portfolio = Portfolio({"crossover-tree": 1.0})

    candidate = offspring_of(portfolio, np.random.default_rng(0))

    assert candidate.kind == "activation"
    assert candidate.operator == "crossover-tree"
    assert candidate.parents == (POPULATION[0].id, POPULATION[1].id)


def test_operators_are_drawn_in_proportion_to_their_weights() -> None:
    portfolio = Portfolio({"mutate-tree": 3, "crossover-tree": 1})
    rng = np.random.default_rng(0)

    drawn = Counter(offspring_of(portfolio, rng).operator for _ in range(100))

    assert 60 < drawn["mutate-tree"] < 90
    assert drawn.total() == 100


def test_each_operator_gets_as_many_parents_as_it_takes() -> None:
    portfolio = Portfolio({"mutate-tree": 1, "crossover-tree": 1})
    rng = np.random.default_rng(0)

    offspring = [offspring_of(portfolio, rng) for _ in range(20)]

    arities = {(candidate.operator, len(candidate.parents)) for candidate in offspring}
    assert arities == {("mutate-tree", 1), ("crossover-tree", 2)}


def test_the_order_of_the_weights_changes_no_draw() -> None:
    one = Portfolio({"mutate-tree": 2, "crossover-tree": 1})
    two = Portfolio({"crossover-tree": 1, "mutate-tree": 2})

    for seed in range(10):
        assert offspring_of(one, np.random.default_rng(seed)) == offspring_of(
            two, np.random.default_rng(seed)
        )


def test_a_weight_of_zero_switches_an_operator_off() -> None:
    portfolio = Portfolio({"mutate-tree": 0, "crossover-tree": 1})
    rng = np.random.default_rng(0)

    drawn = {offspring_of(portfolio, rng).operator for _ in range(20)}

    assert drawn == {"crossover-tree"}


def test_an_unknown_operator_is_a_usage_error_that_offers_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean 'mutate-tree'"):
        Portfolio({"mutate-tre": 1.0})


@pytest.mark.parametrize("weight", [-1.0, 0.0, float("nan"), float("inf")])
def test_weights_that_nothing_can_be_drawn_by_are_a_usage_error(weight: float) -> None:
    with pytest.raises(UsageError, match="above zero"):
        Portfolio({"mutate-tree": weight})


def test_a_portfolio_of_nothing_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="above zero"):
        Portfolio({})
