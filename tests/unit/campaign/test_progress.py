import pytest
from support.records import evaluated, record

from evo.campaign.budget_warnings import Use
from evo.campaign.progress import Progress, Tracker
from evo.core.records import Generation, Status
from evo.core.trials import Outcome
from evo.evaluation.protocol import Protocol, Rung

PROTOCOL = Protocol(rungs=(Rung(epochs=1, seeds=2), Rung(epochs=2, seeds=4)), keep=0.5)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def outcome(name: str, rung: int) -> Outcome:
    return Outcome(name, rung, (), 0.0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def seen() -> list[Progress]:
    return []


def tracker(seen: list[Progress], clock: Clock, *, generation: int = 0, records=()) -> Tracker:
    following = Tracker(
        seen.append,
        generation=generation,
        generations=4,
        trainings=2,
        protocol=PROTOCOL,
        networks=[1],
        clock=clock,
    )
    following.take(Generation(0, records, ()))
    return following


def test_the_share_of_training_counts_work_not_jobs(seen, clock) -> None:
    following = tracker(seen, clock)
    fallen = [record("c", Status.DUPLICATE), record("d", Status.SCREENED_OUT)]
    following.step(1, "evaluate", [record("a"), *fallen, record("b")])

    # Two candidates at 2 units, then one of them at 8 more: 12 in all.
    for name, rung, share in (("a", 0, 2 / 12), ("b", 0, 4 / 12), ("a", 1, 1.0)):
        following.outcome(outcome(name, rung), replayed=False)
        assert seen[-1].trained == pytest.approx(share)


def test_rate_and_time_left_follow_the_clock(seen, clock) -> None:
    following = tracker(seen, clock)
    following.step(1, "propose", [])
    following.step(1, "evaluate", [record("a"), record("b")])
    clock.now += 30.0
    for name, rung in (("a", 0), ("b", 0), ("a", 1)):
        following.outcome(outcome(name, rung), replayed=False)
    following.step(1, "archive", [])
    sealed = [evaluated("a"), evaluated("b")]
    following.take(Generation(1, sealed, ()))

    assert seen[-1].per_minute == pytest.approx(4.0)
    # Generation 1 of 4 took 30 s.
    assert seen[-1].seconds_left == pytest.approx(90.0)
    assert seen[-1].seconds == 30.0


def test_the_baselines_tell_how_long_all_generations_take(seen, clock) -> None:
    following = tracker(seen, clock, generation=-1)
    clock.now += 50.0  # the start, which comes once
    following.step(0, "baselines", [record("a"), record("b")])
    assert seen[-1].seconds_left is None
    clock.now += 30.0
    following.outcome(outcome("a", 0), replayed=True)
    following.outcome(outcome("b", 0), replayed=False)

    # 8 epochs took 30 s. A baseline trains 8 + 32 + 8; in each generation two train 8, one 32 more.
    left = 2 * (8 + 32 + 8) - 2 * 8 + 4 * (2 * 8 + 32)
    assert seen[-1].seconds_left == pytest.approx(left * 30 / 8)


def test_what_was_paid_for_before_is_no_measure_of_the_pace(seen, clock) -> None:
    following = tracker(seen, clock, generation=1)
    following.step(2, "evaluate", [record("a"), record("b")])
    following.outcome(outcome("a", 0), replayed=True)
    following.outcome(outcome("b", 0), replayed=True)

    assert seen[-1].trained == pytest.approx(4 / 12)
    assert seen[-1].per_minute == 0.0
    assert seen[-1].seconds_left is None


def test_the_funnel_adds_the_present_generation_to_the_past(seen, clock) -> None:
    past = [evaluated("a", 0.4), record("b", Status.INVALID)]
    following = tracker(seen, clock, generation=1, records=past)
    following.step(2, "screen", [record("c"), record("d", Status.DUPLICATE)])

    counts = seen[-1].counts
    assert counts[Status.EVALUATED] == counts[Status.INVALID] == 1
    assert counts[Status.PROPOSED] == counts[Status.DUPLICATE] == 1


def test_the_best_is_the_best_of_all_generations(seen, clock) -> None:
    following = tracker(seen, clock, records=[evaluated("good", 0.9)])
    following.take(Generation(1, [evaluated("poor", 0.2)], ()))
    assert seen[-1].best is not None
    assert seen[-1].best.id == "good"

    following.take(Generation(2, [evaluated("better", 0.95)], ()))
    assert seen[-1].best.id == "better"


def test_what_an_earlier_process_sealed_is_counted_and_not_told(seen, clock) -> None:
    following = tracker(seen, clock, generation=2)

    following.take(Generation(1, [evaluated("a")], ()))
    following.take(Generation(2, [evaluated("b")], ()))
    assert seen == []

    following.take(Generation(3, [evaluated("c")], ()))
    assert [progress.counts[Status.EVALUATED] for progress in seen] == [3]


def test_margins_of_the_best_and_what_is_spent_are_in_every_snapshot(seen, clock) -> None:
    following = tracker(seen, clock)
    spent = {"dollars": Use(0.5, 2.0, "${:.2f}")}
    following.also_show(lambda: spent)
    for number, rate in ((1, 0.4), (2, 0.8)):
        following.take(Generation(number, [evaluated(f"c{number}", rate, generation=number)], ()))

    climbs = [progress.climb.best.margin.value for progress in seen]
    assert [progress.margins for progress in seen] == [tuple(climbs[:1]), tuple(climbs)]
    assert seen[-1].uses == spent
