"""Individuals that a person pins or bans: who survives, who is a parent, what a replay gives."""

from dataclasses import replace

import numpy as np
from selection_pools import ids, record

from evo.core.records import BASELINE_OPERATOR, Generation, Record
from evo.selection.choices import NEARLY_THE_SAME, Choices
from evo.selection.individual import Individual
from evo.selection.islands import Islands
from evo.selection.population import Population
from evo.selection.settings import SelectionSettings

TWO = SelectionSettings(islands=2, survival="elite", parents="uniform")
PORTFOLIO = SelectionSettings(portfolio=("elite+best", "elite+uniform"))


def at(name: str, margin: float, place: float, *, generation: int = 1) -> Record:
    return record(name, margin, 0.5, at=(place, 0.0), generation=generation)


def islands(*pinned: str, settings: SelectionSettings = TWO) -> Islands:
    return Islands.of(settings, 8, 8, pinned=frozenset(pinned))


def pool() -> list[Individual]:
    return [
        Individual.of(at(f"{island}{number}", number / 10, 10 * island + number), island=island)
        for island in (0, 1)
        for number in range(6)
    ]


def test_what_is_pinned_takes_the_last_place_on_its_own_island() -> None:
    free, kept = islands().survive(pool(), 1), islands("10", "05").survive(pool(), 1)

    assert ids(free) == ["05", "04", "03", "02", "15", "14", "13", "12"]
    assert sorted(ids(kept)) == sorted(["05", "04", "03", "02", "15", "14", "13", "10"])


def test_all_that_is_pinned_survives_even_where_it_fills_an_island() -> None:
    survivors = ids(islands("00", "01", "10", "11").survive(pool(), 1))

    assert {"00", "01", "10", "11"} <= set(survivors)
    assert len(survivors) == 8


def test_what_is_pinned_is_drawn_on_every_island_of_a_portfolio() -> None:
    lonely = [Individual.of(at("00", 0.1, 0.0), island=0)]
    portfolio = islands("00", settings=PORTFOLIO)

    drawn = portfolio.parents(lonely, 1, np.random.default_rng(0), generation=1, place=1)

    assert ids(drawn) == ["00"]
    assert ids(portfolio.survive(lonely, 1)) == ["00"]


FIRST = Generation(0, [at(name, 0.5, ord(name), generation=0) for name in "abc"], ["a", "b"])
SECOND = Generation(1, [at("d", 0.9, 1.0), at("e", 0.1, 2.0)], ["a", "d"])
THIRD = Generation(2, [at("f", 0.8, 1.0 + 2 * NEARLY_THE_SAME, generation=2)], ["d", "f"])


def lived(choices: Choices, *generations: Generation) -> Population:
    settings = SelectionSettings(survival="elite", parents="tournament")
    population = Population(Islands.of(settings, 2, 9), choices)
    for generation in generations:
        population.take(generation)
    return population


def test_what_had_died_out_and_is_pinned_is_a_possible_parent_again() -> None:
    pinned = Choices(frozenset("e"), frozenset(), frozenset("e"))

    population = lived(pinned, FIRST, SECOND, THIRD)

    assert ids(population.individuals) == ids(list(population.parents)) == ["d", "f", "e"]


def test_what_was_pinned_once_is_still_a_survivor_where_history_says_so() -> None:
    later = Generation(3, [], ["d", "e"])
    once = Choices(frozenset(), frozenset(), frozenset("e"))

    assert ids(lived(once, FIRST, SECOND, THIRD, later).individuals) == ["d", "e"]


def test_a_ban_covers_what_computes_nearly_the_same_and_no_baseline() -> None:
    banned = Choices(frozenset(), frozenset("d"))
    near = at("g", 0.5, 1.0 + NEARLY_THE_SAME / 2)
    known = replace(near, candidate=replace(near.candidate, id="h", operator=BASELINE_OPERATOR))
    population = lived(banned, FIRST, SECOND, THIRD)

    newborn = [Individual.of(one) for one in (near, known)]

    assert ids(population.individuals) == ids(list(population.parents)) == ["f"]
    assert ids(population.with_newborn(newborn)) == ["f", "h"]


def test_what_is_pinned_is_not_banned_by_its_likeness() -> None:
    near = Generation(2, [at("g", 0.5, 1.0 + NEARLY_THE_SAME / 2, generation=2)], ["a", "g"])
    both = Choices(frozenset("g"), frozenset("d"), frozenset("g"))

    assert ids(lived(both, FIRST, SECOND, near).individuals) == ["a", "g"]


def test_a_ban_of_all_there_is_bans_nothing() -> None:
    everyone = Choices(frozenset(), frozenset("ab"))

    assert ids(lived(everyone, FIRST).individuals) == ["a", "b"]
