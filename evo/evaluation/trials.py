"""The trials of one component at one rung: every task × network × seed.

The learning rate is picked for the component and network on validation, over all seeds at once;
within a trial, test data decides nothing but the result.
"""

from collections.abc import Sequence
from functools import lru_cache

import torch

from evo.evaluation.protocol import Protocol
from evo.evaluation.trainer import Trained, train
from evo.parts import Parts
from evo.tasks.base import Data, tasks
from evo.types import Trial


def run_trials(
    parts: Parts,
    task_names: Sequence[str],
    protocol: Protocol,
    *,
    rung: int,
    device: str = "cpu",
) -> tuple[Trial, ...]:
    """Train with these parts on every trial of a rung, in the order task, network, seed."""
    length = protocol.rungs[rung]
    seeds = range(length.seeds)
    trials: list[Trial] = []
    for task_name in task_names:
        for network_name, network in tasks.get(task_name)().networks().items():
            trained = train(
                network,
                _data(task_name, device),
                parts,
                seeds=seeds,
                learning_rates=protocol.learning_rates,
                epochs=length.epochs,
                batch_size=protocol.batch_size,
            )
            rate = _best_rate(trained)
            trials += [
                Trial(
                    rung,
                    task_name,
                    network_name,
                    seed,
                    protocol.learning_rates[rate],
                    loss=float(trained.test_loss[row, rate]),
                    accuracy=float(trained.test_accuracy[row, rate]),
                )
                for row, seed in enumerate(seeds)
            ]
    return tuple(trials)


@lru_cache
def _data(task_name: str, device: str) -> Data:
    return tasks.get(task_name)().load().to(torch.device(device))


def _best_rate(trained: Trained) -> int:
    """Index of the rate with the fewest diverged seeds, then the lowest mean validation loss."""
    losses = trained.validation_loss
    diverged = torch.isinf(losses)
    mean = losses.masked_fill(diverged, 0.0).sum(0) / (~diverged).sum(0).clamp(min=1)
    ranked = zip(diverged.sum(0).tolist(), mean.tolist(), range(losses.shape[1]), strict=True)
    return min(ranked)[2]
