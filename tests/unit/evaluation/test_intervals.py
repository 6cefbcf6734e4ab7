"""Coverage in simulation: DRAWS candidates a setting, each measured once, their true win rates
uniform between 0.03 and 0.97. The standard error of a coverage of 0.95 is then 0.005. The draws
are fixed, so a test passes always or never."""

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaincinv, ndtr, ndtri
from support.profiles import many, mostly_heavy

from evo.evaluation.statistics.intervals import UnitInterval, win_rate_interval

DRAWS = many(2000, nightly=4000)
BANDS = [0.03, 0.1, 0.3, 0.7, 0.9, 0.97]
BASELINES = np.linspace(-1, 1, 12)
QUALITIES = np.linspace(-9, 9, 361)


class Setting(NamedTuple):
    """`networks` by task; `correlation` of the losses of a trial, which share its luck; `spread`
    of a candidate's quality between strata, in standard deviations of a loss; whether a candidate
    has the luck of its baselines or its own, which makes it win or lose against all at once."""

    networks: tuple[int, ...]
    seeds: int
    correlation: float
    spread: float
    own_luck: bool = False


SETTINGS = [
    Setting((2,), 4, 0.0, 0.0),
    Setting((2,), 4, 0.9, 1.0),
    Setting((2,), 8, 0.5, 0.0),
    Setting((2,), 8, 0.9, 0.5, own_luck=True),
    Setting((3,), 8, 0.5, 1.0, own_luck=True),
    Setting((1, 3), 4, 0.5, 0.5),
    Setting((1, 3), 8, 0.9, 2.0),
    Setting((2, 2), 16, 0.5, 0.0, own_luck=True),
    Setting((2, 2, 2), 4, 0.9, 1.0, own_luck=True),
    Setting((2, 2, 2), 8, 0.9, 0.0),
    Setting((2, 2, 2), 16, 0.5, 1.0),
]


FEW = SETTINGS[::3]


def losses(setting: Setting, qualities: np.ndarray, rng: np.random.Generator):
    """Quality + luck + noise of candidate and baselines: (..., seeds) and (..., seeds, 12)."""
    shape = (*qualities.shape, setting.seeds)
    luck = np.sqrt(setting.correlation) * rng.standard_normal((*shape, 1))
    noise = np.sqrt(1 - setting.correlation) * rng.standard_normal((*shape, 13))
    theirs = BASELINES + luck + noise[..., 1:]
    if setting.own_luck:
        luck = np.sqrt(setting.correlation) * rng.standard_normal((*shape, 1))
    return qualities[..., None] + luck[..., 0] + noise[..., 0], theirs


def true_rates(setting: Setting, *, best_only: bool) -> np.ndarray:
    """Win rates of `QUALITIES` in one stratum, given the noise of both sides of a comparison."""
    noise = np.sqrt(1 - setting.correlation)
    if not best_only:
        apart = np.sqrt(2) if setting.own_luck else np.sqrt(2) * noise
        return ndtr((BASELINES - QUALITIES[:, None]) / apart).mean(axis=1)
    luck = np.sqrt(setting.correlation) * ndtri((np.arange(10_000) + 0.5) / 10_000)
    draws = noise * np.random.default_rng(1).standard_normal((10_000, 12))
    best = (BASELINES + draws).min(axis=1) + (luck if setting.own_luck else 0)
    own = 1.0 if setting.own_luck else noise
    return np.array([ndtr((best - quality) / own).mean() for quality in QUALITIES])


def population(setting: Setting, rates: np.ndarray, rng: np.random.Generator):
    """Qualities (DRAWS, strata) of candidates and their true win rates (DRAWS,)."""
    shares = np.repeat([1 / n for n in setting.networks], setting.networks) / len(setting.networks)
    offsets = setting.spread * rng.standard_normal((DRAWS, len(shares)))
    wanted = rng.uniform(BANDS[0], BANDS[-1], DRAWS)
    low, high = np.full(DRAWS, -15.0), np.full(DRAWS, 15.0)
    for _ in range(40):  # a higher quality is a higher loss is a lower rate
        middle = (low + high) / 2
        found = np.interp(middle[:, None] + offsets, QUALITIES, rates) @ shares
        low, high = np.where(found > wanted, middle, low), np.where(found > wanted, high, middle)
    qualities = middle[:, None] + offsets
    return qualities, np.interp(qualities, QUALITIES, rates) @ shares


