import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from evo.screening.choice import most_promising, random_count


def test_the_most_promising_come_first_when_all_differ() -> None:
    expected = np.array([0.1, 0.9, 0.3, 0.8, 0.2, 0.7])

    chosen = most_promising(expected, np.eye(6), 1.0, 3)

    assert chosen.tolist() == [1, 3, 5]


def test_of_two_that_compute_nearly_the_same_the_less_promising_waits() -> None:
    covariance = np.eye(4)
    covariance[0, 1] = covariance[1, 0] = 0.999

    chosen = most_promising(np.array([0.9, 0.8, 0.7, 0.6]), covariance, 1.0, 2)

    assert chosen.tolist() == [0, 2]


def test_those_that_wait_come_in_when_no_other_is_left() -> None:
    covariance = np.ones((4, 4))
    covariance[3, :3] = covariance[:3, 3] = 0.0

    chosen = most_promising(np.array([0.9, 0.8, 0.7, 0.6]), covariance, 1.0, 4)

    assert sorted(chosen.tolist()) == [0, 1, 2, 3]


def test_optimism_prefers_what_is_less_known() -> None:
    covariance = np.diag([0.01, 0.04, 1.0])
    expected = np.array([0.5, 0.4, 0.3])

    assert most_promising(expected, covariance, 0.0, 1).tolist() == [0]
    assert most_promising(expected, covariance, 1.0, 1).tolist() == [2]


@given(
    arrays.arrays(np.float64, 12, elements=st.floats(-1, 1)),
    arrays.arrays(np.float64, (12, 3), elements=st.floats(-4, 4)),
    st.integers(1, 15),
)
def test_as_many_as_there_are_places_are_chosen_each_once(expected, factors, count) -> None:
    covariance = factors @ factors.T
    bounds = expected + np.sqrt(np.diag(covariance))

    chosen = most_promising(expected, covariance, 1.0, count).tolist()

    assert len(chosen) == len(set(chosen)) == min(count, 12)
    assert bounds[chosen[0]] == bounds.max()


@given(st.integers(1, 64), st.floats(0.01, 1))
def test_chance_always_has_a_place_and_never_more_than_there_are(trainings, share) -> None:
    assert 1 <= random_count(trainings, share) <= trainings
