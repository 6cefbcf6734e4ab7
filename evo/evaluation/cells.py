"""A cell: one task with one of its networks. Trials of one cell differ in their seed alone."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evo.core.records import Trial

Floats = NDArray[np.float64]


class Cell(NamedTuple):
    """Where a learning rate of its own is picked, and a stratum of every interval."""

    task: str
    network: str


def cell_of(trial: Trial) -> Cell:
    """The cell of a trial."""
    return Cell(trial.task, trial.network)


def by_cell(trials: Sequence[Trial], values: Sequence[float] | Floats) -> dict[Cell, Floats]:
    """The values of trials, an array (seeds,) per cell, cells in the order they first come.

    Args:
        trials: of one rung.
        values: one for each trial.
    """
    cells: dict[Cell, list[float]] = {}
    for trial, value in zip(trials, values, strict=True):
        cells.setdefault(cell_of(trial), []).append(float(value))
    return {cell: np.array(own) for cell, own in cells.items()}
