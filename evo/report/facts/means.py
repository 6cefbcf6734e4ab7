"""Mean loss and metric of each record of a block, without making its trials one by one."""

from typing import NamedTuple

import numpy as np

from archive.store.tables import Columns, unpack_texts
from evo.core.arrays import Floats


class Means(NamedTuple):
    """Means per record, as an export has them: (n,) each, NaN where there is none.

    They are of the trials at the highest rung that were not lost. Tasks weigh alike, and so do the
    networks of a task.
    """

    loss: Floats
    metric: Floats


def means_of(block: Columns) -> Means:
    """The means of the records of a block."""
    offsets, rungs = block["trial.offsets"], block["trial.rung"]
    count = len(offsets) - 1
    if not len(rungs):
        return Means(*np.full((2, count), np.nan))
    record = np.repeat(np.arange(count), np.diff(offsets))
    highest = np.full(count, -1)
    np.maximum.at(highest, record, rungs)
    tasks, networks = (unpack_texts(block, f"trial.{name}") for name in ("task", "network"))
    numbers: dict[tuple[str, str], int] = {}
    strata = np.array(
        [numbers.setdefault(pair, len(numbers)) for pair in zip(tasks, networks, strict=True)]
    )
    cells = record * len(numbers) + strata
    losses = block["trial.loss"]
    counts = (rungs == highest[record]) & np.isfinite(losses)
    columns_of_tasks: dict[str, list[int]] = {}
    for (task, _), number in numbers.items():
        columns_of_tasks.setdefault(task, []).append(number)

    def sums(values: Floats) -> Floats:
        return np.bincount(cells[counts], values[counts], count * len(numbers)).astype(float)

    sizes = sums(np.ones(len(losses)))

    def means(values: Floats) -> Floats:
        by_stratum = _ratio(sums(values), sizes).reshape(count, -1)
        by_task = [_mean(by_stratum[:, columns]) for columns in columns_of_tasks.values()]
        return _mean(np.stack(by_task, axis=1))

    return Means(means(losses), means(block["trial.accuracy"]))


def _mean(values: Floats) -> Floats:
    """Mean of the numbers in each row, (n, m) → (n,); NaN without any."""
    known = ~np.isnan(values)
    return _ratio(np.where(known, values, 0.0).sum(1), known.sum(1, dtype=np.float64))


def _ratio(sums: Floats, sizes: Floats) -> Floats:
    return np.divide(sums, sizes, out=np.full(len(sums), np.nan), where=sizes > 0)
