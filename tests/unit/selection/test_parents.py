import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from selection_pools import ids, individual

from evo.selection.individual import Individual
from evo.selection.novelty_first import NoveltyFirst
from evo.selection.nsga2 import Nsga2
from evo.selection.rank import Rank
from evo.selection.tournament import Tournament
from evo.selection.uniform import Uniform


def drawn(strategy, pool: list[Individual], draws: int = 4000) -> dict[str, float]:
    """How often each is the one parent drawn."""
    rng = np.random.default_rng(0)
    found = [strategy(pool, 1, rng)[0].record.id for _ in range(draws)]
    return {each: found.count(each) / draws for each in ids(pool)}


@given(st.integers(0, 2**32 - 1))
def test_a_tournament_draws_as_it_always_has(seed: int) -> None:
    pool = Nsga2()([individual(str(i), i / 10, (7 * i % 10) / 10) for i in range(10)], 10)

    assert ids(Tournament()(pool, 3, np.random.default_rng(seed))) == as_before(pool, 3, seed)


def as_before(pool: list[Individual], count: int, seed: int) -> list[str]:
    """The draws of the first campaigns, written out: histories depend on them."""
    rng, pool, chosen = np.random.default_rng(seed), list(pool), []
    for _ in range(count):
        one, two = (pool[i] for i in rng.choice(len(pool), size=2, replace=False))
        crowded = not one.fitness.dominates(two.fitness) and (two.crowding > one.crowding)
        winner = two if two.fitness.dominates(one.fitness) or crowded else one
        chosen.append(winner.record.id)
        pool.remove(winner)
    return chosen


def test_of_a_tournament_the_dominating_one_has_more_offspring() -> None:
    pool = Nsga2()([individual("good", 1.0, 1.0), individual("bad", 0.0, 0.0)], 2)

    assert drawn(Tournament(), pool, 50)["good"] == 1.0


def test_evenly_means_evenly() -> None:
    pool = [individual(str(n), n / 4) for n in range(4)]

    assert list(drawn(Uniform(), pool).values()) == pytest.approx([0.25] * 4, abs=0.03)


def test_by_rank_chances_fall_evenly_from_the_best_to_the_last() -> None:
    pool = [individual(name, rate) for name, rate in (("c", 0.1), ("a", 0.9), ("b", 0.89))]

    chances = drawn(Rank(), pool)

    assert [chances[name] for name in "abc"] == pytest.approx([3 / 6, 2 / 6, 1 / 6], abs=0.03)


def test_novelty_first_prefers_the_novel_and_of_the_equally_novel_the_better() -> None:
    pool = [individual("usual", 0.9, 0.1), individual("new", 0.1, 0.9), individual("n", 0.2, 0.9)]

    chances = drawn(NoveltyFirst(), pool)

    assert chances["usual"] == 0.0
    assert chances["n"] == pytest.approx(2 / 3, abs=0.03)
