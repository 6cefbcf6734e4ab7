import numpy as np
import pytest
from scipy.stats import spearmanr

from evo.core.estimate import Estimate
from evo.screening.features import rows_of
from evo.screening.model import Example, RewardModel, Stretching

World = tuple[dict[str, np.ndarray], np.ndarray, Example]


def world(count: int, *, noise: float = 0.03) -> World:
    """Candidates whose margin follows from a few of their features, and what was measured."""
    rng = np.random.default_rng(0)
    features = {
        "behaviour": rng.standard_normal((count, 4)).astype(np.float32),
        "propagation": rng.standard_normal((count, 6)).astype(np.float32),
    }
    hidden = features["behaviour"][:, 0] + np.abs(features["propagation"][:, 0])
    truth = 0.1 - np.log1p(np.exp(-hidden))
    measured = truth + noise * rng.standard_normal(count)
    return features, truth, Example(measured, np.full(count, noise))


def first(examples: Example, count: int) -> Example:
    return Example(*(values[:count] for values in examples))


@pytest.fixture(scope="module")
def fitted() -> tuple[World, RewardModel]:
    features, truth, examples = world(260)
    model = RewardModel.fit(rows_of(features, np.arange(160)), first(examples, 160))
    return (features, truth, examples), model


def test_it_orders_candidates_that_it_never_saw(fitted) -> None:
    (features, truth, _), model = fitted

    expected = model.predict(rows_of(features, np.arange(160, 260)))

    assert spearmanr(expected.value, truth[160:])[0] > 0.7
    assert spearmanr(expected.mean, expected.value)[0] == pytest.approx(1.0)


def test_its_standard_deviations_cover_what_comes(fitted) -> None:
    (features, truth, _), model = fitted

    expected = model.predict(rows_of(features, np.arange(160, 260)))
    errors = np.abs(model.stretching.stretched(truth[160:]) - expected.mean) / expected.deviation

    assert 0.85 < np.mean(errors < 1.96) <= 1.0
    assert np.mean(errors < 0.6745) == pytest.approx(0.5, abs=0.2)


def test_what_it_learned_it_knows_better_than_one_measurement() -> None:
    features, truth, examples = world(200, noise=0.3)

    known = RewardModel.fit(features, examples).predict(features)

    assert np.mean((known.value - truth) ** 2) < 0.5 * np.mean((examples.value - truth) ** 2)


def test_of_two_that_are_the_same_one_says_all_of_the_other(fitted) -> None:
    (features, _, _), model = fitted
    twice = rows_of(features, np.array([200, 200, 230]))

    covariance = model.predict(twice).covariance

    assert covariance[0, 1] == pytest.approx(covariance[0, 0])
    assert abs(covariance[0, 2]) < 0.9 * covariance[0, 0]


def test_the_same_examples_give_the_same_bits() -> None:
    features, _, examples = world(40)

    one, same = (RewardModel.fit(features, examples).predict(features) for _ in range(2))

    assert one.mean.tobytes() == same.mean.tobytes()
    assert one.covariance.tobytes() == same.covariance.tobytes()


def test_a_feature_that_never_changes_says_nothing() -> None:
    features, _, examples = world(40)
    features["behaviour"][:, 2] = 7.0
    model = RewardModel.fit(features, examples)
    changed = {**features, "behaviour": features["behaviour"].copy()}
    changed["behaviour"][:, 2] = 1e6

    assert np.array_equal(model.predict(changed).mean, model.predict(features).mean)


@pytest.mark.parametrize("value", [0.2, -50.0])
def test_examples_that_are_all_alike_give_a_model_that_expects_the_same(value: float) -> None:
    features, _, _ = world(30)

    model = RewardModel.fit(features, Example(np.full(30, value), np.zeros(30)))

    expected = model.predict(features)
    assert np.allclose(expected.value, max(value, -3.0), atol=0.01)
    assert np.isfinite(expected.covariance).all()


def test_a_wide_interval_counts_for_less_than_a_narrow_one() -> None:
    features, _, examples = world(60)
    errors = examples.error.copy()
    value = examples.value.copy()
    value[7] += 1.0

    def expected(error: float) -> float:
        errors[7] = error
        model = RewardModel.fit(features, Example(value, errors))
        return float(model.predict(rows_of(features, np.array([7]))).value[0])

    assert expected(1.0) < expected(0.02)


def test_stretching_tells_the_highest_apart_and_has_an_inverse() -> None:
    values = np.array([-2.0, -1.9, 0.0, 0.1])
    stretching = Stretching.of(Example(values, np.full(4, 0.03)))

    stretched = stretching.stretched(values)

    assert stretching.values(stretched) == pytest.approx(values)
    assert stretched[3] - stretched[2] > 5 * (stretched[1] - stretched[0])


def test_standard_errors_are_those_of_the_intervals() -> None:
    examples = Example.of([Estimate(0.1, 0.1 - 0.196, 0.1 + 0.196), Estimate(0.0, -0.02, 0.02)])

    assert examples.value.tolist() == [0.1, 0.0]
    assert examples.error == pytest.approx([0.1, 0.0102], abs=1e-4)
    assert len(Example.of([]).value) == 0
