"""Faults of loops by seed, each in a fork of this process."""

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from support import loops

from evo.evaluation.training.loops import LoopLimits, train_by_loop
from evo.networks.parts import Parts
from evo.tasks.loop import Budget, Measurements, Metric, Settings, TorchParts, loop


def trained(task, seeds, **changed):
    lost: list[str] = []
    arguments = {"learning_rates": [0.1], "strengths": [1.0], "limits": LoopLimits(30.0)} | changed
    results = train_by_loop(
        task, Parts(lambda x: x), Budget(1), seeds=seeds, lost=lost.append, **arguments
    )
    return results, lost


def ignoring(measure: Callable[..., Measurements]) -> Callable[..., Any]:
    """A loop that takes the component and measures something else."""

    def train(parts: TorchParts, seed: int, settings: Settings, budget: Budget) -> Measurements:
        parts.activation()
        return measure(parts, seed, settings, budget)

    return train


@pytest.mark.parametrize(("seed", "words"), loops.FAULTS.items(), ids=lambda part: str(part)[:30])
def test_a_fault_is_told_in_words(seed: int, words: str) -> None:
    results, (told,) = trained(loops.task, [seed])

    assert told.startswith(f"seed {seed}, learning rate 0.1: {words}")
    assert math.isinf(results.validation_loss.item())
    assert math.isinf(results.test_loss.item())


def test_what_a_loop_prints_is_not_mixed_with_what_evo_prints(capfd) -> None:
    results, told = trained(loops.task, [0])

    assert not told
    assert results.test_loss.isfinite().all()
    assert capfd.readouterr() == ("", "")


def test_the_same_seed_draws_the_same_numbers_in_every_call() -> None:
    def draws(*_) -> Measurements:
        numbers = [random.random(), np.random.rand(), float(torch.rand(()))]  # noqa: NPY002
        return Measurements(*numbers)

    first, second = (trained(loop(ignoring(draws)), [3, 4])[0] for _ in range(2))

    assert torch.equal(first.test_loss, second.test_loss)
    assert torch.equal(first.test_accuracy, second.test_accuracy)
    assert first.test_loss[0] != first.test_loss[1]


@pytest.mark.parametrize(
    ("metric", "values", "losses"),
    [
        (Metric("F1"), (0.9, 0.5), (0.1, 0.5)),
        (Metric("perplexity", higher_is_better=False, perfect=0), (8.0, 12.0), (8.0, 12.0)),
        (Metric("reward", perfect=None, scale=10), (20.0, -10.0), (math.exp(-2), math.e)),
        (Metric("time", higher_is_better=False, perfect=None), (-1.0, 0.0), (1 / math.e, 1.0)),
    ],
    ids=lambda part: getattr(part, "name", ""),
)
def test_a_metric_decides_lower_or_higher(
    metric: Metric, values: tuple[float, float], losses: tuple[float, float]
) -> None:
    def measure(_: TorchParts, seed: int, *__) -> Measurements:
        return Measurements(metric=values[seed], validation_metric=values[1 - seed])

    results, told = trained(loop(ignoring(measure), metric=metric, decided_by="metric"), [0, 1])

    assert not told
    assert results.test_loss.flatten().tolist() == pytest.approx(losses)
    assert results.validation_loss.flatten().tolist() == pytest.approx(losses[::-1])
    assert results.test_accuracy.flatten().tolist() == pytest.approx(values)


def test_a_metric_beyond_the_perfect_one_is_no_result() -> None:
    def measure(*_) -> Measurements:
        return Measurements(metric=1.5, validation_metric=0.5)

    _, (told,) = trained(loop(ignoring(measure), metric=Metric("F1"), decided_by="metric"), [0])

    assert told.endswith("expected F1 up to 1, its perfect value, got 1.5")


def test_settings_and_budget_reach_the_loop() -> None:
    def measure(_: TorchParts, __: int, settings: Settings, budget: Budget) -> Measurements:
        return Measurements(settings.learning_rate, settings.strength, budget.epochs)

    results, _ = trained(
        loop(ignoring(measure)), [0], learning_rates=[0.1, 0.2], strengths=[1.0, 5.0]
    )

    assert results.validation_loss.tolist() == [[0.1, 0.2]]
    assert results.test_loss.tolist() == [[1.0, 5.0]]
    assert results.test_accuracy.tolist() == [[1.0, 1.0]]
