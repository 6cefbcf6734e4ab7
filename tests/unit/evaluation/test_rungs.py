import math
from collections.abc import Iterator, Sequence

import pytest
from support.records import record, trained

from evo.core.errors import EvoError
from evo.core.records import Record, Status
from evo.core.stages import TrainingEnd
from evo.core.trials import Outcome, Trial
from evo.evaluation.protocol import Job, Protocol, Rung
from evo.evaluation.rungs import Evaluator, evaluate_baselines

PROTOCOL = Protocol(rungs=(Rung(epochs=1, seeds=2), Rung(epochs=4, seeds=2)), keep=0.5, leaders=0)


class Trainer:
    """Gives each candidate a fixed loss, in reverse order, and notes what it was asked for."""

    def __init__(self, losses: dict[str, float], *, dies_at: tuple[str, int] | None = None) -> None:
        self.losses = losses
        self.dies_at = dies_at
        self.asked: list[tuple[str, int]] = []

    def __call__(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        for job in reversed(jobs):
            self.asked.append((job.id, job.rung))
            if (job.id, job.rung) == self.dies_at:
                yield Outcome(job.id, job.rung, (), 0.5, "the worker process died")
            else:
                yield trained(job, self.losses[job.id], PROTOCOL)


def rivals(_: Record) -> dict[str, list[Trial]]:
    job = [Job("b", (), rung) for rung in range(2)]
    return {"b": [trial for j in job for trial in trained(j, 1.0, PROTOCOL).trials]}


def test_the_better_share_climbs_and_everyone_keeps_a_score() -> None:
    trainer = Trainer({"a": 3.0, "b": 0.5, "c": 0.2, "d": 2.0})

    results = Evaluator(trainer, PROTOCOL, rivals).evaluate([record(n) for n in "abcd"])

    assert [r.id for r in results] == ["a", "b", "c", "d"]
    assert [r.score.rung for r in results if r.score] == [0, 1, 1, 0]
    assert {id_ for id_, rung in trainer.asked if rung == 1} == {"b", "c"}
    assert all(r.status is Status.EVALUATED for r in results)
    assert [r.seconds for r in results] == [1.0, 2.0, 2.0, 1.0]


def test_a_candidate_whose_worker_dies_at_the_first_rung_has_failed() -> None:
    trainer = Trainer({"a": 0.5, "b": 0.5}, dies_at=("a", 0))

    failed, fine = Evaluator(trainer, PROTOCOL, rivals).evaluate([record("a"), record("b")])

    assert (failed.status, failed.stage, failed.score) == (Status.FAILED, "evaluate", None)
    assert "died" in failed.reason
    assert fine.status is Status.EVALUATED


def test_a_candidate_whose_worker_dies_later_keeps_what_it_has_shown() -> None:
    trainer = Trainer({"a": 0.5, "b": 0.9}, dies_at=("a", 1))

    first, _ = Evaluator(trainer, PROTOCOL, rivals).evaluate([record("a"), record("b")])

    assert first.status is Status.EVALUATED
    assert first.scored.rung == 0
    assert first.reason.startswith("rung 1")


def test_a_candidate_that_diverges_everywhere_has_failed_and_does_not_climb() -> None:
    trainer = Trainer({"a": math.inf, "b": 5.0})

    lost, fine = Evaluator(trainer, PROTOCOL, rivals).evaluate([record("a"), record("b")])

    assert lost.status is Status.FAILED
    assert "diverged" in lost.reason
    assert fine.scored.rung == 1


def test_nothing_to_evaluate_is_nothing() -> None:
    assert Evaluator(Trainer({}), PROTOCOL, rivals).evaluate([]) == []


def test_baselines_climb_every_rung_and_are_scored_against_each_other() -> None:
    trainer = Trainer({"a": 1.0, "b": 2.0})

    a, b = evaluate_baselines(trainer, PROTOCOL, [record("a"), record("b")])

    assert (a.scored.rung, a.scored.b_wr.value, b.score.b_wr.value) == (1, 1.0, 0.0)
    assert len(a.scored.trials) == 4


def test_a_baseline_that_cannot_be_trained_stops_the_work() -> None:
    trainer = Trainer({"a": 1.0, "b": 2.0}, dies_at=("b", 1))

    with pytest.raises(EvoError, match="Baseline 'relu' could not be trained"):
        evaluate_baselines(trainer, PROTOCOL, [record("a"), record("b")], names={"b": "relu"})


HEATS = Protocol(rungs=(Rung(epochs=1, seeds=6),), rate_seeds=2, heat_seeds=2, keep=0.25, leaders=0)


def heated(
    losses: dict[str, float], protocol: Protocol
) -> tuple[dict[str, Record], list[tuple[str, int]], list[Job]]:
    """Records by id after a rung of three heats, what was asked in which heat, and the jobs."""
    jobs: list[Job] = []

    def run(asked: Sequence[Job]) -> Iterator[Outcome]:
        jobs.extend(asked)
        for job in asked:
            yield trained(job, losses[job.id], protocol)

    def rivals(_: Record) -> dict[str, Sequence[Trial]]:
        heats = range(len(protocol.heats(0)))
        return {"r": [t for h in heats for t in trained(Job("r", (), 0, h), 1.0, protocol).trials]}

    results = Evaluator(run, protocol, rivals).evaluate([record(name) for name in losses])
    return {r.id: r for r in results}, [(job.id, job.heat) for job in jobs], jobs


def test_who_cannot_survive_a_rung_stops_between_its_heats() -> None:
    results, asked, _ = heated({"a": 0.5, "b": 0.9, "c": 0.5, "d": 2.0}, HEATS)

    assert {id_ for id_, heat in asked if heat == 0} == set("abcd")
    assert {id_ for id_, heat in asked if heat == 2} == {"a", "c"}
    assert {id_: len(r.score.trials) for id_, r in results.items() if r.score} == {
        "a": 6,
        "b": 2,
        "c": 6,
        "d": 2,
    }
    assert all(r.status is Status.EVALUATED for r in results.values())


def test_without_racing_everyone_trains_every_heat() -> None:
    calm = HEATS.model_copy(update={"racing": False})
    _, asked, _ = heated({"a": 0.5, "b": 0.9, "c": 0.6, "d": 2.0}, calm)

    assert len(asked) == 4 * 3


def test_every_heat_is_told_what_has_trained_before_it() -> None:
    _, _, jobs = heated({"a": 0.5}, HEATS)

    assert [[trial.seed for trial in job.known] for job in jobs] == [[], [0, 1], [0, 1, 2, 3]]


def test_a_later_heat_that_is_lost_counts_as_lost_trials() -> None:
    def run(asked: Sequence[Job]) -> Iterator[Outcome]:
        for job in asked:
            yield trained(job, math.inf if job.heat else 0.5, HEATS)

    def rivals(_: Record) -> dict[str, Sequence[Trial]]:
        return {"r": [t for h in range(3) for t in trained(Job("r", (), 0, h), 1.0, HEATS).trials]}

    (only,) = Evaluator(run, HEATS, rivals).evaluate([record("a")])

    assert only.scored.b_wr.value == pytest.approx(2 / 6)
    assert only.scored.margin.value == pytest.approx((2 * math.log(2) - 4 * 3) / 6)


def test_who_was_stopped_does_not_climb_in_the_place_of_one_that_ran_on() -> None:
    rungs = (Rung(epochs=1, seeds=4), Rung(epochs=2, seeds=2))
    protocol = Protocol(rungs=rungs, rate_seeds=2, heat_seeds=2, keep=0.5, leaders=0)

    def loss(job: Job) -> float:
        # The one that leads the first heat falls behind in the second.
        return {"leads": (0.5, 3.0), "behind": (0.6, 0.6)}[job.id][job.heat]

    def run(asked: Sequence[Job]) -> Iterator[Outcome]:
        for job in asked:
            yield trained(job, loss(job), protocol)

    def rivals(_: Record) -> dict[str, Sequence[Trial]]:
        jobs = [Job("r", (), 0, 0), Job("r", (), 0, 1), Job("r", (), 1, 0)]
        return {"r": [t for job in jobs for t in trained(job, 1.0, protocol).trials]}

    leads, behind = Evaluator(run, protocol, rivals).evaluate([record("leads"), record("behind")])

    assert (leads.scored.rung, behind.score.rung) == (1, 0)
    assert len(behind.score.trials) == 2


def test_what_is_measured_again_trains_on_fresh_seeds_and_is_scored_on_all() -> None:
    protocol = Protocol(rungs=(Rung(epochs=1, seeds=4),), rate_seeds=2, heat_seeds=2)
    jobs: list[Job] = []

    def run(asked: Sequence[Job]) -> Iterator[Outcome]:
        jobs.extend(asked)
        for job in asked:
            yield trained(job, {0: 0.25, 1: 0.25, 2: 1.0}[job.heat], protocol)

    def rivals(_: Record) -> dict[str, Sequence[Trial]]:
        heats = range(len(protocol.heats(0)))
        return {"r": [t for h in heats for t in trained(Job("r", (), 0, h), 1.0, protocol).trials]}

    evaluator = Evaluator(run, protocol, rivals)
    (once,) = evaluator.evaluate([record("a")])
    (twice,) = evaluator.remeasure([once])

    assert [job.heat for job in jobs] == [0, 1, 2]
    assert [trial.seed for trial in twice.scored.trials] == list(range(8))
    assert (once.scored.end, twice.scored.end) == (TrainingEnd.COMPLETE, TrainingEnd.REMEASURED)
    assert once.scored.margin.value == pytest.approx(math.log(4))
    assert twice.scored.margin.value == pytest.approx(math.log(4) / 2)
