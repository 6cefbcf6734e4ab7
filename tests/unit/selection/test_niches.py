import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from selection_pools import ids, individual

from evo.selection.individual import Individual
from evo.selection.niches import Niches


def test_the_best_of_each_niche_survives_and_not_the_second_best_of_all() -> None:
    pool = [
        individual("best", 0.9, at=(0.0, 0.0)),
        individual("its shadow", 0.8, at=(0.1, 0.0)),
        individual("far away", 0.2, at=(5.0, 5.0)),
        individual("in the far shadow", 0.1, at=(5.0, 5.1)),
    ]

    assert ids(Niches()(pool, 2)) == ["best", "far away"]


def test_room_is_the_distance_to_the_nearest_better_one() -> None:
    pool = [
        individual("third", 0.5, at=(3.0, 3.0)),
        individual("second", 0.6, at=(1.0, 1.0)),
        individual("first", 0.7, at=(0.0, 0.0)),
    ]

    rooms = {i.record.id: i.crowding for i in Niches()(pool, 3)}

    assert rooms == {"first": math.inf, "second": 1.0, "third": 2.0}


def test_of_two_that_compute_the_same_the_better_survives() -> None:
    pool = [individual(name, rate, at=(1.0,)) for name, rate in (("bad", 0.2), ("good", 0.9))]

    assert ids(Niches()(pool, 1)) == ["good"]


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_each_survivor_is_the_best_within_the_smallest_room_that_survives(
    seed: int, count: int
) -> None:
    rng = np.random.default_rng(seed)
    pool = [
        individual(str(place), float(rng.integers(5)) / 4, at=tuple(rng.normal(size=2)))
        for place in range(12)
    ]

    kept = Niches()(pool, count)

    radius = min(survivor.crowding for survivor in kept)
    for survivor in kept:
        within = [other for other in pool if distance(survivor, other) < radius]
        assert all(other.fitness.values[0] <= survivor.fitness.values[0] for other in within)


@given(st.permutations(range(8)))
def test_the_order_of_the_pool_changes_nothing(order: list[int]) -> None:
    pool = [individual(str(n), (n % 3) / 2, at=(float(n * n % 7), float(n))) for n in range(8)]

    assert ids(Niches()([pool[place] for place in order], 4)) == ids(Niches()(pool, 4))


def distance(one: Individual, other: Individual) -> float:
    gap = one.record.behaviour_vector.astype(float) - other.record.behaviour_vector
    return float(np.sqrt(np.mean(gap * gap)))
