"""Measure for about a minute how fast a campaign would train on this machine.

Baselines of the kind train in the first heat of the first rung, on all workers at once, so that
what they cost each other is in the figures.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import NamedTuple

import numpy as np

from evo.campaign.config import Config
from evo.core.errors import EvoError
from evo.core.records import Record
from evo.core.trials import Outcome
from evo.evaluation.protocol import Job
from evo.evaluation.rungs import Runner
from evo.tasks.base import network_counts

_CALIBRATION_S = 60.0
_MOST_JOBS = 2000


class Calibration(NamedTuple):
    """Speed of training on this machine; work is in epochs, summed over copies of a network.

    Attributes:
        trainings: number of trainings measured.
        seconds: wall time they took.
        work_per_second: of all workers together.
        cpu_per_work: processor seconds per unit of work.
        spread: time of the quickest and of the slowest training, relative to the mean.
    """

    trainings: int
    seconds: float
    work_per_second: float
    cpu_per_work: float
    spread: tuple[float, float]


def calibrate(
    config: Config,
    baselines: Sequence[Record],
    train: Runner,
    *,
    workers: int,
    seconds: float = _CALIBRATION_S,
    clock: Callable[[], float] = time.monotonic,
) -> Calibration:
    """Train baselines until the time is up, and at least one.

    Args:
        config: a campaign's.
        baselines: validated records of its kind.
        train: trains jobs on all workers.
        workers: number of workers; what each trains first is left out where there is more, since
            it loads the data too.
        seconds: wall time to take.
        clock: monotonic seconds.

    Raises:
        EvoError: no training succeeds.
    """
    start = warm = clock()
    outcomes: list[Outcome] = []
    for outcome in train(list(_jobs(baselines))):
        if outcome.error and not outcome.trials:
            raise EvoError(f"A baseline could not be trained: {outcome.error}")
        outcomes.append(outcome)
        now = clock()
        if len(outcomes) == workers and now < start + seconds:
            warm = now
        if now >= start + seconds:
            break
    elapsed = clock() - warm
    if warm > start and len(outcomes) > workers:
        outcomes = outcomes[workers:]
    else:
        elapsed = clock() - start
    work = config.protocol.work(0, 0, network_counts(config.tasks))
    cpu = np.array([outcome.seconds for outcome in outcomes])
    mean = max(float(cpu.mean()), 1e-9)
    return Calibration(
        trainings=len(outcomes),
        seconds=elapsed,
        work_per_second=len(outcomes) * work / max(elapsed, 1e-9),
        cpu_per_work=mean / work,
        spread=(float(cpu.min()) / mean, float(cpu.max()) / mean),
    )


def _jobs(baselines: Sequence[Record]) -> Iterator[Job]:
    for number in count():
        for record in baselines:
            if number * len(baselines) >= _MOST_JOBS:
                return
            yield Job(f"{record.id}-{number}", record.graphs, rung=0)