@lru_cache
def simulated(setting: Setting, *, best_only: bool) -> tuple[np.ndarray, np.ndarray]:
    """True win rates and whether the interval held them, both (DRAWS,)."""
    rng = np.random.default_rng(7)
    qualities, truth = population(setting, true_rates(setting, best_only=best_only), rng)
    own, theirs = losses(setting, qualities, rng)
    wins = own[..., None] < (theirs.min(axis=-1, keepdims=True) if best_only else theirs)
    known: dict[bytes, UnitInterval] = {}
    held = []
    for values, true in zip(wins.mean(axis=-1), truth, strict=True):
        key = np.sort(values, axis=-1).tobytes()
        if key not in known:
            known[key] = win_rate_interval(by_task(values, setting), rivals=wins.shape[-1])
        held.append(known[key].low <= true <= known[key].high)
    return truth, np.array(held)


def by_task(values: np.ndarray, setting: Setting) -> list[list[np.ndarray]]:
    return [list(part) for part in np.split(values, np.cumsum(setting.networks)[:-1])]


@pytest.mark.parametrize("best_only", [False, True], ids=["b_wr", "bsota_wr"])
@pytest.mark.parametrize("setting", mostly_heavy(FEW, SETTINGS), ids=str)
def test_intervals_hold_the_truth_in_93_to_97_percent_of_cases(setting, best_only) -> None:
    _, held = simulated(setting, best_only=best_only)

    assert 0.93 <= held.mean() <= 0.97


@pytest.mark.heavy(quick="test_intervals_hold_the_truth_in_93_to_97_percent_of_cases")
@pytest.mark.parametrize("best_only", [False, True], ids=["b_wr", "bsota_wr"])
def test_intervals_hold_low_and_high_truths_as_often_as_those_between(best_only) -> None:
    results = [simulated(setting, best_only=best_only) for setting in SETTINGS]
    truth, held = (np.concatenate(parts) for parts in zip(*results, strict=True))

    by_band = [held[(truth >= a) & (truth < b)].mean() for a, b in pairwise(BANDS)]

    # Bands of one setting differ more: with 16 coins no interval is exact at every rate.
    assert 0.93 <= min(by_band) <= max(by_band) <= 0.975, by_band


trial_values = st.lists(st.integers(0, 12).map(lambda wins: wins / 12), min_size=2, max_size=16)
strata_values = st.lists(
    st.lists(trial_values.map(np.array), min_size=1, max_size=3), min_size=1, max_size=3
)


@settings(derandomize=True, deadline=None)
@given(strata_values)
def test_the_interval_is_in_the_unit_range_and_has_the_observed_rate(strata) -> None:
    low, high = win_rate_interval(strata, rivals=12)

    assert 0 <= low <= np.mean([np.mean([w.mean() for w in task]) for task in strata]) <= high <= 1


@settings(derandomize=True, deadline=None)
@given(strata_values, st.sampled_from([1, 12]))
def test_wins_for_losses_mirror_the_interval(strata, rivals) -> None:
    low, high = win_rate_interval(strata, rivals=rivals)

    mirrored = win_rate_interval([[1 - wins for wins in task] for task in strata], rivals=rivals)

    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-9)


@settings(derandomize=True, deadline=None)
@given(strata_values, st.sampled_from([1, 12]))
def test_twice_the_trials_with_the_same_values_narrow_the_interval(strata, rivals) -> None:
    low, high = win_rate_interval(strata, rivals=rivals)

    twice = win_rate_interval([[np.tile(w, 2) for w in task] for task in strata], rivals=rivals)

    assert twice.high - twice.low < high - low


@pytest.mark.parametrize("rivals", [1, 12])
def test_trials_that_all_win_leave_room_below_only(rivals) -> None:
    few = win_rate_interval([[np.ones(4), np.ones(4)]], rivals=rivals)
    many = win_rate_interval([[np.ones(16), np.ones(16)]], rivals=rivals)

    assert few.high == many.high == 1
    assert few.low < many.low < 1


@pytest.mark.parametrize("networks", [1, 2])
def test_against_one_rival_all_wins_give_the_interval_of_jeffreys(networks) -> None:
    found = win_rate_interval([[np.ones(8)] * networks], rivals=1)

    assert found.low == pytest.approx(betaincinv(8 * networks + 0.5, 0.5, 0.025), abs=0.01)


def test_strata_weigh_equally_within_a_task_and_tasks_among_each_other() -> None:
    won, lost = np.ones(8), np.zeros(8)

    found = win_rate_interval([[won, won, won], [lost]], rivals=12)

    assert (found.low + found.high) / 2 == pytest.approx(0.5, abs=0.02)
