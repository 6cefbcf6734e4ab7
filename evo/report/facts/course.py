"""Changes of a study's candidates from the beginning of its cells to their end.

Each cell's generations are cut into parts of equal number. A search that collapses proposes
candidates that are more and more alike; one that is biased towards known components stays near the
baselines.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from archive.novelty.novelty_archive import mean_distance, rms_distance
from evo.core.records import Record, Status, Vector
from evo.evaluation.statistics.paired_test import holm
from evo.report.facts.front import fully_evaluated
from evo.report.facts.paired import difference_facts

PARTS = 5
_MEASURES = (
    *("valid_share", "new_share", "near_known", "baseline_distance"),
    *("novelty", "diversity", "mean_margin"),
)
"""Measured in each part of each cell."""


def course_facts(cells: Mapping[str, Sequence[Record]]) -> dict[str, Any]:
    """Measures of each cell's parts, and the change from the first part to the last.

    Args:
        cells: records of those with a sealed generation, by name.

    Returns:
        `parts`, one row per cell and part, and `changes`, one row per measure: the mean over cells
        of the first and last part, their difference with Student's 95 % interval, standardised
        effect size, and p by sign flips, corrected by Holm's method over all measures.
    """
    parts = [row for name, records in cells.items() for row in _parts(name, records)]
    return {"parts": parts, "changes": _changes(parts)}


def _parts(name: str, records: Sequence[Record]) -> Iterator[dict[str, Any]]:
    last = records[-1].generation
    baselines: list[Record] = []
    proposals: dict[int, list[Record]] = defaultdict(list)
    count = min(PARTS, last)
    for record in records:
        if record.is_baseline:
            baselines.append(record)
        elif record.is_proposal and record.generation:
            proposals[(record.generation - 1) * count // last].append(record)
    known = {record.id for record in baselines}
    vectors = np.stack([r.behaviour_vector for r in baselines if r.behaviour_vector.size])
    for part in range(count):
        yield {
            "cell": name,
            "part": part + 1,
            "of": count,
            **_measures(proposals[part], known, vectors),
        }


def _measures(proposals: Sequence[Record], known: set[str], baselines: Vector) -> dict[str, Any]:
    """Measures of the proposals of a part.

    `near_known`: share of the evaluated ones whose nearest component, when they came, was a
    baseline; `baseline_distance`: median distance in behaviour to the nearest baseline;
    `diversity`: mean distance in behaviour between two of the part.
    """
    valid = [record for record in proposals if record.status is not Status.INVALID]
    new = [record for record in valid if record.status is not Status.DUPLICATE]
    placed = [record for record in proposals if record.novelty is not None]
    vectors = [record.behaviour_vector for record in placed]
    return {
        "proposed": len(proposals),
        "evaluated": len(placed),
        "valid_share": len(valid) / len(proposals) if proposals else None,
        "new_share": len(new) / len(valid) if valid else None,
        "near_known": _mean([record.archived.nearest_behaviour in known for record in placed]),
        "baseline_distance": (
            float(np.median([rms_distance(vector, baselines).min() for vector in vectors]))
            if vectors
            else None
        ),
        "novelty": _mean([record.archived.behaviour for record in placed]),
        "diversity": mean_distance(vectors) if len(vectors) > 1 else None,
        "mean_margin": _mean([r.scored.margin.value for r in fully_evaluated(placed)]),
    }


def _changes(parts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    ends = {
        (row["cell"], row["part"] == 1): row
        for row in parts
        if row["of"] > 1 and row["part"] in (1, row["of"])
    }
    changes: list[dict[str, Any]] = []
    for measure in _MEASURES:
        pairs = [
            (row[measure], ends[cell, False][measure])
            for (cell, is_first), row in ends.items()
            if is_first and None not in (row[measure], ends[cell, False][measure])
        ]
        first, last = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
        changes.append(
            {
                "measure": measure,
                "cells": len(pairs),
                "first": _mean(first.tolist()),
                "last": _mean(last.tolist()),
                **difference_facts(last - first),
            }
        )
    tested = [change for change in changes if change["p"] is not None]
    for change, p in zip(tested, holm([change["p"] for change in tested]), strict=True):
        change["p"] = p
    return changes


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None
