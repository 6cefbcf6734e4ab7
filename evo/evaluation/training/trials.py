"""Run the trials of one component in one heat: every task × network × seed.

The learning rate, and with it a penalty's strength, is picked per component and network on the
validation data of the first heat, over all of its seeds at once; later trials use that setting.
Within a trial, test data decides nothing but the result.
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
    """Train the trials of a heat and return them in the order task, network, seed.

    Args:
        parts: the component, in its place among the defaults.
        task_names: the tasks to train on.
        protocol: rungs, seeds and settings.
        rung: index of the rung.
        heat: index of the heat; a later one requires the rung's earlier trials in `known`.
        known: earlier trials of the same component. Those that count at this rung are not trained
            again, and their strata keep the setting that was picked there.
        device: torch device to train on.
    """
    rung_settings = protocol.rungs[rung]
    counting = [t._replace(rung=rung) for t in known if protocol.counts_at(t.rung, rung)]
    trials: list[Trial] = []
    for task_name in task_names:
        networks = tasks.get(task_name)().networks()
        for network_name, network in islice(networks.items(), rung_settings.networks):
            stratum = Stratum(task_name, network_name)
            trained = {trial.seed: trial for trial in counting if stratum_of(trial) == stratum}
            seeds = protocol.heats(rung)[heat]
            trials += [trained[seed] for seed in seeds if seed in trained]
            missing = [seed for seed in seeds if seed not in trained]
            picked = {Setting(t.learning_rate, t.strength) for t in trained.values()}
            assert picked or heat == 0, "the first heat picks the setting"
            if missing:
                train_copies = partial(
                    train,
                    network,
                    _data(task_name, device),
                    parts,
                    epochs=rung_settings.epochs,
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
    """Train all settings and return one trial per seed, at the best setting."""
    trained = _train_in_parts(train_copies, seeds, settings)
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


def _train_in_parts(
    train_copies: Callable[..., Trained], seeds: Sequence[int], settings: Sequence[Setting]
) -> Trained:
    """Train all copies at once, or in halves where they do not fit the device's memory.

    Raises:
        torch.OutOfMemoryError: not even one copy fits.
    """
    try:
        rates, strengths = zip(*settings, strict=True)
        return train_copies(seeds=seeds, learning_rates=rates, strengths=strengths)
    except torch.OutOfMemoryError:
        if len(seeds) == len(settings) == 1:
            raise
    # Outside the handler: its traceback would keep the tensors of the failed attempt alive.
    if len(seeds) > 1:
        half, axis = len(seeds) // 2, 0
        shares = [(seeds[:half], settings), (seeds[half:], settings)]
    else:
        half, axis = len(settings) // 2, 1
        shares = [(seeds, settings[:half]), (seeds, settings[half:])]
    halves = [_train_in_parts(train_copies, *share) for share in shares]
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
