"""A training loop of the user's own in a real worker: what it does wrong costs its trial."""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import loops

from evo.compute.engines.local import Local
from evo.compute.settings import Needs
from evo.compute.work import Work
from evo.compute.workers import Workers
from evo.core.trials import Outcome
from evo.evaluation.protocol import Job, Protocol, Rung

IDENTITY = ('{"inputs":1,"nodes":[],"output":{"ref":0}}',)
TASK = str(Path(loops.__file__))
PROTOCOL = Protocol(
    rungs=(Rung(epochs=1, seeds=1 + len(loops.FAULTS)), Rung(epochs=3, seeds=2)),
    rate_seeds=2,
    heat_seeds=20,
    leaders=0,
    learning_rates=(0.1, 0.5),
)


@pytest.fixture(scope="module")
def pool() -> Iterator[Workers]:
    work = Work("activation", (TASK,), PROTOCOL, "cpu", timeout_s=30)
    with Workers(Local(work, Needs(1))) as running:
        yield running


@pytest.fixture(scope="module")
def outcomes(pool: Workers) -> list[Outcome]:
    """Both heats of the first rung; the second has the faults but the first of them."""
    (first,) = pool.run([Job("a", IDENTITY, 0)])
    (second,) = pool.run([Job("a", IDENTITY, 0, heat=1, known=first.trials)])
    return [first, second]


def test_a_loop_gives_trials_at_the_setting_that_is_best_on_validation(
    outcomes: list[Outcome],
) -> None:
    trial = outcomes[0].trials[0]

    assert trial.network == "loop"
    assert trial.learning_rate == 0.5
    assert trial.loss == pytest.approx(5 / 3, rel=0.01)
    assert trial.accuracy == 0.5
    assert outcomes[0].diagnoses[0].early_loss == 3.0
    assert outcomes[0].diagnoses[0].late_loss == 1.0


def test_a_fault_costs_the_trial_and_no_other(outcomes: list[Outcome]) -> None:
    trials = [trial for outcome in outcomes for trial in outcome.trials]

    assert [trial.seed for trial in trials] == list(range(1 + len(loops.FAULTS)))
    assert [math.isinf(trial.loss) for trial in trials] == [False, *[True] * len(loops.FAULTS)]
    assert all(math.isnan(trial.accuracy) for trial in trials[1:])


def test_the_first_faults_are_told(outcomes: list[Outcome]) -> None:
    late = f"seed 1, learning rate 0.1: {loops.FAULTS[1]}"

    assert outcomes[0].error.startswith(f"2 trainings gave no result: {late}; ")
    assert outcomes[1].error.startswith(
        f"10 trainings gave no result: seed 2, learning rate 0.5: {loops.FAULTS[2]}; "
    )


def test_processor_time_of_forks_counts(outcomes: list[Outcome]) -> None:
    assert outcomes[1].seconds > 0.02


def test_nothing_of_a_loop_outlives_its_trial(outcomes: list[Outcome]) -> None:
    assert math.isinf(outcomes[0].trials[1].loss)
    running = [file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline")]

    assert not any(loops.CHILD[1].encode() in words for words in running)
