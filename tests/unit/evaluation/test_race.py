import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evo.evaluation.race import still_racing


def cells(mean: float, *, noise: float = 0.1, seed: int = 0, count: int = 5) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [mean + noise * rng.standard_normal(count) for _ in range(2)]


def test_who_is_clearly_behind_the_last_survivor_stops() -> None:
    results = {"a": cells(0.0, seed=1), "b": cells(-0.02, seed=2), "far": cells(-2.0, seed=3)}

    assert still_racing(results, survivors=1) == {"a", "b"}


def test_the_leaders_race_on_however_far_apart_they_are() -> None:
    results = {"a": cells(0.0, noise=0), "b": cells(-2.0, noise=0), "c": cells(-2.5, noise=0)}

    assert still_racing(results, survivors=2) == {"a", "b"}


def test_differences_are_taken_trial_by_trial() -> None:
    # Trials differ far more than candidates: only the paired difference tells them apart.
    luck = np.array([-3.0, -1.0, 0.0, 1.0, 3.0])
    ahead, behind = [luck + 0.1], [luck + np.array([0.01, -0.01, 0.0, 0.01, -0.01])]

    assert still_racing({"ahead": ahead, "behind": behind}, survivors=1) == {"ahead"}


def test_cells_of_another_level_do_not_count_as_noise() -> None:
    # One network has far larger margins than the other, the difference is the same in both.
    ahead = [np.array([0.10, 0.11, 0.12]), np.array([2.10, 2.11, 2.12])]
    behind = [cell - np.array([0.04, 0.05, 0.06]) for cell in ahead]

    assert still_racing({"ahead": ahead, "behind": behind}, survivors=1) == {"ahead"}


def test_an_equal_of_the_last_survivor_is_rarely_stopped() -> None:
    pairs = [{"a": cells(0, seed=2 * n), "b": cells(0, seed=2 * n + 1)} for n in range(400)]

    stopped = sum(len(still_racing(pair, survivors=1)) == 1 for pair in pairs)

    # A two-sided 95 % interval of the difference of two equals lies on one side in 5 % of cases.
    assert stopped / 400 == pytest.approx(0.05, abs=0.033)


@given(
    means=st.lists(st.floats(-3, 3), min_size=1, max_size=8),
    survivors=st.integers(1, 9),
)
def test_the_best_places_are_always_in_the_race(means: list[float], survivors: int) -> None:
    results = {str(n): cells(mean, seed=n) for n, mean in enumerate(means)}
    centre = {name: float(np.mean(own)) for name, own in results.items()}
    best = sorted(centre, key=lambda name: -centre[name])[:survivors]

    racing = still_racing(results, survivors=survivors)

    assert set(best) <= racing <= set(results)


def test_nobody_in_the_race_is_nobody() -> None:
    assert still_racing({}, survivors=3) == set()
