from dataclasses import replace

import numpy as np
from selection_pools import ids, individual, record

from evo.core.records import Status
from evo.selection.individual import Individual
from evo.selection.islands import Birthplaces, Islands
from evo.selection.settings import SelectionSettings

THREE = SelectionSettings(islands=3, migrate_every=4, migrants=1)


def population() -> list[Individual]:
    """Four on each of three islands, the higher the number the better."""
    return [
        individual(f"{island}{n}", n / 4, island=island) for island in range(3) for n in range(4)
    ]


def drawn(islands: Islands, generation: int, place: int) -> set[str]:
    rng = np.random.default_rng(0)
    return {
        islands.parents(population(), 1, rng, generation=generation, place=place)[0].record.id
        for _ in range(200)
    }


def test_offspring_descend_from_the_island_that_they_are_born_on() -> None:
    islands = Islands.of(THREE.model_copy(update={"parents": "uniform"}), 12, 20)

    assert drawn(islands, 5, 0) == drawn(islands, 5, 3) == {"00", "01", "02", "03"}
    assert drawn(islands, 5, 1) == {"10", "11", "12", "13"}


def test_in_a_generation_of_visits_the_best_of_the_island_before_are_parents_too() -> None:
    islands = Islands.of(THREE.model_copy(update={"parents": "uniform"}), 12, 20)

    assert drawn(islands, 8, 1) == {"10", "11", "12", "13", "03"}
    assert drawn(islands, 8, 0) == {"00", "01", "02", "03", "23"}


def test_without_migrants_islands_stay_apart() -> None:
    apart = THREE.model_copy(update={"parents": "uniform", "migrants": 0})

    assert drawn(Islands.of(apart, 12, 20), 8, 1) == {"10", "11", "12", "13"}


def test_each_island_keeps_its_own_best() -> None:
    pool = [individual(f"strong{n}", 0.9, 0.9 - n / 9, island=0) for n in range(9)]
    pool += [individual(f"weak{n}", 0.1, 0.1 - n / 99, island=1) for n in range(9)]
    two = SelectionSettings(islands=2)

    kept = Islands.of(two, 9, 20).survive(pool, 1)

    assert [each.island for each in kept] == [0] * 5 + [1] * 4
    assert ids(kept)[5] == "weak0"


def test_the_island_follows_from_the_place_in_the_generation() -> None:
    births = [record(str(n), 0.5, 0.5, generation=1 + n // 4) for n in range(8)]

    assert [Birthplaces(lambda _: range(3))(each) for each in births] == [0] * 8
    assert list(map(Birthplaces(lambda _: range(3)), births)) == [0, 1, 2, 0, 0, 1, 2, 0]


def test_what_mends_a_refused_candidate_is_born_where_that_one_was() -> None:
    records = [
        replace(record(str(n), 0.5, 0.5), status=Status.INVALID, novelty=None) for n in "abc"
    ]
    records += [
        record("mended", 0.5, 0.5, parents=("b",)),
        record("again", 0.5, 0.5, parents=("c",)),
    ]

    born = Islands.of(THREE, 12, 20).born(records)

    assert [(each.record.id, each.island) for each in born] == [("mended", 1), ("again", 2)]


def test_a_parent_that_is_proposed_again_settles_nothing() -> None:
    again = replace(record("old", 0.5, 0.5), status=Status.DUPLICATE, novelty=None)
    child = record("child", 0.5, 0.5, parents=("old",))

    assert [each.island for each in Islands.of(THREE, 12, 20).born([again, child])] == [1]


def test_where_an_island_is_lost_everyone_may_settle_it() -> None:
    islands = Islands.of(SelectionSettings(islands=2), 8, 20)
    left = [individual("only", 0.5, island=0)]

    found = islands.parents(left, 2, np.random.default_rng(0), generation=1, place=1)

    assert ids(found) == ["only"]
    assert ids(islands.survive(left, 1)) == ["only"]
