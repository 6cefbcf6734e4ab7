"""Leaders are measured again on fresh seeds, see `evo.campaign.steps.Remeasure`."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from support.records import record, trained

from evo.campaign.steps import Remeasure
from evo.core.records import Generation, Novelty, Record, Status
from evo.core.stages import TrainingEnd
from evo.core.trials import Outcome, Trial
from evo.evaluation.protocol import Job, Protocol, Rung
from evo.evaluation.rungs import Evaluator
from evo.selection.islands import Islands
from evo.selection.population import Population
from evo.selection.settings import SelectionSettings

PROTOCOL = Protocol(rungs=(Rung(epochs=1, seeds=4),), rate_seeds=4, keep=1.0, racing=False)
FRESH = len(PROTOCOL.heats(0)) - 1


class Bench:
    """Trains by given losses: the first on the seeds of all, the second on the fresh ones.

    Args:
        losses: by id; a second loss of NaN is a worker that dies.
        leaders: number of leaders.
        survivors: ids of those that are older than the records measured.
    """

    def __init__(
        self, losses: dict[str, tuple[float, float]], *, leaders: int, survivors: Sequence[str] = ()
    ) -> None:
        self.losses = losses
        self.again: list[list[str]] = []
        evaluator = Evaluator(self._train, PROTOCOL, lambda _: {"known": self._known()})
        born = evaluator.evaluate([_record(name) for name in losses])
        self.newborn = [record for record in born if record.id not in survivors]
        older = [
            replace(record, novelty=Novelty(0.1, 0.1, "a", "b"))
            for record in born
            if record.id in survivors
        ]
        population = Population(Islands.of(SelectionSettings(), 4, 9))
        population.take(Generation(0, older, list(survivors)))
        self.remeasure = Remeasure(evaluator, population, leaders=leaders, last_rung=0)

    def _train(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        if jobs and jobs[0].heat == FRESH:
            self.again.append([job.id for job in jobs])
        for job in jobs:
            loss = self.losses[job.id][job.heat]
            lost = math.isnan(loss)
            yield job.failed("the worker died") if lost else trained(job, loss, PROTOCOL)

    def _known(self) -> Sequence[Trial]:
        jobs = [Job("known", (), 0, heat) for heat in range(FRESH + 1)]
        return [trial for job in jobs for trial in trained(job, 1.0, PROTOCOL).trials]


def _record(name: str) -> Record:
    return record(name, graphs=(name,), behaviour_vector=np.array([ord(name[0])], np.float32))


def ends(records: Sequence[Record]) -> dict[str, TrainingEnd]:
    return {record.id: record.scored.end for record in records}


def test_leaders_train_on_fresh_seeds_and_are_scored_on_all() -> None:
    bench = Bench({"a": (0.5, 0.5), "b": (0.4, 0.6), "c": (0.9, 0.9)}, leaders=2)

    results = bench.remeasure(bench.newborn)

    assert [sorted(ids) for ids in bench.again] == [["a", "b"]]
    assert [record.id for record in results] == ["a", "b", "c"]
    assert ends(results) == {
        "a": TrainingEnd.REMEASURED,
        "b": TrainingEnd.REMEASURED,
        "c": TrainingEnd.COMPLETE,
    }
    assert [len(record.scored.trials) for record in results] == [8, 8, 4]
    assert results[1].scored.margin.value == pytest.approx(-(math.log(0.4) + math.log(0.6)) / 2)
    assert results[0].seconds == 2.0


def test_those_that_rise_as_leaders_fall_are_measured_too_until_none_is_due() -> None:
    losses = {"lucky": (0.2, 4.0), "second": (0.5, 3.0), "third": (0.6, 0.6), "last": (3.0, 3.0)}
    bench = Bench(losses, leaders=1)

    results = bench.remeasure(bench.newborn)

    assert bench.again == [["lucky"], ["second"], ["third"]]
    assert ends(results)["last"] is TrainingEnd.COMPLETE


def test_survivors_of_earlier_generations_lead_as_they_are() -> None:
    losses = {"old": (0.2, 9.0), "new": (0.3, 0.3), "poor": (0.9, 0.9)}

    alone = Bench(losses, leaders=1, survivors=["old"])
    assert alone.remeasure(alone.newborn) == alone.newborn
    assert alone.again == []

    two = Bench(losses, leaders=2, survivors=["old"])
    two.remeasure(two.newborn)
    assert two.again == [["new"]]


def test_without_leaders_nothing_trains() -> None:
    bench = Bench({"a": (0.5, 0.5), "b": (0.4, 0.6)}, leaders=0)

    assert bench.remeasure(bench.newborn) == bench.newborn
    assert bench.again == []


def test_those_that_were_cut_short_are_never_due() -> None:
    bench = Bench({"stopped": (0.2, 0.2), "whole": (0.6, 0.6)}, leaders=2)
    stopped, whole = bench.newborn
    stopped = replace(stopped, score=replace(stopped.scored, end=TrainingEnd.OUTRACED))

    results = bench.remeasure([stopped, whole])

    assert bench.again == [["whole"]]
    assert results[0] is stopped


def test_a_leader_whose_worker_dies_keeps_its_score_and_the_next_one_is_due() -> None:
    bench = Bench({"dies": (0.2, math.nan), "next": (0.6, 0.6)}, leaders=1)

    dies, following = bench.remeasure(bench.newborn)

    assert bench.again == [["dies"], ["next"]]
    assert (dies.status, dies.scored.end) == (Status.EVALUATED, TrainingEnd.FAILED)
    assert len(dies.scored.trials) == 4
    assert following.scored.end is TrainingEnd.REMEASURED


def test_the_same_source_proposed_twice_stays_a_duplicate_in_its_place() -> None:
    bench = Bench({"a": (0.5, 0.5)}, leaders=1)
    (first,) = bench.newborn
    twin = replace(first, status=Status.DUPLICATE, score=None)

    measured, same = bench.remeasure([first, twin])

    assert measured.scored.end is TrainingEnd.REMEASURED
    assert same is twin
