"""The facts of a study: one row per cell, and what each axis changes, other levels being equal."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from archive.history.reader import Reader
from archive.novelty.novelty_archive import mean_distance
from evo.core.arrays import Floats
from evo.core.records import Record
from evo.core.stages import TrainingEnd
from evo.evaluation.statistics.mean import student_mean
from evo.evaluation.statistics.paired_test import holm, sign_flip_p
from evo.report.facts.front import fully_evaluated
from evo.report.facts.status import status_facts
from evo.selection.individual import has_merit
from evo.selection.worth import leaders_by_worth

SEED_AXIS = "seed"
"""The axis of the seeds, which every study has: cells that differ in it alone are repeats."""
LEADERS = 12
"""The best candidates of a cell whose diversity is measured."""
_QUARTILES = (0.25, 0.5, 0.75)


class StudyCell(NamedTuple):
    """A cell of a study.

    Attributes:
        name: of its campaign.
        levels: level by axis, the seed among them.
        reader: of its campaign; None before it began.
    """

    name: str
    levels: Mapping[str, str]
    reader: Reader | None


MEASURES: Mapping[str, Callable[[Mapping[str, Any]], float | None]] = {
    "best_margin": lambda row: row["best"] and row["best"]["margin"],
    "mean_margin": lambda row: row["mean_margin"],
    "valid_share": lambda row: row["valid_share"],
    "new_share": lambda row: row["new_share"],
    "novelty": lambda row: row["novelty"],
    "diversity": lambda row: row["diversity"],
}
"""What the levels of an axis are compared by: a number of a cell's row."""


def study_facts(name: str, cells: Sequence[StudyCell]) -> dict[str, Any]:
    """The JSON document of `evo study --json`.

    Args:
        name: of the study.
        cells: all of them, begun or not.
    """
    rows = [_row(cell) for cell in cells]
    return {"name": name, "cells": rows, "effects": effects(rows)}


def _row(cell: StudyCell) -> dict[str, Any]:
    head = {"name": cell.name, "levels": dict(cell.levels)}
    if cell.reader is None or cell.reader.generation < 0:
        return {**head, "state": "not begun"}
    reader = cell.reader
    status = status_facts(reader)
    proposals = [record for record in reader.records if record.is_proposal]
    full = fully_evaluated(proposals)
    proposed = status["proposed"]
    valid = proposed - status["invalid"]
    llm = status["llm"]
    discoveries = sum(map(has_merit, full))
    return {
        **head,
        **{key: status[key] for key in ("kind", "state", "generation", "seed", "proposed")},
        "generations": reader.config["generations"],
        **{key: status[key] for key in ("invalid", "duplicates", "screened_out", "failed")},
        "evaluated": status["evaluated"],
        "full": len(full),
        "valid_share": valid / proposed if proposed else None,
        "new_share": 1 - status["duplicates"] / valid if valid else None,
        "mean_margin": _mean([record.scored.margin.value for record in full]),
        "b_wr_quartiles": _quartiles([record.scored.b_wr.value for record in full]),
        "bsota_wr_quartiles": _quartiles([record.scored.bsota_wr.value for record in full]),
        "best": _best(full),
        "discoveries": discoveries,
        "novelty": _mean([record.archived.behaviour for record in full]),
        "diversity": _diversity(full),
        "requests": llm["requests"],
        "tokens": llm["prompt_tokens"] + llm["completion_tokens"],
        "cost_usd": llm["cost_usd"],
        "usd_per_discovery": (
            llm["cost_usd"] / discoveries if discoveries and llm["cost_usd"] else None
        ),
        "processor_hours": float(np.sum([record.seconds for record in reader.records])) / 3600,
    }


def _best(full: Sequence[Record]) -> dict[str, Any] | None:
    """The best by worth, which is not merely the luckiest."""
    if not full:
        return None
    best = leaders_by_worth(full)[0]
    margin, b_wr = best.scored.margin, best.scored.b_wr
    return {
        "id": best.id,
        "margin": margin.value,
        "margin_ci": [margin.low, margin.high],
        "b_wr": b_wr.value,
        "bsota_wr": best.scored.bsota_wr.value,
        "is_remeasured": best.scored.end is TrainingEnd.REMEASURED,
    }


def _diversity(full: Sequence[Record]) -> float | None:
    """Mean distance in behaviour between two of the best; None with fewer than two."""
    leaders = leaders_by_worth(full)[:LEADERS] if full else []
    if len(leaders) < 2:
        return None
    return mean_distance([record.behaviour_vector for record in leaders])


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _quartiles(values: Sequence[float]) -> list[float] | None:
    return [float(q) for q in np.quantile(values, _QUARTILES)] if values else None


def effects(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each pair of levels of an axis, compared over the cells that agree in all other levels.

    Differences are paired, the second level minus the first. The interval is Student's; p is by
    sign flips, two-sided, and corrected by Holm's method over all comparisons by one measure. Nulls
    where fewer than two pairs are there.
    """
    begun = [row for row in rows if row["state"] != "not begun"]
    found = [effect for measure in MEASURES for effect in _effects(begun, measure)]
    for measure in MEASURES:
        tested = [e for e in found if e["measure"] == measure and e["p"] is not None]
        for effect, p in zip(tested, holm([e["p"] for e in tested]), strict=True):
            effect["p"] = p
    return found


def _effects(rows: Sequence[Mapping[str, Any]], measure: str) -> Iterator[dict[str, Any]]:
    read = MEASURES[measure]
    by_levels = {tuple(row["levels"].items()): read(row) for row in rows}
    axes: dict[str, list[str]] = {}
    for row in rows:
        for axis, level in row["levels"].items():
            if level not in axes.setdefault(axis, []):
                axes[axis].append(level)
    axes.pop(SEED_AXIS, None)
    for axis, levels in axes.items():
        for first, second in combinations(levels, 2):
            differences: list[float] = []
            for key, value in by_levels.items():
                if (axis, first) not in key:
                    continue
                other = by_levels.get(
                    tuple((a, second if a == axis else level) for a, level in key)
                )
                if value is not None and other is not None:
                    differences.append(other - value)
            yield {
                "axis": axis,
                "levels": [first, second],
                "measure": measure,
                "pairs": len(differences),
                **_difference(np.array(differences)),
            }


def _difference(differences: Floats) -> dict[str, Any]:
    """Mean, interval, standardised effect size and uncorrected p of paired differences."""
    if len(differences) < 2:
        mean = float(differences[0]) if len(differences) else None
        return {"mean": mean, "ci": None, "d": None, "p": None}
    estimate = student_mean(differences)
    deviation = float(differences.std(ddof=1))
    return {
        "mean": estimate.value,
        "ci": [estimate.low, estimate.high],
        "d": estimate.value / deviation if deviation and math.isfinite(deviation) else None,
        "p": min(1.0, 2 * min(sign_flip_p(differences), sign_flip_p(-differences))),
    }
