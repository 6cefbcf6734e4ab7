import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import permutation_test
from support import records
from support.profiles import many

from evo.core.trials import Trial
from evo.evaluation.statistics.paired_test import (
    LEVEL,
    Verdict,
    confirm_candidates,
    fewest_seeds,
    holm,
    sign_flip_p,
    strongest,
)

STRATA = (("digits", "mlp"), ("digits", "patches"), ("digits-cnn", "cnn"), ("cancer", "mlp"))

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=12)


def trials(losses) -> list[Trial]:
    """Trials of losses (strata, seeds)."""
    return [
        trial
        for (task, network), row in zip(STRATA, losses, strict=False)
        for trial in records.trials(row, task=task, network=network, first_seed=1_000_000)
    ]


def even(loss: float, *, strata: int = 2, seeds: int = 8) -> list[Trial]:
    return trials(np.full((strata, seeds), loss))


def test_a_candidate_that_wins_every_trial_is_confirmed_against_the_strongest() -> None:
    found = confirm_candidates({"a": even(0.5)}, {"weak": even(2.0), "strong": even(1.0)})["a"]

    assert (found.verdict, found.strongest) == (Verdict.CONFIRMED, "strong")
    assert found.overall.log_ratio.value == pytest.approx(math.log(2))
    assert found.overall.p == found.p_corrected == 2.0**-8


def test_a_candidate_that_equals_its_strongest_baseline_is_not_confirmed() -> None:
    found = confirm_candidates({"a": even(1.0)}, {"b": even(1.0)})["a"]

    assert found.verdict is Verdict.NOT_CONFIRMED
    assert found.overall == ((0.0, 0.0, 0.0), 1.0)


def test_a_candidate_that_loses_every_trial_has_p_one() -> None:
    found = confirm_candidates({"a": even(2.0)}, {"b": even(1.0)})["a"]

    assert found.verdict is Verdict.NOT_CONFIRMED
    assert found.overall.p == 1.0


def test_the_strongest_baseline_has_the_lowest_mean_log_loss_over_equal_strata() -> None:
    # By mean loss `steady` would be ahead; by log loss the first stratum counts as much.
    baselines = {
        "steady": trials([[0.1] * 8, [1.0] * 8]),
        "uneven": trials([[0.01] * 8, [2.0] * 8]),
    }

    assert strongest(baselines) == "uneven"


def test_baselines_are_matched_by_task_network_and_seed_not_by_place() -> None:
    own = np.linspace(0.2, 0.4, 16).reshape(2, 8)
    rival = trials(own * 2)

    forward = confirm_candidates({"a": trials(own)}, {"b": rival})
    backward = confirm_candidates({"a": trials(own)[::-1]}, {"b": rival[::-1]})

    one, other = forward["a"].overall, backward["a"].overall
    assert one.log_ratio == pytest.approx(other.log_ratio)
    assert one.p == pytest.approx(other.p)
    assert forward["a"].overall.log_ratio.value == pytest.approx(math.log(2))


def test_every_task_is_judged_by_its_own_strata() -> None:
    own = trials([[0.5] * 8, [0.5] * 8, [2.0] * 8])

    found = confirm_candidates({"a": own}, {"b": even(1.0, strata=3)})["a"]

    assert list(found.tasks) == ["digits", "digits-cnn"]
    assert found.tasks["digits"].log_ratio.value == pytest.approx(math.log(2))
    assert found.tasks["digits-cnn"].log_ratio.value == pytest.approx(-math.log(2))
    assert found.overall.log_ratio.value == pytest.approx(math.log(2) / 3)
    assert (found.tasks["digits"].p, found.tasks["digits-cnn"].p) == (2.0**-8, 1.0)


def test_a_lost_trial_counts_as_the_worst_there_is_even_against_a_lost_baseline() -> None:
    losses = np.full((2, 8), 0.5)
    losses[0, 3] = math.inf
    rival = np.full((2, 8), 1.0)
    rival[0, 3] = math.inf

    found = confirm_candidates({"a": trials(losses)}, {"b": trials(rival)})["a"]

    assert found.overall.log_ratio.value == pytest.approx((15 * math.log(2) - 3) / 16)
    assert found.overall.p > 2.0**-8


def test_lost_trials_of_a_baseline_count_against_the_baseline() -> None:
    lost = np.full((2, 8), 0.5)
    lost[:, :4] = math.inf

    assert strongest({"loses": trials(lost), "keeps": even(1.0)}) == "keeps"


