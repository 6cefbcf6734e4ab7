"""The trials of one component in one heat: every task × network × seed.

The learning rate, and with it a penalty's strength, is picked for the component and network on the
validation data of the first heat, over all of its seeds at once; what trains later trains at these.
Within a trial, test data
decides nothing but the result.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from itertools import islice

import torch

from evo.core.records import Trial
from evo.evaluation.protocol import Protocol, Setting
from evo.evaluation.strata import Stratum, stratum_of
from evo.evaluation.training.trainer import Trained, train
from evo.networks.parts import Parts
from evo.tasks.base import Data, tasks


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
            again, and their strata keep the setting that was picked there.
        device: where the tensors live.
    """
    here = protocol.rungs[rung]
    counting = [t._replace(rung=rung) for t in known if protocol.counts_at(t.rung, rung)]
    trials: list[Trial] = []
    for task_name in task_names:
        networks = tasks.get(task_name)().networks()
        for network_name, network in islice(networks.items(), here.networks):
            stratum = Stratum(task_name, network_name)
            own = {trial.seed: trial for trial in counting if stratum_of(trial) == stratum}
            seeds = protocol.heats(rung)[heat]
            trials += [own[seed] for seed in seeds if seed in own]
            missing = [seed for seed in seeds if seed not in own]
            picked = {Setting(t.learning_rate, t.strength) for t in own.values()}
            assert picked or heat == 0, "the first heat picks the setting"
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
                    train_copies, rung, stratum, missing, tuple(picked) or protocol.settings
                )
    return tuple(trials)


def _trained(
    train_copies: Callable[..., Trained],
    rung: int,
    stratum: Stratum,
    seeds: Sequence[int],
    settings: Sequence[Setting],
) -> list[Trial]:
    """A trial for each seed, at the best of the settings."""
    trained = _in_parts(train_copies, seeds, settings)
    best = _best_setting(trained)
    return [
        Trial(
            rung,
            *stratum,
            seed,
            settings[best].learning_rate,
            loss=float(trained.test_loss[row, best]),
            accuracy=float(trained.test_accuracy[row, best]),
            strength=settings[best].strength,
        )
        for row, seed in enumerate(seeds)
    ]


def _in_parts(
    train_copies: Callable[..., Trained], seeds: Sequence[int], settings: Sequence[Setting]
) -> Trained:
    """All copies trained at once, or in halves where they do not fit the device's memory.

    Raises:
        torch.OutOfMemoryError: not even one copy fits.
    """
    try:
        rates, strengths = zip(*settings, strict=True)
        return train_copies(seeds=seeds, learning_rates=rates, strengths=strengths)
    except torch.OutOfMemoryError:
        if len(seeds) == len(settings) == 1:
            raise
    # Outside of the handler: the traceback would keep the tensors of the failed try alive.
    if len(seeds) > 1:
        half, axis = len(seeds) // 2, 0
        shares = [(seeds[:half], settings), (seeds[half:], settings)]
    else:
        half, axis = len(settings) // 2, 1
        shares = [(seeds, settings[:half]), (seeds, settings[half:])]
    halves = [_in_parts(train_copies, *share) for share in shares]
    return Trained(*(torch.cat(pair, dim=axis) for pair in zip(*halves, strict=True)))


@lru_cache
def _data(task_name: str, device: str) -> Data:
    return tasks.get(task_name)().load().to(torch.device(device))


def _best_setting(trained: Trained) -> int:
    """Index of the setting with the fewest diverged seeds, then the lowest mean validation loss."""
    losses = trained.validation_loss
    diverged = torch.isinf(losses)
    mean = losses.masked_fill(diverged, 0.0).sum(0) / (~diverged).sum(0).clamp(min=1)
    ranked = zip(diverged.sum(0).tolist(), mean.tolist(), range(losses.shape[1]), strict=True)
    return min(ranked)[2]
