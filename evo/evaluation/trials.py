"""The trials of one component in one heat: every task × network × seed.

The learning rate is picked for the component and network on the validation data of the first heat,
over all of its seeds at once; what trains later trains at that rate. Within a trial, test data
decides nothing but the result.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from itertools import islice

import torch

from evo.evaluation.cells import Cell, cell_of
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
    heat: int = 0,
    known: Sequence[Trial] = (),
    device: str = "cpu",
) -> tuple[Trial, ...]:
    """The trials of a heat with these parts, in the order task, network, seed.

    Args:
        parts: with the component in its place.
        task_names: the tasks to train on.
        protocol: how.
        rung: index of the rung.
        heat: index of the heat; one after the first needs to know the rung's trials before it.
        known: trials of the same component so far. Those that count at this rung are not trained
            again, and their cells keep the learning rate that was picked there.
        device: where the tensors live.
    """
    here = protocol.rungs[rung]
    counting = [t._replace(rung=rung) for t in known if protocol.counts_at(t.rung, rung)]
    trials: list[Trial] = []
    for task_name in task_names:
        networks = tasks.get(task_name)().networks()
        for network_name, network in islice(networks.items(), here.networks):
            cell = Cell(task_name, network_name)
            own = {trial.seed: trial for trial in counting if cell_of(trial) == cell}
            seeds = protocol.heats(rung)[heat]
            trials += [own[seed] for seed in seeds if seed in own]
            missing = [seed for seed in seeds if seed not in own]
            rates = {trial.learning_rate for trial in own.values()}
            assert rates or heat == 0, "the first heat picks the rate"
            if missing:
                train_copies = partial(
                    train,
                    network,
                    _data(task_name, device),
                    parts,
                    epochs=here.epochs,
                    batch_size=protocol.batch_size,
                )
                trials += _trained(
                    train_copies, rung, cell, missing, tuple(rates) or protocol.learning_rates
                )
    return tuple(trials)


def _trained(
    train_copies: Callable[..., Trained],
    rung: int,
    cell: Cell,
    seeds: Sequence[int],
    rates: Sequence[float],
) -> list[Trial]:
    """A trial for each seed, at the best of the rates."""
    trained = _in_parts(train_copies, seeds, rates)
    best = _best_rate(trained)
    return [
        Trial(
            rung,
            *cell,
            seed,
            rates[best],
            loss=float(trained.test_loss[row, best]),
            accuracy=float(trained.test_accuracy[row, best]),
        )
        for row, seed in enumerate(seeds)
    ]


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
