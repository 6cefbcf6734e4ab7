import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from evo.screening.choice import most_promising, random_count


def test_the_most_promising_come_first_when_all_differ() -> None:
    behaviours = np.eye(6, dtype=np.float32)

    chosen = most_promising(np.array([0.1, 0.9, 0.3, 0.8, 0.2, 0.7]), behaviours, 3)

    assert chosen.tolist() == [1, 3, 5]


def test_of_two_that_compute_nearly_the_same_the_less_promising_waits() -> None:
    behaviours = np.array([[0.0], [0.01], [5.0], [9.0]], dtype=np.float32)

    chosen = most_promising(np.array([0.9, 0.8, 0.7, 0.6]), behaviours, 2)

    assert chosen.tolist() == [0, 2]


def test_who_waits_comes_in_when_nobody_different_is_left() -> None:
    behaviours = np.array([[0.0], [0.0], [0.0], [9.0]], dtype=np.float32)

    chosen = most_promising(np.array([0.9, 0.8, 0.7, 0.6]), behaviours, 4)

    assert sorted(chosen.tolist()) == [0, 1, 2, 3]


@given(
    arrays.arrays(np.float64, 12, elements=st.floats(-1, 1)),
    arrays.arrays(np.float32, (12, 3), elements=st.floats(-4, 4, width=32)),
    st.integers(1, 12),
)
def test_as_many_as_there_are_places_are_chosen_each_once(promise, behaviours, count) -> None:
    chosen = most_promising(promise, behaviours, count).tolist()

    assert len(chosen) == len(set(chosen)) == count
    assert int(np.argmax(promise)) in chosen


@given(st.integers(1, 64), st.floats(0.01, 1))
def test_chance_always_has_a_place_and_never_more_than_there_are(trainings, share) -> None:
    assert 1 <= random_count(trainings, share) <= trainings
