"""The facts of a study: one row per cell, and what each axis changes, other levels being equal."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from archive.history.confirmations import newest_of
from archive.history.reader import Reader
from archive.history.replies import Replies
from archive.novelty.novelty_archive import mean_distance
from evo.core.performance import has_merit
from evo.core.records import Record, Status
from evo.core.stages import TrainingEnd
from evo.core.worth import leaders_by_worth
from evo.evaluation.statistics.mean import student_mean
from evo.evaluation.statistics.paired_test import holm
from evo.evaluation.statistics.share import share_of
from evo.report.facts.course import course_facts
from evo.report.facts.front import fully_evaluated
from evo.report.facts.paired import difference_facts
from evo.report.facts.spend import spent_facts
from evo.report.facts.status import state_of

SEED_AXIS = "seed"
"""The axis of the seeds, which every study has: cells that differ in it alone are repeats."""
LEADERS = 12
"""The best candidates of a cell whose diversity is measured."""
_QUARTILES = (0.25, 0.5, 0.75)
_COUNTED = {
    "invalid": Status.INVALID,
    "duplicates": Status.DUPLICATE,
    "screened_out": Status.SCREENED_OUT,
    "failed": Status.FAILED,
    "evaluated": Status.EVALUATED,
}


@dataclass(frozen=True)
class StudyCell:
    """A cell of a study.

    Attributes:
        name: of its campaign.
        levels: level by axis, the seed among them.
        reader: of its campaign; None before it began.
    """

    name: str
    levels: Mapping[str, str]
    reader: Reader | None

    @cached_property
    def records(self) -> Sequence[Record]:
        """All of its records, read once."""
        return [] if self.reader is None else list(self.reader.records)


_MEASURES: Mapping[str, Callable[[Mapping[str, Any]], float | None]] = {
    "best_margin": lambda row: row["best"] and row["best"]["margin"],
    "mean_margin": lambda row: row["mean_margin"],
    "median_win_rate": lambda row: row["b_wr_quartiles"] and row["b_wr_quartiles"][1],
    "discovery_share": lambda row: row["discoveries"] / row["full"] if row["full"] else None,
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
    confirmed = [row["confirmed"] for row in rows if row.get("confirmed")]
    for entry, p in zip(confirmed, holm([entry["p"] for entry in confirmed]), strict=True):
        entry["p_study"] = p
    begun = {
        cell.name: cell.records
        for cell in cells
        if cell.reader is not None and cell.reader.generation > 0
    }
    return {"name": name, "cells": rows, "effects": effects(rows), "course": course_facts(begun)}


def _row(cell: StudyCell) -> dict[str, Any]:
    head = {"name": cell.name, "levels": dict(cell.levels)}
    if cell.reader is None or cell.reader.generation < 0:
        return {**head, "state": "not begun"}
    reader = cell.reader
    proposals = [record for record in cell.records if record.is_proposal]
    full = fully_evaluated(proposals)
    counts = Counter(record.status for record in proposals if not record.is_inherited)
    proposed = counts.total()
    valid = proposed - counts[Status.INVALID]
    llm = spent_facts(Replies.read(reader.folder, campaign=reader.id).total)
    discoveries = sum(map(has_merit, full))
    margins = [record.scored.margin.value for record in full]
    hours = float(np.sum([record.seconds for record in cell.records])) / 3600
    return {
        **head,
        "kind": reader.config["kind"],
        "state": state_of(reader),
        "generation": reader.generation,
        "seed": reader.config["seed"],
        "proposed": proposed,
        "generations": reader.config["generations"],
        **{key: counts[status] for key, status in _COUNTED.items()},
        "full": len(full),
        **_share("valid_share", valid, proposed),
        **_share("new_share", valid - counts[Status.DUPLICATE], valid),
        "mean_margin": _mean(margins),
        "mean_margin_ci": _mean_interval(margins),
        "b_wr_quartiles": _quartiles([record.scored.b_wr.value for record in full]),
        "bsota_wr_quartiles": _quartiles([record.scored.bsota_wr.value for record in full]),
        "best": (best := _best(full)),
        "confirmed": best and _confirmed(reader.folder, best["id"]),
        "discoveries": discoveries,
        "novelty": _mean([record.archived.behaviour for record in full]),
        "diversity": _diversity(full),
        "requests": llm["requests"],
        "tokens": llm["prompt_tokens"] + llm["completion_tokens"],
        "cost_usd": llm["cost_usd"],
        "usd_per_discovery": (
            llm["cost_usd"] / discoveries if discoveries and llm["cost_usd"] else None
        ),
        "processor_hours": hours,
        "hours_per_discovery": hours / discoveries if discoveries else None,
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


def _confirmed(folder: Path, id_: str) -> dict[str, Any] | None:
    """The result of the best on fresh seeds, where it was confirmed.

    `p` is that of its own test; `p_study` is corrected over all cells, see `study_facts`.
    """
    entry = newest_of(folder, id_)
    if entry is None:
        return None
    kept = ("log_ratio", "log_ratio_ci", "p", "verdict", "strongest_baseline")
    return {**{key: entry[key] for key in kept}, "p_study": None}


def _diversity(full: Sequence[Record]) -> float | None:
    """Mean distance in behaviour between two of the best; None with fewer than two."""
    leaders = leaders_by_worth(full)[:LEADERS] if full else []
    if len(leaders) < 2:
        return None
    return mean_distance([record.behaviour_vector for record in leaders])


def _share(name: str, count: int, total: int) -> dict[str, Any]:
    """A share with Wilson's 95 % interval; nulls where there is nothing to count."""
    if not total:
        return {name: None, f"{name}_ci": None}
    value, low, high = share_of(count, total)
    return {name: value, f"{name}_ci": [low, high]}


def _mean_interval(values: Sequence[float]) -> list[float] | None:
    """Student's 95 % interval of the mean over candidates."""
    if len(values) < 2:
        return None
    _, low, high = student_mean(np.array(values))
    return [low, high]


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
    effects = [effect for measure in _MEASURES for effect in _effects(begun, measure)]
    for measure in _MEASURES:
        tested = [e for e in effects if e["measure"] == measure and e["p"] is not None]
        for effect, p in zip(tested, holm([e["p"] for e in tested]), strict=True):
            effect["p"] = p
    return effects


def _effects(rows: Sequence[Mapping[str, Any]], measure: str) -> Iterator[dict[str, Any]]:
    read = _MEASURES[measure]
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
                **difference_facts(np.array(differences)),
            }
