from dataclasses import replace

import pytest
from selection_pools import ids, record

from evo.core.records import ABLATION_OPERATOR, Generation, Record, Status
from evo.selection.islands import Islands
from evo.selection.population import Population
from evo.selection.settings import SelectionSettings


def population(parents: str) -> Population:
    return Population(Islands.of(SelectionSettings(survival="elite", parents=parents), 2, 9))


def refused(name: str, *parents: str) -> Record:
    return replace(record(name, 0.0, 0.0, parents=parents), status=Status.INVALID, novelty=None)


FIRST = Generation(0, [record(name, 0.5, 0.5, generation=0) for name in "abc"], ["a", "b"])
SECOND = Generation(
    1,
    [
        record("d", 0.5, 0.5, parents=("a", "b")),
        record("e", 0.5, 0.5, parents=("a", "a")),
        refused("f", "c"),
    ],
    ["a", "d"],
)


def test_parents_are_the_survivors_and_those_of_a_generation_before_are_kept() -> None:
    alive = population("tournament")
    alive.take(FIRST)
    assert ids(list(alive.earlier)) == ["a", "b"]
    alive.take(SECOND)

    assert ids(alive.individuals) == ids(list(alive.parents)) == ["a", "d"]
    assert ids(list(alive.earlier)) == ["a", "b"]


@pytest.mark.parametrize("parents", ["epsilon-history", "few-children"])
def test_strategies_by_history_are_offered_everything_that_was_evaluated(parents: str) -> None:
    alive = population(parents)
    alive.take(FIRST)
    assert ids(list(alive.parents)) == ["a", "b", "c"]
    alive.take(SECOND)

    assert ids(list(alive.parents)) == ["a", "b", "c", "d", "e"]
    assert ids(alive.individuals) == ["a", "d"]
    assert ids(list(alive.earlier)) == ["a", "b", "c"]


def test_children_are_all_proposals_that_descend_refused_ones_too() -> None:
    alive = population("few-children")
    alive.take(FIRST)
    alive.take(SECOND)

    children = {individual.record.id: individual.children for individual in alive.parents}
    assert children == {"a": 2, "b": 1, "c": 1, "d": 0, "e": 0}
    assert {i.record.id: i.children for i in alive.individuals} == {"a": 2, "d": 0}
    assert [individual.children for individual in alive.earlier] == [0, 0, 0]


def test_ablations_are_nobodys_children() -> None:
    ablation = record("g", 0.5, 0.5, parents=("a",))
    ablation = replace(
        ablation, candidate=replace(ablation.candidate, operator=ABLATION_OPERATOR), novelty=None
    )
    alive = population("few-children")
    alive.take(FIRST)

    alive.take(Generation(1, [ablation], ["a", "b"]))

    assert [individual.children for individual in alive.parents] == [0, 0, 0]


def test_a_survivor_whose_record_was_lost_in_a_repair_is_left_out() -> None:
    alive = population("tournament")

    alive.take(Generation(1, list(SECOND.records), ["a", "d"]))

    assert ids(alive.individuals) == ["d"]
