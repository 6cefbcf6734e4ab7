import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evo.selection import Individual, performance, survive, tournament
from evo.types import Candidate, Novelty, Record, Score, WinRate


def individual(name: str, b_wr: float, n_score: float, *, rung: int = 0) -> Individual:
    rate = WinRate(b_wr, 0.0, 1.0)
    return Individual(
        Record(
            Candidate(name, "activation", name, (), "test"),
            1,
            score=Score(rung, (), rate, rate, 0.0, {}),
            novelty=Novelty(0.1, n_score, "a", "b"),
        )
    )


def test_performance_ranks_by_rung_first() -> None:
    short = individual("short", 1.0, 0.1, rung=0)
    full = individual("full", 0.0, 0.1, rung=1)

    assert performance(full.record) > performance(short.record)


def test_survivors_are_the_non_dominated_first() -> None:
    pool = [
        individual("both", 0.9, 0.9),
        individual("worse", 0.8, 0.8),
        individual("novel", 0.1, 1.0),
        individual("strong", 1.0, 0.0),
        individual("worst", 0.0, 0.0),
    ]

    kept = {i.record.id for i in survive(pool, 3)}

    assert kept == {"both", "novel", "strong"}


def test_a_pool_smaller_than_the_population_survives_whole() -> None:
    assert len(survive([individual("a", 0.5, 0.5)], 10)) == 1


@given(st.integers(0, 2**32 - 1))
def test_a_tournament_draws_different_parents_from_its_generator_alone(seed: int) -> None:
    pool = survive([individual(str(i), i / 10, 1 - i / 10) for i in range(10)], 10)
    state, numpy_state = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002

    first = tournament(pool, 3, np.random.default_rng(seed))
    second = tournament(pool, 3, np.random.default_rng(seed))

    assert [i.record.id for i in first] == [i.record.id for i in second]
    assert len({i.record.id for i in first}) == 3
    assert random.getstate() == state
    assert (np.random.get_state()[1] == numpy_state).all()  # noqa: NPY002


def test_the_dominating_one_has_more_offspring() -> None:
    pool = survive([individual("good", 1.0, 1.0), individual("bad", 0.0, 0.0)], 2)
    rng = np.random.default_rng(0)

    winners = [tournament(pool, 1, rng)[0].record.id for _ in range(50)]

    assert set(winners) == {"good"}


def test_a_pool_of_one_is_its_own_parent() -> None:
    pool = survive([individual("only", 0.5, 0.5)], 1)

    assert [i.record.id for i in tournament(pool, 2, np.random.default_rng(0))] == ["only"]
