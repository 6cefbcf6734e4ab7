import math
from dataclasses import replace

import pytest
from report_samples import record as sample

from evo.core.records import ABLATION_OPERATOR, Record, Status
from evo.core.stages import TrainingEnd
from evo.report.facts.credits import credit_facts, measured_credits
from evo.report.views.pareto import credit_text


def record(name: str, loss: float, n_score: float, **how) -> Record:
    return replace(sample(name, loss, n_score, **how), graphs=(f"graph of {name}",))


PAIR = record("pair", 0.5, 0.1, spread=0.0)
WORSE = record("worse", 0.8, 0.1, spread=0.02, operator=ABLATION_OPERATOR)
BETTER = record("better", 0.4, 0.1, spread=0.02)
WANTED = {"activation": ("graph of worse",), "regularizer": ("graph of better",)}


def credits_of(*records: Record):
    return measured_credits([PAIR], lambda _: WANTED, records)


def test_credit_is_what_the_losses_lose_without_a_component() -> None:
    found = credits_of(PAIR, WORSE, BETTER)[PAIR.id]

    helps, hurts = found["activation"], found["regularizer"]
    assert helps is not None
    assert hurts is not None
    assert helps.log_ratio.value == pytest.approx(0.47, abs=0.03)  # log(0.8 / 0.5)
    assert 0 < helps.log_ratio.low < helps.log_ratio.value < helps.log_ratio.high
    assert hurts.log_ratio.value == pytest.approx(-0.22, abs=0.03)  # log(0.4 / 0.5)
    assert hurts.log_ratio.high < 0


def test_an_ablation_that_was_not_measured_gives_no_credit() -> None:
    short = replace(BETTER, score=record("better", 0.4, 0.1, rung=0).score)

    assert set(credits_of(PAIR, WORSE, short)[PAIR.id]) == {"activation"}
    assert credits_of(PAIR) == {PAIR.id: {}}


def test_without_a_component_that_is_needed_training_fails_and_that_is_said() -> None:
    failed = replace(WORSE, status=Status.FAILED, score=None)

    found = credits_of(PAIR, failed, BETTER)[PAIR.id]

    assert found["activation"] is None
    assert credit_text(found["activation"]) == "fails without"
    assert credit_facts(found)["activation"] is None


def test_credits_are_told_with_their_intervals() -> None:
    found = credits_of(PAIR, WORSE, BETTER)[PAIR.id]

    facts = credit_facts(found)["activation"]
    low, high = facts["log_loss_ratio_ci"]
    assert low < facts["log_loss_ratio"] < high
    assert credit_text(found["activation"]).startswith("+0.4")


def test_a_trial_that_both_lost_says_nothing() -> None:
    def losing(record: Record, seeds: set[int]) -> Record:
        trials = [t._replace(loss=math.inf) if t.seed in seeds else t for t in record.scored.trials]
        return replace(record, score=replace(record.score, trials=tuple(trials)))

    both = measured_credits(
        [losing(PAIR, {0})], lambda _: {"activation": ("graph of worse",)}, [losing(WORSE, {0})]
    )
    one = measured_credits(
        [PAIR], lambda _: {"activation": ("graph of worse",)}, [losing(WORSE, {0})]
    )

    credit, larger = both[PAIR.id]["activation"], one[PAIR.id]["activation"]
    assert credit is not None
    assert larger is not None
    assert credit.log_ratio.value == pytest.approx(5 / 6 * 0.47, abs=0.03)
    assert larger.log_ratio.value == pytest.approx((5 * 0.47 + 3) / 6, abs=0.03)


def test_who_was_stopped_by_a_race_is_compared_on_the_trials_that_it_has() -> None:
    first = tuple(trial for trial in PAIR.scored.trials if trial.seed < 3)
    stopped = replace(PAIR, score=replace(PAIR.score, trials=first, end=TrainingEnd.OUTRACED))

    found = measured_credits([stopped], lambda _: WANTED, [WORSE, BETTER])[PAIR.id]
    reverse = measured_credits([PAIR], lambda _: {"activation": ("graph of pair",)}, [stopped])[
        PAIR.id
    ]

    assert found.keys() == WANTED.keys()
    assert reverse == {}


def test_a_component_measured_again_is_compared_on_the_seeds_of_both() -> None:
    first = PAIR.scored.trials
    fresh = tuple(trial._replace(seed=trial.seed + 100, loss=9.0) for trial in first)
    again = replace(
        PAIR, score=replace(PAIR.score, trials=(*first, *fresh), end=TrainingEnd.REMEASURED)
    )

    once, twice = (
        measured_credits([pair], lambda _: WANTED, [WORSE, BETTER])[pair.id]
        for pair in (PAIR, again)
    )

    assert twice == once
