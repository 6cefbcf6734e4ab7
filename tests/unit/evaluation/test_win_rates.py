import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from support.records import trials

from evo.evaluation.statistics.win_rates import score, score_baselines


def test_b_wr_counts_every_baseline_and_bsota_only_the_best() -> None:
    rivals = {"weak": trials([1.0, 1.0, 1.0, 1.0]), "strong": trials([0.5, 0.5, 0.5, 0.5])}

    found = score(trials([0.4, 0.4, 0.7, 2.0]), rivals)

    assert found.b_wr.value == pytest.approx((1 + 1 + 0.5 + 0) / 4)
    assert found.bsota_wr.value == pytest.approx(2 / 4)


def test_a_tie_counts_one_half() -> None:
    found = score(trials([1.0, 1.0]), {"same": trials([1.0, 1.0])})

    assert found.b_wr.value == found.bsota_wr.value == 0.5
    assert found.margin == (0.0, 0.0, 0.0)


def test_the_margin_is_the_mean_log_ratio_to_the_best_baseline() -> None:
    rivals = {"a": trials([1.0, 2.0, 4.0]), "b": trials([3.0, 3.0, 3.0])}

    found = score(trials([0.5, 1.0, 1.0]), rivals)

    assert found.margin.value == pytest.approx((math.log(2) + math.log(2) + math.log(3)) / 3)


def test_a_lost_trial_wins_nothing_even_against_a_lost_baseline() -> None:
    found = score(trials([math.inf, math.inf]), {"lost": trials([math.inf, math.inf])})

    assert found.b_wr.value == found.bsota_wr.value == 0.0


def test_a_lost_trial_among_good_ones_costs_the_margin_a_bounded_part() -> None:
    found = score(trials([math.inf, 0.5, 0.5]), {"b": trials([1.0, 1.0, 1.0])})

    assert found.margin.value == pytest.approx((2 * math.log(2) - 3) / 3)
    assert found.b_wr.value == pytest.approx(2 / 3)


def test_the_interval_of_the_margin_is_students_around_the_mean_of_trials() -> None:
    logs = [0.1, 0.2, 0.6]

    margin = score(trials([math.exp(-value) for value in logs]), {"b": trials([1.0] * 3)}).margin

    expected = scipy.stats.ttest_1samp(logs, 0.0).confidence_interval(0.95)
    assert margin == pytest.approx((0.3, expected.low, expected.high))


def test_tasks_weigh_equally_however_many_trials_they_have() -> None:
    own = [*trials([0.5] * 6, task="large"), *trials([2.0] * 2, task="small")]
    rival = [*trials([1.0] * 6, task="large"), *trials([1.0] * 2, task="small")]

    found = score(own, {"b": rival})

    assert found.b_wr.value == pytest.approx(0.5)
    assert found.tasks["large"].b_wr == 1.0
    assert found.tasks["small"].b_wr == 0.0


def test_rates_are_read_at_the_highest_rung_and_keep_the_lower_results() -> None:
    own = [*trials([9.0, 9.0], rung=0), *trials([0.1, 0.1], rung=1)]
    rival = [*trials([1.0, 1.0], rung=0), *trials([1.0, 1.0], rung=1)]

    found = score(own, {"b": rival})

    assert (found.rung, found.b_wr.value, len(found.trials)) == (1, 1.0, 4)


def test_a_baseline_is_compared_with_the_others_only() -> None:
    found = score_baselines({"a": trials([1.0, 1.0]), "b": trials([2.0, 2.0])})

    assert found["a"].b_wr.value == 1.0
    assert found["b"].b_wr.value == 0.0


def test_baseline_trials_are_matched_by_seed_not_by_place() -> None:
    rival = trials([1.0, 3.0])

    forward = score(trials([2.0, 2.0]), {"b": rival})
    backward = score(trials([2.0, 2.0]), {"b": rival[::-1]})

    assert forward.b_wr == backward.b_wr


@given(st.lists(st.floats(0, 100), min_size=2, max_size=20), st.integers(1, 5))
def test_the_interval_holds_the_value_and_stays_in_the_unit_range(losses, rivals) -> None:
    others = {
        str(i): trials([float(10 * i + s) for s in range(len(losses))]) for i in range(rivals)
    }

    found = score(trials(losses), others)

    for rate in (found.b_wr, found.bsota_wr):
        assert 0 <= rate.low <= rate.value <= rate.high <= 1
        assert rate.high - rate.low > 0.05


@pytest.mark.parametrize("count", [8, 16, 32])
@pytest.mark.parametrize("quality", [-1.0, 0.0, 1.0, 1.6])
def test_intervals_cover_the_truth_with_few_trials_and_correlated_baselines(count, quality) -> None:
    rng = np.random.default_rng(7)
    baselines = np.linspace(-1, 1, 12)

    def draw(size: int) -> tuple[np.ndarray, np.ndarray]:
        own = quality + rng.standard_normal((size, 1))
        shared = 0.6 * rng.standard_normal((size, 1))
        return own, baselines + shared + 0.8 * rng.standard_normal((size, 12))

    own, theirs = draw(200_000)
    truth = ((own > theirs).mean(), (own[:, 0] > theirs.max(1)).mean())
    hits = np.zeros(2)
    for _ in range(400):
        own, theirs = draw(count)
        rivals = {str(b): trials((10 - theirs[:, b]).tolist()) for b in range(12)}
        found = score(trials((10 - own[:, 0]).tolist()), rivals)
        rates = (found.b_wr, found.bsota_wr)
        hits += [rate.low <= true <= rate.high for rate, true in zip(rates, truth, strict=True)]

    # 400 simulations: three standard errors below 0.95 are 0.917. Where a few trials hold less
    # than one win or loss between them, no interval covers evenly (test_intervals has the bands).
    within = [0.03 < rate < 0.97 for rate in truth]
    assert any(within)
    assert (hits[within] / 400 > 0.917).all()
