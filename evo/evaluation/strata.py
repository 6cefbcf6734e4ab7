"""Strata: one task with one of its networks. Trials of one stratum differ only in their seed."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evo.core.arrays import Floats
from evo.core.trials import Trial


class Stratum(NamedTuple):
    """The unit that picks a learning rate of its own and that intervals and tests stratify by."""

    task: str
    network: str


def stratum_of(trial: Trial) -> Stratum:
    """The stratum of a trial."""
    return Stratum(trial.task, trial.network)


def by_stratum(trials: Sequence[Trial], values: Sequence[float] | Floats) -> dict[Stratum, Floats]:
    """Group values by stratum: an array (seeds,) per stratum, in order of first appearance.

    Args:
        trials: all of one rung.
        values: one value per trial, in the same order.
    """
    strata: dict[Stratum, list[float]] = {}
    for trial, value in zip(trials, values, strict=True):
        strata.setdefault(stratum_of(trial), []).append(float(value))
    return {stratum: np.array(members) for stratum, members in strata.items()}
