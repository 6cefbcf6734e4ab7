"""Training time beside that of baselines."""

import pytest
from support.records import evaluated, record, trials

from evo.core.records import BASELINE_OPERATOR
from evo.report.facts.training_time import time_over_baselines

SHORT, FULL = trials([0.1]), (*trials([0.1]), *trials([0.1], rung=1))


def known(name: str, seconds: float, trials=FULL):
    return evaluated(name, trials=trials, seconds=seconds, operator=BASELINE_OPERATOR)


def test_it_is_a_ratio_to_the_median_baseline_that_trained_the_same_trials() -> None:
    baselines = [known("a", 1.0), known("b", 2.0), known("c", 40.0), known("d", 9.0, SHORT)]
    found = evaluated("x", trials=FULL, seconds=3.0)

    assert time_over_baselines(found, [*baselines, found]) == pytest.approx(1.5)


def test_there_is_none_without_such_baselines_or_without_training() -> None:
    short = evaluated("x", trials=SHORT, seconds=3.0)

    assert time_over_baselines(short, [known("a", 1.0), short]) is None
    assert time_over_baselines(record("y"), [known("a", 1.0)]) is None
