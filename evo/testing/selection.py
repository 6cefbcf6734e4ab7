"""Tests that every selection strategy must pass."""

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evo.core.estimate import Estimate
from evo.core.novelty import Novelty
from evo.core.performance import performance
from evo.core.records import Candidate, Record, Score, Status
from evo.selection.base import Parents, Survival
from evo.selection.individual import Individual

_POOLS = st.lists(
    st.tuples(st.sampled_from((0.0, 0.3, 0.5, 1.0)), st.sampled_from((0.1, 0.5, 0.9))),
    min_size=1,
    max_size=12,
)
"""B-WR and novelty of each member, with many ties."""

_inherited = settings(deadline=None, suppress_health_check=[HealthCheck.differing_executors])
"""A property of a base class runs in each subclass of it, which hypothesis would warn of."""


class SurvivalSuite:
    """Tests of a survival strategy. Subclass it and define the fixture `survival`."""

    @pytest.fixture(scope="class")
    @classmethod
    def survival(cls) -> Survival:
        """The strategy under test."""
        raise NotImplementedError("Define a fixture `survival` that returns the one to test.")

    @_inherited
    @given(pairs=_POOLS, count=st.integers(1, 14))
    def test_count_different_ones_survive_and_the_best_is_among_them(
        self, survival: Survival, pairs: list[tuple[float, float]], count: int
    ) -> None:
        pool = _pool_of(pairs)

        survivors = survival(pool, count)

        assert len(set(_ids(survivors))) == len(survivors) == min(count, len(pool))
        assert set(_ids(survivors)) <= set(_ids(pool))
        if count >= 4:
            best = max(performance(individual.record) for individual in pool)
            assert best in {performance(individual.record) for individual in survivors}

    @_inherited
    @given(pairs=_POOLS, count=st.integers(1, 14))
    def test_survivors_that_are_selected_again_come_out_whole_and_as_a_resume_has_them(
        self, survival: Survival, pairs: list[tuple[float, float]], count: int
    ) -> None:
        survivors = survival(_pool_of(pairs), count)
        afresh = [Individual.of(individual.record) for individual in survivors]

        again, resumed = survival(survivors, count), survival(afresh, count)

        assert sorted(_ids(again)) == sorted(_ids(survivors))
        assert _ids(again) == _ids(resumed)
        assert [i.crowding for i in again] == [i.crowding for i in resumed]

    def test_nobody_survives_of_nobody(self, survival: Survival) -> None:
        assert survival([], 5) == []


class ParentsSuite:
    """Tests of a strategy that draws parents. Subclass it and define the fixture `draw`."""

    @pytest.fixture(scope="class")
    @classmethod
    def draw(cls) -> Parents:
        """The strategy under test."""
        raise NotImplementedError("Define a fixture `draw` that returns the one to test.")

    @_inherited
    @given(pairs=_POOLS, count=st.integers(1, 3), seed=st.integers(0, 2**32 - 1))
    def test_parents_differ_and_follow_from_the_generator_alone(
        self, draw: Parents, pairs: list[tuple[float, float]], count: int, seed: int
    ) -> None:
        pool = _pool_of(pairs)
        state, numpy_state = random.getstate(), str(np.random.get_state())  # noqa: NPY002

        first, second = (draw(pool, count, np.random.default_rng(seed)) for _ in range(2))

        assert _ids(first) == _ids(second)
        assert len(set(_ids(first))) == len(first) == min(count, len(pool))
        assert random.getstate() == state
        assert str(np.random.get_state()) == numpy_state  # noqa: NPY002


def _pool_of(pairs: list[tuple[float, float]]) -> list[Individual]:
    """A pool in which no two compute the same."""
    pool: list[Individual] = []
    for place, (b_wr, novelty) in enumerate(pairs):
        rate = Estimate(b_wr, 0.0, 1.0)
        record = Record(
            Candidate(f"{place:x}", "activation", "", (), "test"),
            generation=1,
            status=Status.EVALUATED,
            behaviour_vector=np.array([place, place * place % 5], dtype=np.float32),
            score=Score(0, (), rate, rate, rate, {}),
            novelty=Novelty(0.0, novelty, "a", "b"),
        )
        pool.append(Individual.of(record))
    return pool


def _ids(individuals: list[Individual]) -> list[str]:
    return [individual.record.id for individual in individuals]
