import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau
from support import records

from evo.core.seeds import child
from evo.core.trials import Trial
from evo.evaluation.statistics.rank_agreement import (
    RESAMPLES,
    accuracy_ranks,
    kendall,
    loss_ranks,
    split_half_agreement,
)

VALUES = st.lists(st.integers(-4, 4), min_size=4, max_size=12)


def trials(network: str, losses: list[float], accuracies: list[float] | None = None) -> list[Trial]:
    results = records.trials(losses, rung=1, network=network)
    accuracies = accuracies or [0.5] * len(losses)
    return [one._replace(accuracy=a) for one, a in zip(results, accuracies, strict=True)]


@given(one=VALUES, seed=st.integers(0, 99))
def test_tau_weighs_concordant_against_discordant_pairs_and_leaves_out_tied_ones(
    one: list[int], seed: int
) -> None:
    other = np.random.default_rng(seed).permutation(one).tolist()
    orders = [
        (np.sign(a - b), np.sign(c - d))
        for (a, c), (b, d) in combinations(zip(one, other, strict=True), 2)
    ]
    untied = math.prod(sum(pair[side] != 0 for pair in orders) for side in (0, 1))

    expected = sum(a * b for a, b in orders) / math.sqrt(untied) if untied else 0.0
    assert kendall(one, other).value == pytest.approx(expected)


def test_the_interval_is_that_of_tau_over_draws_of_components() -> None:
    one = [0, 3, 3, -1, 2, 5, 1]
    other = np.array([1, 3, 0, 0, 2, 4, 0])
    draws = child(0, "fidelity", "bootstrap").integers(len(one), size=(RESAMPLES, len(one)))

    taus = [kendalltau(np.array(one)[draw], other[draw]).statistic for draw in draws]
    expected = np.quantile(np.nan_to_num(taus), [0.025, 0.975])

    interval = kendall(one, other)
    assert (interval.low, interval.high) == pytest.approx(tuple(expected))


def test_the_interval_holds_the_value_and_narrows_with_the_panel() -> None:
    rng = np.random.default_rng(0)
    few, many = rng.standard_normal(12), rng.standard_normal(120)
    small = kendall(few, few + 0.5 * rng.standard_normal(12))
    large = kendall(many, many + 0.5 * rng.standard_normal(120))

    assert small.low < small.value < small.high
    assert large.high - large.low < 0.6 * (small.high - small.low)


def test_the_same_order_is_one_and_the_reverse_minus_one() -> None:
    assert kendall([1, 2, 3, 4], [10, 20, 30, 40]) == (1.0, 1.0, 1.0)
    assert kendall([1, 2, 3, 4], [4, 3, 2, 1]).value == -1.0


def test_networks_weigh_equally_whatever_the_scale_of_their_losses() -> None:
    # By the first network a < b < c, by the second b < c < a.
    a = [*trials("one", [0.1, 0.1]), *trials("two", [300.0, 300.0])]
    b = [*trials("one", [0.2, 0.2]), *trials("two", [100.0, 100.0])]
    c = [*trials("one", [0.3, 0.3]), *trials("two", [200.0, 200.0])]

    assert loss_ranks([a, b, c]).tolist() == [2.0, 1.5, 2.5]


def test_a_lost_trial_ranks_a_component_last() -> None:
    lost = trials("one", [0.01, float("inf")])

    assert loss_ranks([lost, trials("one", [2.0, 2.0])]).tolist() == [2.0, 1.0]


def test_a_higher_accuracy_is_a_better_rank() -> None:
    good, poor = trials("one", [1, 1], [0.9, 0.8]), trials("one", [1, 1], [0.7, 0.9])

    assert accuracy_ranks([poor, good]).tolist() == [2.0, 1.0]


@pytest.mark.parametrize(
    ("noise", "low", "high"), [(0.1, 1.0, 1.0), (4.0, 0.5, 0.95), (500.0, -0.4, 0.4)]
)
def test_halves_of_a_truth_agree_as_far_as_its_seeds_do(
    noise: float, low: float, high: float
) -> None:
    rng = np.random.default_rng(0)
    panel = [trials("one", list(level + noise * rng.random(6))) for level in range(1, 21)]

    tau = split_half_agreement(panel, loss_ranks)

    assert tau is not None
    assert low <= tau <= high


def test_one_seed_has_no_halves() -> None:
    assert split_half_agreement([trials("one", [1.0]), trials("one", [2.0])], loss_ranks) is None
