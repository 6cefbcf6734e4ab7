from dataclasses import replace

import numpy as np
import pytest
from selection_pools import ids, record

from evo.core.errors import UsageError
from evo.core.records import BASELINE_OPERATOR, Generation, Record
from evo.selection.halving import Halving
from evo.selection.individual import Individual
from evo.selection.islands import Islands
from evo.selection.population import Population
from evo.selection.settings import SelectionSettings

FOUR = SelectionSettings(
    portfolio=("merit+rank", "elite+best", "niches+tournament", "baselines+uniform")
)


def on(island: int, margin: float) -> Individual:
    return Individual.of(record(f"{island}:{margin}", margin, 0.5, at=(margin, 0.0)), island=island)


def baseline(name: str, margin: float) -> Record:
    made = record(name, margin, 0.5, at=(margin, 1.0), generation=0)
    return replace(made, candidate=replace(made.candidate, operator=BASELINE_OPERATOR))


def test_the_worse_half_closes_at_each_quarter_and_one_generation_later() -> None:
    halving = Halving(4, 20)
    survivors = [on(0, 0.1), on(1, 0.4), on(2, 0.2), on(3, 0.3)]

    for generation in range(21):
        halving.take(generation, survivors)

    assert [halving.open_in(g) for g in (1, 6, 7, 11, 12, 16, 17, 20)] == [
        *[(0, 1, 2, 3)] * 2,
        *[(1, 3)] * 2,
        *[(1,)] * 4,
    ]


def test_a_strategy_whose_baselines_alone_survive_has_found_nothing() -> None:
    halving = Halving(2, 4)

    halving.take(1, [Individual.of(baseline("good", 0.9), island=0), on(1, 0.1)])

    assert halving.open_in(3) == (1,)


def test_every_strategy_begins_with_all_baselines_and_their_part_of_the_population() -> None:
    islands = Islands.of(FOUR, 16, 20)
    born = islands.born([baseline(name, at / 10) for at, name in enumerate("abcdef")])
    population = islands.arrange(islands.survive(born, 0), 1)

    best_of_island_1 = islands.parents(
        population, 1, np.random.default_rng(0), generation=1, place=1
    )

    assert ids(best_of_island_1) == ["f"]
    assert sorted(ids(islands.survive(born, 0))) == list("abcdef")


def test_offspring_and_places_of_a_closed_island_go_to_those_that_are_open() -> None:
    islands = Islands.of(FOUR, 16, 8)
    islands.take(2, [on(0, 0.9), on(1, 0.1), on(2, 0.2), on(3, 0.8)])

    born = islands.born([record(f"{place}", 0.5, 0.5, generation=4) for place in range(4)])
    kept = islands.survive([on(0, n / 100) for n in range(20)], 4)

    assert [individual.island for individual in born] == [0, 3, 0, 3]
    assert len(kept) == 8


def test_a_population_that_is_replayed_has_the_same_islands() -> None:
    live, again = (Population(Islands.of(FOUR, 16, 4)) for _ in range(2))
    generations = [
        Generation(
            number,
            [
                record(
                    f"{number}-{place}",
                    place / 9 + number,
                    0.5,
                    at=(place, number),
                    generation=number,
                )
                for place in range(8)
            ],
            [f"{number}-{place}" for place in range(8)],
        )
        for number in range(4)
    ]

    for generation in generations:
        live.take(generation)
    for generation in generations:
        again.take(generation)

    assert [i.island for i in live.individuals] == [i.island for i in again.individuals]
    assert {i.island for i in live.individuals} == {2, 3}


def test_parents_that_are_drawn_from_history_take_no_part_in_a_portfolio() -> None:
    settings = SelectionSettings(portfolio=("elite+epsilon-history", "merit+rank"))

    with pytest.raises(UsageError, match="epsilon-history"):
        Islands.of(settings, 8, 8)
