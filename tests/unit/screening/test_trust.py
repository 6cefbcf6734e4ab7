import numpy as np
import pytest

from evo.screening.trust import PredictionCheck, trust


def generation(expected: np.ndarray, came: np.ndarray, spread: float = 0.1) -> PredictionCheck:
    return PredictionCheck(expected, np.full(len(came), spread), came, came, np.zeros(len(came)))


def test_a_model_that_orders_the_random_ones_earns_trust() -> None:
    came = np.linspace(0.1, 0.8, 7)

    earned = trust([generation(came + 0.05, came), generation(came**2, came)])

    assert earned.is_earned
    assert earned.correlation == pytest.approx(1.0)
    assert earned.count == 14


def test_a_model_that_orders_them_backwards_earns_none() -> None:
    came = np.linspace(0.1, 0.8, 7)

    assert not trust([generation(-came, came)] * 4).is_earned


def test_a_model_that_says_the_same_of_all_earns_none() -> None:
    came = np.linspace(0.1, 0.8, 7)

    collapsed = trust([generation(np.full(7, 0.5), came)] * 4)

    assert collapsed.correlation == 0
    assert not collapsed.is_earned


def test_chance_rarely_earns_trust() -> None:
    rng = np.random.default_rng(0)
    earned = [
        trust([generation(rng.random(7), rng.random(7)) for _ in range(5)]).is_earned
        for _ in range(400)
    ]

    assert 0.02 < np.mean(earned) < 0.09  # the test's own level is 5 %


def test_getting_better_from_generation_to_generation_is_no_merit_of_the_model() -> None:
    rng = np.random.default_rng(1)
    generations = [generation(g + rng.random(7), g + rng.random(7)) for g in range(5)]

    assert trust(generations).correlation < 0.5


def test_few_candidates_say_nothing() -> None:
    came = np.linspace(0.1, 0.8, 7)

    assert not trust([generation(came, came)]).is_earned
    assert trust([]).count == 0
    assert "only 7" in str(trust([generation(came, came)]))


def test_calibration_is_told_apart_from_order() -> None:
    came = np.linspace(0.1, 0.8, 10)

    told = trust([generation(came - 0.2, came, spread=0.05)])

    assert told.bias == pytest.approx(0.2)
    assert told.overconfidence == pytest.approx(4.0)


def test_noise_of_the_measurement_is_no_overconfidence() -> None:
    rng = np.random.default_rng(2)
    truth = rng.random(400)
    measured = truth + 0.3 * rng.standard_normal(400)

    check = PredictionCheck(truth, np.full(400, 0.01), measured, measured, np.full(400, 0.3))

    assert trust([check]).overconfidence == pytest.approx(1.0, abs=0.1)