def test_candidates_without_any_trial_left_are_part_of_what_was_tested() -> None:
    candidate, baselines = {"a": even(0.5)}, {"b": even(1.0)}

    assert confirm_candidates(candidate, baselines, tested=5)["a"].p_corrected == 5 * 2.0**-8
    assert confirm_candidates({}, baselines, tested=1) == {}


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=9))
def test_the_p_value_is_that_of_all_sign_flips(differences) -> None:
    values = np.array(differences)
    flips = np.array(np.meshgrid(*[[-1, 1]] * len(values))).reshape(len(values), -1)

    expected = np.mean(values @ flips >= values.sum() - 1e-9 * np.abs(values).sum())

    assert sign_flip_p(values) == pytest.approx(expected)


def test_the_p_value_agrees_with_scipy_on_sixteen_seeds() -> None:
    values = np.random.default_rng(5).normal(0.3, 1, 16)

    theirs = permutation_test(
        (values,), np.sum, permutation_type="samples", alternative="greater", n_resamples=2**16
    )

    assert sign_flip_p(values) == pytest.approx(theirs.pvalue)


def test_ties_and_zeros_are_counted_and_forty_seeds_take_no_time() -> None:
    assert sign_flip_p(np.zeros(16)) == 1.0
    assert sign_flip_p(np.array([1.0, -1.0])) == 0.75
    assert sign_flip_p(np.full(40, 0.1)) == 2.0**-40


def test_fewest_seeds_are_just_enough() -> None:
    for candidates in range(1, 40):
        seeds = fewest_seeds(candidates)
        assert candidates * 2.0**-seeds < LEVEL <= candidates * 2.0 ** -(seeds - 1)


def test_holm_multiplies_the_smallest_by_all_and_the_next_by_one_less() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([]) == []


@given(p_values)
def test_holm_keeps_the_order_and_lies_between_the_p_value_and_bonferroni(ps) -> None:
    corrected = holm(ps)

    for p, ours in zip(ps, corrected, strict=True):
        assert p <= ours <= min(1.0, p * len(ps)) + 1e-12
    by_p = [ours for _, ours in sorted(zip(ps, corrected, strict=True))]
    assert by_p == sorted(by_p)


@given(p_values, st.floats(0, 1))
def test_one_more_candidate_never_makes_another_more_significant(ps, more) -> None:
    for before, after in zip(holm(ps), holm([*ps, more])[:-1], strict=True):
        assert after >= before - 1e-12


@given(p_values, st.integers(0, 11), st.floats(0, 1))
def test_a_smaller_p_value_never_makes_any_larger_after_correction(ps, place, factor) -> None:
    place %= len(ps)
    smaller = [p * factor if i == place else p for i, p in enumerate(ps)]

    for before, after in zip(holm(ps), holm(smaller), strict=True):
        assert after <= before + 1e-12


class World:
    """Log losses of components that share the luck of each trial, as trained ones do.

    A seed's luck with a component is shared by its strata, and the last stratum is three times as
    noisy as the first.
    """

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._noise = np.geomspace(0.1, 0.3, len(STRATA))[:, None]

    def family(
        self, baselines: list[float], candidates: list[float], *, seeds: int = 16
    ) -> tuple[dict[str, list[Trial]], dict[str, list[Trial]]]:
        """Candidates and baselines of these mean log losses, on the same trials."""
        shape = (len(STRATA), seeds)
        trial = 0.5 * self._rng.standard_normal(shape)

        def draw(mean: float) -> list[Trial]:
            luck = self._rng.standard_normal((1, seeds)) + self._rng.standard_normal(shape)
            return trials(np.exp(mean + trial + self._noise * luck))

        return (
            {f"c{i}": draw(mean) for i, mean in enumerate(candidates)},
            {f"b{i}": draw(mean) for i, mean in enumerate(baselines)},
        )


ONE_LEADS = [-1.0, *np.linspace(-0.5, 0.5, 11)]
ALL_ALIKE = [-1.0] * 12


@pytest.mark.parametrize("baselines", [ONE_LEADS, ALL_ALIKE], ids=["one leads", "all alike"])
def test_hardly_ever_is_any_of_eight_confirmed_that_only_equal_the_strongest(baselines) -> None:
    world, families = World(0), many(100, ci=250, nightly=250)
    wrong = 0
    for _ in range(families):
        found = confirm_candidates(*world.family(baselines, [-1.0] * 8))
        wrong += any(one.verdict is Verdict.CONFIRMED for one in found.values())

    # Two standard errors of so many draws above 5 %.
    assert wrong / families <= LEVEL + 2 * math.sqrt(LEVEL * (1 - LEVEL) / families)


def test_a_clear_advantage_is_nearly_always_confirmed_among_eight() -> None:
    world, families = World(1), 80
    confirmed = 0
    for _ in range(families):
        # 0.4 in log loss is a third less loss, about one deviation of a trial's noise.
        found = confirm_candidates(*world.family(ONE_LEADS, [-1.4] + [-1.0] * 7))
        confirmed += found["c0"].verdict is Verdict.CONFIRMED

    assert confirmed / families > 0.9
