"""Losses and metrics of a candidate and of the best baseline, by task."""

import math

import numpy as np
import pytest

from evo.core.trials import Trial
from evo.evaluation.statistics.figures import figures
from evo.evaluation.statistics.mean import student_mean
from evo.report.facts.figures import figure_words

INF = math.inf


def trials(losses, *, task: str = "a", network: str = "n", rung: int = 0) -> list[Trial]:
    return [
        Trial(rung, task, network, seed, 0.1, loss, 0.0 if math.isinf(loss) else 1 - loss)
        for seed, loss in enumerate(losses)
    ]


def test_the_best_baseline_of_each_task_stands_beside_the_candidate() -> None:
    mine = [*trials([0.3, 0.4, 0.5]), *trials([0.1, 0.2, 0.3], task="b")]
    baselines = {
        "one": [*trials([0.5, 0.5, 0.6]), *trials([0.2, 0.2, 0.2], task="b")],
        "two": [*trials([0.4, 0.5, 0.6]), *trials([0.9, 0.9, 0.9], task="b")],
        "me": mine,
    }

    first, second = figures("me", mine, baselines)

    assert (first.task, second.task) == ("a", "b")
    assert first.candidate.loss == pytest.approx(student_mean(np.array([0.3, 0.4, 0.5])))
    assert first.candidate.metric.value == pytest.approx(0.6)
    assert first.baseline is not None
    assert first.baseline.id == "two"
    assert first.baseline.loss.value == pytest.approx(0.5)
    assert second.baseline is not None
    assert second.baseline.id == "one"


def test_lost_trials_are_counted_and_in_no_mean() -> None:
    (one,) = figures("me", trials([0.3, INF, 0.5]), {"one": trials([0.5, INF, INF])})

    assert one.candidate.loss.value == pytest.approx(0.4)
    assert one.candidate.metric.value == pytest.approx(0.6)
    assert one.candidate.lost == 1
    assert one.baseline is not None
    assert math.isnan(one.baseline.loss.low)


def test_only_the_highest_rung_counts_and_only_the_same_trials() -> None:
    mine = [*trials([9.0, 9.0]), *trials([0.3, 0.5], rung=1)]
    longer = [*trials([0.1, 0.1]), *trials([0.6, 0.8, 0.1, 0.1], rung=1)]

    (one,) = figures("me", mine, {"one": longer})

    assert one.candidate.loss.value == pytest.approx(0.4)
    assert one.baseline is not None
    assert one.baseline.loss.value == pytest.approx(0.7)


def test_networks_weigh_alike() -> None:
    mine = [*trials([0.0, 0.2, 0.1, 0.1]), *trials([0.5, 0.5], network="m")]

    (one,) = figures("me", mine, {})

    assert one.candidate.loss.value == pytest.approx(0.3)
    assert one.baseline is None


def test_no_trials_have_no_figures() -> None:
    assert figures("me", [], {}) == []


def test_figures_in_words_name_the_baseline() -> None:
    facts = {"loss": 0.5, "loss_ci": [0.4, 0.6], "metric": None, "metric_ci": [None, None]}
    baseline = {"name": "gelu", "loss": 0.6, "loss_ci": [0.5, 0.7], "metric": 0.9}
    words = figure_words(
        {**facts, "lost": 0, "trials": 4, "baseline": baseline | {"metric_ci": [0.8, 1.0]}}
    )

    assert words == (
        "loss 0.5 [0.4, 0.6], metric none; best baseline gelu: loss 0.6 [0.5, 0.7], "
        "metric 0.9 [0.8, 1]"
    )
