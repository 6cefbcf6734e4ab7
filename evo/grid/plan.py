"""The plan of a study: what each cell takes, before anything is spent.

Speed is measured once per protocol, by training baselines for a short while; no language model is
asked. Cells that train the same baselines count them once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from evo.campaign import create, process
from evo.campaign.baselines import own_baselines
from evo.components.kinds import kinds
from evo.compute.threads import one_thread
from evo.config import Config
from evo.core.records import Record
from evo.grid.cells import Cell
from evo.studies.calibration import Calibration, calibrate
from evo.studies.estimate import candidates, request_facts, time_facts

CALIBRATION_S = 15.0
"""Wall time of a calibration; a study may need several."""
_TRAINED_ALIKE = (
    *("kind", "tasks", "protocol", "device", "workers", "baselines"),
    *("compute", "cpus_per_training", "gpus_per_training", "cluster"),
)
"""Settings that decide what a training costs here."""


def plan_facts(
    name: str, cells: Sequence[Cell], *, seconds: float = CALIBRATION_S
) -> dict[str, Any]:
    """The JSON document of `evo study --plan --json`.

    Args:
        name: of the study.
        cells: its cells.
        seconds: wall time of each calibration.

    Raises:
        UsageError: a configuration is wrong.
        EvoError: baselines cannot be trained here.
    """
    speeds: dict[str, tuple[Calibration, list[Record]]] = {}
    rows: list[dict[str, Any]] = []
    for cell in cells:
        config = create.with_grids(cell.config)
        key = config.model_dump_json(include=set(_TRAINED_ALIKE))
        is_first = key not in speeds
        if is_first:
            create.check_config(config, replayed=True)
            speeds[key] = _calibrated(config, seconds)
        calibration, baselines = speeds[key]
        rows.append(_row(cell, config, calibration, baselines, trains_baselines=is_first))
    return {
        "name": name,
        "cells": [{key: row[key] for key in row if key not in _OF_ALL} for row in rows],
        **_totals(rows),
        "workers": rows[0]["workers"],
        "device": rows[0]["device"],
        "unpriced": sorted({model for row in rows for model in row["unpriced"]}),
        "calibration": {
            key: sum(getattr(speed, key) for speed, _ in speeds.values())
            for key in ("trainings", "seconds")
        },
    }


_OF_ALL = ("workers", "device", "unpriced")


def _calibrated(config: Config, seconds: float) -> tuple[Calibration, list[Record]]:
    baselines = own_baselines(kinds.get(config.kind)())
    pool = process.workers(config)
    with one_thread(), pool:
        calibration = calibrate(config, baselines, pool.run, workers=pool.count, seconds=seconds)
    return calibration, list(baselines)


def _row(
    cell: Cell,
    config: Config,
    calibration: Calibration,
    baselines: Sequence[Record],
    *,
    trains_baselines: bool,
) -> dict[str, Any]:
    workers = process.worker_count(config)
    count = len(baselines) if trains_baselines else 0
    times = time_facts(config, calibration, baselines=count, workers=workers)
    asked: Mapping[str, Any] = {
        "requests": [0, 0],
        "prompt_tokens": [0, 0],
        "completion_tokens": [0, 0],
        "cost_usd": [0.0, 0.0],
        "unpriced": [],
    }
    if config.llm.models:
        asked = request_facts(config, baselines)
    tokens = zip(asked["prompt_tokens"], asked["completion_tokens"], strict=True)
    return {
        "name": cell.name,
        "levels": dict(cell.levels),
        "hypotheses": cell.hypotheses,
        "trainings": candidates(config)["trained"],
        "requests": asked["requests"],
        "tokens": [sum(pair) for pair in tokens],
        "cost_usd": asked["cost_usd"],
        "hours": times["wall_hours"],
        "workers": times["workers"],
        "device": times["device"],
        "unpriced": asked["unpriced"],
    }


def _totals(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Sums over all cells; dollars are null where a price is unknown."""
    spans = {
        key: [sum(row[key][end] for row in rows) for end in (0, 1)]
        for key in ("trainings", "requests", "tokens", "hours")
    }
    costs = [row["cost_usd"] for row in rows]
    known = [cost for cost in costs if cost is not None]
    dollars = [sum(cost[end] for cost in known) for end in (0, 1)]
    return {
        "hypotheses": sum(row["hypotheses"] for row in rows),
        **spans,
        "cost_usd": dollars if len(known) == len(costs) else None,
    }
