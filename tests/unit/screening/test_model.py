import numpy as np
import pytest
from scipy.stats import spearmanr

from evo.core.estimate import Estimate
from evo.core.records import Score
from evo.screening.features import rows_of
from evo.screening.model import Example, RewardModel


def world(count: int, *, noise: float = 0.03) -> tuple[dict[str, np.ndarray], Example]:
    """Candidates whose win rate follows from a few of their features, measured with noise."""
    rng = np.random.default_rng(0)
    features = {
        "behaviour": rng.standard_normal((count, 12)).astype(np.float32),
        "propagation": rng.standard_normal((count, 20)).astype(np.float32),
    }
    hidden = features["behaviour"][:, 0] + np.abs(features["propagation"][:, 0]) - 1
    rate = np.clip(1 / (1 + np.exp(-hidden)) + noise * rng.standard_normal(count), 0, 1)
    variance = np.full(count, noise**2)
    return features, Example(rate, variance, rate**3, variance)


@pytest.fixture(scope="module")
def told() -> tuple[dict[str, np.ndarray], Example, RewardModel]:
    features, examples = world(260)
    taught = Example(*(values[:160] for values in examples))
    return features, examples, RewardModel.fit(rows_of(features, np.arange(160)), taught, seed=1)


def test_it_orders_candidates_that_it_never_saw(told) -> None:
    features, examples, model = told

    expected = model.predict(rows_of(features, np.arange(160, 260)))

    assert spearmanr(expected.b_wr, examples.b_wr[160:])[0] > 0.7
    assert spearmanr(expected.bsota_wr, examples.bsota_wr[160:])[0] > 0.7


def test_its_standard_deviations_cover_what_comes(told) -> None:
    features, examples, model = told

    expected = model.predict(rows_of(features, np.arange(160, 260)))
    errors = np.abs(examples.b_wr[160:] - expected.b_wr) / expected.b_wr_spread

    assert 0.8 < np.mean(errors < 1.96) <= 1.0


def test_the_same_seed_gives_the_same_bits_and_another_one_does_not() -> None:
    features, examples = world(40)

    one, same, other = (
        RewardModel.fit(features, examples, seed=seed).predict(features).b_wr for seed in (3, 3, 4)
    )

    assert one.tobytes() == same.tobytes()
    assert one.tobytes() != other.tobytes()


def test_a_feature_that_never_changes_says_nothing() -> None:
    features, examples = world(40)
    features["behaviour"][:, 5] = 7.0
    model = RewardModel.fit(features, examples, seed=0)
    changed = {**features, "behaviour": features["behaviour"].copy()}
    changed["behaviour"][:, 5] = 1e6

    assert np.array_equal(model.predict(changed).b_wr, model.predict(features).b_wr)


def test_a_wide_interval_counts_for_less_than_a_narrow_one() -> None:
    wide, narrow = Estimate(0.5, 0.1, 0.9), Estimate(0.5, 0.48, 0.52)
    examples = Example.of([Score(0, (), wide, narrow, wide, {})])

    assert examples.b_wr_variance[0] > 100 * examples.bsota_wr_variance[0]
