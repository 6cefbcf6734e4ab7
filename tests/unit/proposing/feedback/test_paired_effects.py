import numpy as np
import pytest
from support.records import trials

from evo.proposing.feedback.losses import Losses, effect, network_results


def losses(values, *, rung: int = 0, network: str = "mlp", first_seed: int = 0) -> Losses:
    return Losses(trials(values, rung=rung, network=network, first_seed=first_seed))


def test_an_effect_is_the_mean_log_ratio_of_common_trials() -> None:
    parent, child = losses([0.4, 0.2, 0.3]), losses([0.2, 0.1, 0.15])

    gain = effect(child, parent)

    assert gain is not None
    assert gain.trainings == 3
    assert gain.mean.value == pytest.approx(np.log(2))
    assert effect(parent, child).mean.value == pytest.approx(-np.log(2))  # type: ignore[union-attr]


def test_a_difference_that_all_trials_share_has_no_spread_however_they_vary() -> None:
    parent = losses([0.4, 0.02, 1.3])
    child = losses([0.2, 0.01, 0.65])

    mean = effect(child, parent).mean  # type: ignore[union-attr]

    assert mean.high - mean.low == pytest.approx(0, abs=1e-9)


def test_only_trials_of_both_count_and_at_the_highest_common_rung() -> None:
    parent = Losses([*trials([9.0] * 4), *trials([0.4] * 6, rung=1)])
    child = Losses([*trials([9.0] * 4), *trials([0.2] * 4, rung=1, first_seed=2)])

    gain = effect(child, parent)

    assert gain is not None
    assert gain.trainings == 4
    assert gain.mean.value == pytest.approx(np.log(2))


def test_a_lost_trial_counts_as_three_and_two_lost_ones_as_none() -> None:
    inf = float("inf")

    assert effect(losses([inf, inf]), losses([0.1, 0.1])).mean.value == -3  # type: ignore[union-attr]
    assert effect(losses([inf, inf]), losses([inf, inf])).mean.value == 0  # type: ignore[union-attr]


def test_one_common_trial_is_no_comparison() -> None:
    assert effect(losses([0.1, 0.2]), losses([0.1, 0.2], first_seed=1)) is None


def test_a_network_is_compared_with_the_best_known_one_there() -> None:
    both = [*trials([0.2] * 3), *trials([0.4] * 3, network="cnn")]
    relu = Losses([*trials([0.1] * 3), *trials([0.9] * 3, network="cnn")])
    gelu = Losses([*trials([0.3] * 3), *trials([0.8] * 3, network="cnn")])

    mlp, cnn = network_results(Losses(both), {"relu": relu, "gelu": gelu})

    assert (mlp.network, mlp.rival) == ("mlp", "relu")
    assert (cnn.network, cnn.rival) == ("cnn", "gelu")
    assert mlp.margin.value == pytest.approx(np.log(0.5))
    assert cnn.margin.value == pytest.approx(np.log(2))
