"""What every registered strategy promises, whoever wrote it."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evo.core.estimate import Estimate
from evo.core.records import Candidate, Novelty, Record, Score, Status
from evo.selection.base import parent_draws, survivals
from evo.selection.individual import Individual

POOLS = st.lists(
    st.tuples(st.sampled_from((0.0, 0.3, 0.5, 1.0)), st.sampled_from((0.1, 0.5, 0.9))),
    min_size=1,
    max_size=12,
)


def pool_of(pairs: list[tuple[float, float]]) -> list[Individual]:
    """A pool with many ties, in which no two compute the same."""
    found = []
    for place, (b_wr, novelty) in enumerate(pairs):
        rate = Estimate(b_wr, 0.0, 1.0)
        vector = np.array([place, place * place % 5], dtype=np.float32)
        candidate = Candidate(f"{place:x}", "activation", "", (), "test")
        score, novel = Score(0, (), rate, rate, 0.0, {}), Novelty(0.0, novelty, "a", "b")
        status = Status.EVALUATED
        record = Record(candidate, 1, status, behaviour_vector=vector, score=score, novelty=novel)
        found.append(Individual(record))
    return found


def ids(individuals: list[Individual]) -> list[str]:
    return [each.record.id for each in individuals]


@pytest.mark.parametrize("name", survivals.names())
@given(pairs=POOLS, count=st.integers(1, 14))
def test_so_many_different_ones_survive_and_the_best_is_among_them(name, pairs, count) -> None:
    pool = pool_of(pairs)

    kept = survivals.get(name)()(pool, count)

    assert len(set(ids(kept))) == len(kept) == min(count, len(pool))
    assert set(ids(kept)) <= set(ids(pool))
    if count >= 4:
        best = max(individual.fitness.values[0] for individual in pool)
        assert best in {individual.fitness.values[0] for individual in kept}


@pytest.mark.parametrize("name", survivals.names())
@given(pairs=POOLS, count=st.integers(1, 14))
def test_survivors_that_are_selected_again_come_out_whole_and_as_a_resume_has_them(
    name, pairs, count
) -> None:
    survive = survivals.get(name)()
    kept = survive(pool_of(pairs), count)
    afresh = [Individual(individual.record) for individual in kept]

    again, resumed = survive(kept, count), survive(afresh, count)

    assert sorted(ids(again)) == sorted(ids(kept))
    assert ids(again) == ids(resumed)
    assert [i.crowding for i in again] == [i.crowding for i in resumed]


@pytest.mark.parametrize("name", survivals.names())
def test_nobody_survives_of_nobody(name) -> None:
    assert survivals.get(name)()([], 5) == []


@pytest.mark.parametrize("name", parent_draws.names())
@given(pairs=POOLS, count=st.integers(1, 3), seed=st.integers(0, 2**32 - 1))
def test_parents_differ_and_follow_from_the_generator_alone(name, pairs, count, seed) -> None:
    pool, draw = pool_of(pairs), parent_draws.get(name)()
    state, numpy_state = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002

    first, second = (draw(pool, count, np.random.default_rng(seed)) for _ in range(2))

    assert ids(first) == ids(second)
    assert len(set(ids(first))) == len(first) == min(count, len(pool))
    assert random.getstate() == state
    assert (np.random.get_state()[1] == numpy_state).all()  # noqa: NPY002
