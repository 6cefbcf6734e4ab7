"""The trials of one component in one heat: every task × network × seed.

The learning rate is picked for the component and network on the validation data of the first heat,
over all of its seeds at once; later heats train at that rate. Within a trial, test data decides
nothing but the result.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial

import torch

from evo.evaluation.cells import Cell, cell_of
from evo.evaluation.protocol import Protocol
from evo.evaluation.trainer import Trained, train
from evo.parts import Parts
from evo.tasks.base import Data, tasks
from evo.types import Trial


def picked_rates(trials: Sequence[Trial], rung: int) -> dict[Cell, float]:
    """The learning rates that earlier trials at a rung were read at."""
    return {cell_of(t): t.learning_rate for t in trials if t.rung == rung}


def run_trials(
    parts: Parts,
    task_names: Sequence[str],
    protocol: Protocol,
    *,
    rung: int,
    heat: int = 0,
    rates: Mapping[Cell, float] | None = None,
    device: str = "cpu",
) -> tuple[Trial, ...]:
    """Train with these parts on every trial of a heat, in the order task, network, seed.

    Args:
        parts: with the component in its place.
        task_names: the tasks to train on.
        protocol: how.
        rung: index of the rung.
        heat: index of the heat; the first one picks the rates, a later one needs `rates`.
        rates: see `picked_rates`.
        device: where the tensors live.
    """
    seeds = protocol.heats(rung)[heat]
    trials: list[Trial] = []
    for task_name in task_names:
        for network_name, network in tasks.get(task_name)().networks().items():
            cell = Cell(task_name, network_name)
            offered = protocol.learning_rates if heat == 0 else ((rates or {})[cell],)
            trained = _in_parts(
                partial(
                    train,
                    network,
                    _data(task_name, device),
                    parts,
                    epochs=protocol.rungs[rung].epochs,
                    batch_size=protocol.batch_size,
                ),
                seeds,
                offered,
            )
            best = _best_rate(trained)
            trials += [
                Trial(
                    rung,
                    *cell,
                    seed,
                    offered[best],
                    loss=float(trained.test_loss[row, best]),
                    accuracy=float(trained.test_accuracy[row, best]),
                )
                for row, seed in enumerate(seeds)
            ]
    return tuple(trials)


def _in_parts(
    train_copies: Callable[..., Trained], seeds: Sequence[int], rates: Sequence[float]
) -> Trained:
    """All copies trained at once, or in halves where they do not fit the device's memory.

    Raises:
        torch.OutOfMemoryError: not even one copy fits.
    """
    try:
        return train_copies(seeds=seeds, learning_rates=rates)
    except torch.OutOfMemoryError:
        if len(seeds) == len(rates) == 1:
            raise
    # Outside of the handler: the traceback would keep the tensors of the failed try alive.
    if len(seeds) > 1:
        half, axis = len(seeds) // 2, 0
        shares = [(seeds[:half], rates), (seeds[half:], rates)]
    else:
        half, axis = len(rates) // 2, 1
        shares = [(seeds, rates[:half]), (seeds, rates[half:])]
    halves = [_in_parts(train_copies, *share) for share in shares]
    return Trained(*(torch.cat(pair, dim=axis) for pair in zip(*halves, strict=True)))


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
