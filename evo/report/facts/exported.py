"""Loss and metric of each record and of the best baseline as columns of an export."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from archive.history.export import Further
from evo.core.estimate import Estimate
from evo.core.fields import Field
from evo.core.records import Record
from evo.core.trials import Trial
from evo.evaluation.statistics.figures import Figures, figures
from evo.evaluation.statistics.trial_values import trials_of_baselines


def _with_interval(name: str, description: str) -> tuple[Field, ...]:
    return (
        Field(name, float, description),
        Field(f"{name}_low", float, "lower end of its 95 % interval"),
        Field(f"{name}_high", float, "upper end of its 95 % interval"),
    )


EXPORTED = (
    *_with_interval("loss", "test loss at its highest rung, mean over tasks"),
    *_with_interval("metric", "metric of the tasks at its highest rung, mean over tasks"),
    Field(
        "best_baseline",
        str,
        "ids of the baselines with the lowest loss on the same trials, one of each task, without "
        "repetition, separated by spaces",
    ),
    *_with_interval("best_baseline_loss", "test loss of these, mean over tasks"),
    *_with_interval("best_baseline_metric", "metric of these, mean over tasks"),
)
"""Columns of an export beyond those of records: means over tasks, all of them weighing alike."""
_NONE = dict.fromkeys(field.name for field in EXPORTED)


def exported_figures() -> Further:
    """The columns `EXPORTED`, for an export."""
    return Further({field.name: field.type for field in EXPORTED}, exported)


def exported(records: Iterable[Record]) -> Iterator[tuple[Record, dict[str, Any]]]:
    """Records with their columns `EXPORTED`; baselines are known once they have passed.

    Args:
        records: in the order of history, in which baselines come first.
    """
    baselines: dict[str, tuple[Trial, ...]] = {}
    waiting: list[Record] = []
    for record in records:
        if record.is_baseline:
            waiting.append(record)
            baselines |= trials_of_baselines([record])
            continue
        yield from ((one, _row(one, baselines)) for one in waiting)
        waiting = []
        yield record, _row(record, baselines)
    yield from ((one, _row(one, baselines)) for one in waiting)


def _row(record: Record, baselines: Mapping[str, Sequence[Trial]]) -> dict[str, Any]:
    """The columns `EXPORTED` of a record; None where there are none."""
    row: dict[str, Any] = dict(_NONE)
    if record.score is None:
        return row
    tables = figures(record.id, tuple(record.score.trials), baselines)
    row |= _means("", [one.candidate for one in tables])
    best = [one.baseline for one in tables if one.baseline is not None]
    if len(best) == len(tables):
        row["best_baseline"] = " ".join(dict.fromkeys(one.id for one in best))
        row |= _means("best_baseline_", best)
    return row


def _means(prefix: str, of_tasks: Sequence[Figures]) -> dict[str, float]:
    """Means over tasks; half widths of independent means add up in squares."""
    row: dict[str, float] = {}
    for name in ("loss", "metric"):
        estimates: list[Estimate] = [getattr(one, name) for one in of_tasks]
        value = float(np.mean([one.value for one in estimates]))
        half = np.sqrt(np.sum([((one.high - one.low) / 2) ** 2 for one in estimates]))
        half = float(half) / len(estimates)
        row |= {
            f"{prefix}{name}": value,
            f"{prefix}{name}_low": value - half,
            f"{prefix}{name}_high": value + half,
        }
    return row
