"""Jobs handed to an engine: what is tried again, what is a failure, and in which order."""

import threading
import time
from collections.abc import Sequence

import pytest
from support.scripted_engine import ScriptedEngine, trained

from evo.compute.batch import Batch, Ended
from evo.compute.lost_attempts import LossCause, LostAttempt
from evo.compute.workers import Workers
from evo.core.errors import EvoError
from evo.evaluation.protocol import Job

DEAD, GONE, LATE, SHORT = map(
    LostAttempt, (LossCause.WORKER, LossCause.NODE, LossCause.LATE, LossCause.MEMORY)
)


def jobs(number: int, *, heat: int = 0) -> list[Job]:
    return [Job(f"{heat}-{place}", (), 0, heat) for place in range(number)]


def workers(engine: ScriptedEngine, noted: list[LostAttempt] | None = None) -> Workers:
    note = (lambda _: None) if noted is None else noted.append
    return Workers(engine, note=note, clock=engine.clock)


@pytest.mark.parametrize("count", [1, 2, 4])
def test_every_job_ends_once_and_no_more_are_handed_over_than_there_are_places_for(count) -> None:
    engine = ScriptedEngine(count)

    outcomes = list(workers(engine).run(jobs(9)))

    assert sorted(outcome.id for outcome in outcomes) == [job.id for job in jobs(9)]
    assert count <= engine.most_at_once <= 2 * count
    assert len(engine.log) == 9


def test_workers_that_join_are_used() -> None:
    engine = ScriptedEngine(1)
    run = workers(engine).run(jobs(9))

    next(run)
    engine.workers = 4
    list(run)

    assert engine.clock.now < 5


def test_what_has_no_outcome_is_cancelled_where_the_caller_stops() -> None:
    engine = ScriptedEngine(2)
    run = workers(engine).run(jobs(9))

    first = next(run)
    run.close()

    begun = {id_ for batch in engine.log for id_ in batch}
    assert set(engine.cancelled) == begun - {first.id}
    assert len(begun) <= 5


def test_one_loss_costs_nothing_but_time() -> None:
    noted: list[LostAttempt] = []
    engine = ScriptedEngine(2, losses={"0-1": [DEAD], "0-2": [LATE]})

    outcomes = list(workers(engine, noted).run(jobs(4)))

    assert not any(outcome.error for outcome in outcomes)
    assert noted == [DEAD, LATE]
    assert len(engine.log) == 6


def test_two_losses_of_its_workers_are_the_candidates_fault() -> None:
    engine = ScriptedEngine(2, losses={"0-1": [DEAD, LATE]})

    outcomes = {outcome.id: outcome for outcome in workers(engine).run(jobs(4))}

    assert outcomes["0-1"].error.endswith("longer than 60 s (timeout_s), twice")
    assert [id_ for id_, outcome in outcomes.items() if outcome.error] == ["0-1"]


def test_machines_that_are_lost_are_no_candidates_fault_unless_it_never_ends() -> None:
    unlucky = ScriptedEngine(2, losses={"0-1": [GONE] * 5 + [DEAD]})
    hopeless = ScriptedEngine(2, losses={"0-1": [GONE] * 50})

    assert not any(outcome.error for outcome in workers(unlucky).run(jobs(4)))
    errors = [outcome.error for outcome in workers(hopeless).run(jobs(4)) if outcome.error]
    assert errors == ["its machine was lost 11 times"]


def test_memory_that_runs_out_for_a_while_is_no_candidates_fault() -> None:
    unlucky = ScriptedEngine(2, losses={"0-1": [SHORT] * 4})
    greedy = ScriptedEngine(2, losses={"0-1": [SHORT] * 9})

    assert not any(outcome.error for outcome in workers(unlucky).run(jobs(4)))
    errors = [outcome.error for outcome in workers(greedy).run(jobs(4)) if outcome.error]
    assert errors == ["memory ran out 5 times while it trained"]
    assert greedy.log.count(("0-1",)) == 5


def test_quick_jobs_go_together_and_one_of_them_that_kills_its_worker_fails_alone() -> None:
    engine = ScriptedEngine(
        2, seconds=lambda _: 0.1, batch_s=1.0, losses={"0-50": [DEAD, DEAD, DEAD]}
    )

    outcomes = {outcome.id: outcome for outcome in workers(engine).run(jobs(200))}

    assert 5 <= max(len(batch) for batch in engine.log) <= 10
    assert len(outcomes) == 200
    assert [id_ for id_, outcome in outcomes.items() if outcome.error] == ["0-50"]
    lost = next(batch for batch in engine.log if "0-50" in batch)
    assert len(lost) > 1
    assert engine.log.count(("0-50",)) == 2
    trained_once = [id_ for id_ in outcomes if id_ not in lost]
    assert all(sum(id_ in batch for batch in engine.log) == 1 for id_ in trained_once)


def test_a_straggler_is_trained_by_an_idle_worker_too_and_the_first_outcome_counts() -> None:
    slow = iter([300.0])
    engine = ScriptedEngine(4, seconds=lambda job: next(slow, 5.0) if job.id == "0-9" else 5.0)

    outcomes = list(workers(engine).run(jobs(20)))

    assert len(outcomes) == 20
    assert engine.log.count(("0-9",)) == 2
    assert engine.cancelled == ["0-9"]
    assert engine.clock.now < 60


def test_two_runs_at_once_each_get_their_own_and_the_first_is_served_first() -> None:
    engine = ScriptedEngine(2)
    pool = workers(engine)
    first = pool.run(jobs(6))
    assert next(first)

    others: list[str] = []
    second = threading.Thread(
        target=lambda: others.extend(outcome.id for outcome in pool.run(jobs(6, heat=1)))
    )
    second.start()
    rest = [outcome.id for outcome in first]
    second.join(timeout=120)

    assert len(rest) == 5
    assert sorted(others) == [job.id for job in jobs(6, heat=1)]


class Together(ScriptedEngine):
    """Ends all that it was given at once, while the other thread waits for its turn."""

    def __init__(self) -> None:
        super().__init__(2)
        self.given: list[Batch] = []
        self.asked_for_nothing = 0

    def submit(self, batch: Batch) -> None:
        self.given.append(batch)

    def ended(self, timeout_s: float) -> Sequence[Ended]:
        self.asked_for_nothing += not self.given
        time.sleep(0.02)
        ended = [Ended(batch, tuple(map(trained, batch.jobs))) for batch in self.given]
        self.given = []
        return ended


def test_an_engine_without_work_is_not_waited_for() -> None:
    engine = Together()
    pool = workers(engine)

    def run_often() -> None:
        for _ in range(20):
            assert list(pool.run(jobs(1)))

    second = threading.Thread(target=run_often)
    second.start()
    run_often()
    second.join(timeout=120)

    assert engine.asked_for_nothing == 0


def test_a_run_without_any_worker_gives_up() -> None:
    engine = ScriptedEngine(0)

    with pytest.raises(EvoError, match="No worker has come for 10 minutes"):
        list(workers(engine).run(jobs(1)))


def test_no_jobs_are_no_outcomes() -> None:
    assert not list(workers(ScriptedEngine(1)).run([]))
    assert trained(jobs(1)[0]).id == "0-0"
