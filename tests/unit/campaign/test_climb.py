"""How a search climbs, from sealed generations."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from support.records import estimate, evaluated, trials

from evo.campaign.ascent import Ascent, excess_of
from evo.campaign.climb import STANDSTILL, Climb
from evo.core.records import (
    BASELINE_OPERATOR,
    Generation,
    Record,
    Status,
)
from evo.core.stages import TrainingEnd
from evo.evaluation.statistics.trial_values import lowest_losses

FRESH_SEED = 4


def climber(name: str, margin: float, *, b_wr: float = 0.8, error: float = 0.05, **known) -> Record:
    return evaluated(
        name, b_wr, **{"margin": estimate(margin, error), "operator": "mutate-tree", **known}
    )


def with_trials(record: Record, first: float, fresh: float | None = None) -> Record:
    """The record with one loss on the first seeds, and another on the fresh ones."""
    losses = [first] * FRESH_SEED + ([] if fresh is None else [fresh] * FRESH_SEED)
    end = TrainingEnd.COMPLETE if fresh is None else TrainingEnd.REMEASURED
    score = replace(record.scored, trials=trials(losses, rung=record.scored.rung), end=end)
    return replace(record, score=score)


def climbed(*generations: Sequence[Record]) -> Climb:
    """The climb after generations, the first of which is number 0."""
    ascent = Ascent(FRESH_SEED)
    for number, records in enumerate(generations):
        ascent.take(Generation(number, list(records), []))
    assert ascent.now is not None
    return ascent.now


KNOWN = [
    with_trials(climber("good", 0.0, b_wr=0.6, operator=BASELINE_OPERATOR), 1.0, 1.0),
    with_trials(climber("poor", -1.0, b_wr=0.1, operator=BASELINE_OPERATOR), 2.0, 2.0),
]


def test_of_baselines_alone_there_is_no_climb() -> None:
    assert climbed(KNOWN) == Climb(0)


def test_a_generation_has_a_mean_and_shares_of_its_offspring_and_their_parents() -> None:
    unfinished = replace(climber("c", 0.0, parents=["poor"]), status=Status.INVALID, score=None)
    born = [
        climber("a", 0.5, parents=["good", "poor"]),
        climber("b", -0.1, parents=["good"]),
        unfinished,
        climber("d", -2.0, rung=0, parents=["unknown"]),
    ]

    climb = climbed(KNOWN, born)

    assert (climb.generation, climb.trained) == (1, 3)
    assert climb.mean_margin == pytest.approx((0.5 - 0.1 - 2.0) / 3)
    assert climb.ahead == 1 / 2
    assert climb.parents_with_merit == 2 / 4


def test_a_short_rung_is_behind_a_parent_that_trained_in_full() -> None:
    climb = climbed(KNOWN, [climber("a", 2.0, rung=0, parents=["good"])])

    assert climb.ahead == 0.0


def test_the_best_is_the_worthiest_and_not_the_luckiest() -> None:
    sure = [climber(f"sure{n}", n / 10, error=0.02) for n in range(5)]

    climb = climbed(KNOWN, [*sure, climber("lucky", 0.5, error=1.0)])

    assert climb.best is not None
    assert climb.best.id == "sure4"


def test_the_best_of_a_short_rung_gives_way_to_the_first_that_trained_in_full() -> None:
    climb = climbed(KNOWN, [climber("short", 0.9, rung=0)], [climber("full", -0.5)])

    assert climb.best is not None
    assert climb.best.id == "full"


def test_what_was_measured_again_is_shown_with_what_its_first_margin_exceeded() -> None:
    lucky = with_trials(climber("lucky", 0.9), 0.5, 1.0)
    honest = with_trials(climber("honest", 0.2), 0.5, 0.5)
    once = with_trials(climber("once", 0.1), 0.5)

    climb = climbed(KNOWN, [lucky, honest, once])

    lowest = lowest_losses({r.id: r.scored.trials for r in KNOWN})
    assert excess_of(lucky.scored.trials, lowest, fresh_seed=FRESH_SEED) == pytest.approx(
        0.693, abs=0.001
    )
    assert climb.remeasured == 2
    assert climb.excess == pytest.approx(0.693 / 2, abs=0.001)
    assert climb.best_excess == pytest.approx(0.693, abs=0.001)


def test_a_best_that_was_measured_once_has_no_excess() -> None:
    climb = climbed(KNOWN, [with_trials(climber("once", 0.1), 0.5)])

    assert (climb.best_excess, climb.excess, climb.remeasured) == (None, None, 0)


def test_a_search_stands_still_once_its_best_gains_less_than_its_noise_for_long() -> None:
    first, rest = [climber("a", 0.3)], [[climber(f"{n}", 0.0)] for n in range(STANDSTILL)]

    before, after = climbed(KNOWN, first, *rest[:-1]), climbed(KNOWN, first, *rest)

    assert (before.still_for, before.warning) == (STANDSTILL - 1, "")
    assert after.stands_still
    assert f"for {STANDSTILL} generations" in after.warning


def test_small_steps_add_up_to_progress() -> None:
    steps = [[climber(f"{n}", 0.03 * n, error=0.05)] for n in range(9)]

    climb = climbed(KNOWN, *steps)

    assert climb.still_for < 3
