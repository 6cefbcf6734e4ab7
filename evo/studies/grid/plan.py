"""The plan of a study: what each cell takes, before anything is spent.

Speed is measured once per protocol, by training baselines for a short while. Only a language model
on this machine is asked, since its replies take time here; no hosted one is. Cells that train the
same baselines count them once.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from evo.campaign import create, process
from evo.campaign.config import Config
from evo.components.kinds import kinds
from evo.compute.numerics import sound_numerics
from evo.core.records import Record
from evo.evaluation.protocol import Rung
from evo.studies.calibration import Calibration, calibrate
from evo.studies.confirm_plan import work_of
from evo.studies.estimate import candidates, request_facts, time_facts
from evo.studies.grid.cells import Cell
from evo.studies.grid.study import Confirming, Study
from evo.studies.replies import ReplyTime, reply_time
from evo.validation.baselines import own_baselines

_CALIBRATION_S = 15.0
"""Wall time of a calibration; a study may need several."""
CANDIDATE_S = 0.03
"""Processor time in which a candidate is proposed, checked and recognised, without a reply."""
_TRAINED_ALIKE = (
    *("kind", "tasks", "protocol", "device", "workers", "baselines"),
    *("compute", "cpus_per_training", "gpus_per_training", "cluster"),
)
"""Settings that decide what a training costs here."""


class Speed(NamedTuple):
    """Speed of cells that train alike, with the baselines that it was measured on."""

    calibration: Calibration
    baselines: Sequence[Record]


def measured(config: Config) -> Speed:
    """Measure how fast a configuration trains here."""
    baselines = own_baselines(kinds.get(config.kind)())
    pool = process.workers(config)
    with sound_numerics(), pool:
        calibration = calibrate(
            config, baselines, pool.run, workers=pool.count, seconds=_CALIBRATION_S
        )
    return Speed(calibration, list(baselines))


def plan_facts(
    name: str,
    study: Study,
    cells: Sequence[Cell],
    *,
    measure: Callable[[Config], Speed] = measured,
    measure_reply: Callable[[Config, Sequence[Record]], ReplyTime] = reply_time,
) -> dict[str, Any]:
    """The JSON document of `evo study --plan --json`.

    Args:
        name: of the study.
        study: the study.
        cells: its cells.
        measure: measures how fast a configuration trains.
        measure_reply: measures a reply of its language model.

    Returns:
        One row per cell, what the confirmations take (null without them), and sums over both.
        Figures are ranges; `hours` are of wall time.

    Raises:
        UsageError: a configuration is wrong.
        EvoError: baselines cannot be trained here, or a model on this machine does not answer.
    """
    speeds: dict[str, Speed] = {}
    replies: dict[str, ReplyTime] = {}
    rows: list[dict[str, Any]] = []
    confirmations: list[_Confirmation] = []
    for cell in cells:
        config = create.with_grids(cell.config)
        key = config.model_dump_json(include=set(_TRAINED_ALIKE))
        is_first = key not in speeds
        if is_first:
            create.check_config(config, replayed=True)
            speeds[key] = measure(config)
        speed = speeds[key]
        models = config.llm.model_dump_json(include={"models"})
        if models not in replies:
            replies[models] = measure_reply(config, speed.baselines)
        row = _row(cell, config, speed, replies[models], trains_baselines=is_first)
        rows.append(row)
        if study.confirm is not None:
            confirmations.append(_confirmed(study.confirm, config, speed, is_first=is_first))
    confirmation = _all_confirmed(study.confirm, confirmations) if study.confirm else None
    return {
        "name": name,
        "cells": [{key: row[key] for key in row if key not in _OF_ALL} for row in rows],
        "confirmation": confirmation,
        **_totals(rows, confirmation),
        "workers": rows[0]["workers"],
        "device": rows[0]["device"],
        "unpriced": sorted({model for row in rows for model in row["unpriced"]}),
        "calibration": {
            **{
                key: sum(getattr(speed.calibration, key) for speed in speeds.values())
                for key in ("trainings", "seconds")
            },
            "reply_seconds": max(reply.wall_s for reply in replies.values()),
        },
    }


_OF_ALL = ("workers", "device", "unpriced")


def _row(
    cell: Cell, config: Config, speed: Speed, reply: ReplyTime, *, trains_baselines: bool
) -> dict[str, Any]:
    workers = process.configured_workers(config)
    count = len(speed.baselines) if trains_baselines else 0
    times = time_facts(config, speed.calibration, baselines=count, workers=workers)
    asked: Mapping[str, Any] = {
        "requests": [0, 0],
        "prompt_tokens": [0, 0],
        "completion_tokens": [0, 0],
        "cost_usd": [0.0, 0.0],
        "unpriced": [],
    }
    if config.llm.models:
        asked = request_facts(config, speed.baselines)
    tokens = zip(asked["prompt_tokens"], asked["completion_tokens"], strict=True)
    others = cell.hypotheses * CANDIDATE_S / 3600
    return {
        "name": cell.name,
        "levels": dict(cell.levels),
        "hypotheses": cell.hypotheses,
        "trainings": candidates(config)["trained"],
        "requests": asked["requests"],
        "tokens": [sum(pair) for pair in tokens],
        "cost_usd": asked["cost_usd"],
        "hours": _with_replies(times["wall_hours"], asked["requests"], reply.wall_s, others),
        "processor_hours": _with_replies(
            times["processor_hours"], asked["requests"], reply.processor_s, others
        ),
        "workers": times["workers"],
        "device": times["device"],
        "unpriced": asked["unpriced"],
    }


def _with_replies(
    hours: Sequence[float], requests: Sequence[int], seconds: float, others: float
) -> list[float]:
    """Hours of trainings, of replies on this machine, and of all else."""
    pairs = zip(hours, requests, strict=True)
    return [trained + asked * seconds / 3600 + others for trained, asked in pairs]


class _Confirmation(NamedTuple):
    """Cost of confirming a cell: trainings of one component on all tasks, and hours."""

    trainings: int
    hours: list[float]
    processor_hours: list[float]


def _confirmed(
    confirming: Confirming, config: Config, speed: Speed, *, is_first: bool
) -> _Confirmation:
    """Cells that train alike share the trainings of baselines, which the first of them pays."""
    count = confirming.best + (len(speed.baselines) if is_first else 0)
    rung = Rung(epochs=confirming.epochs, seeds=confirming.seeds)
    work = count * work_of(config, rung, confirming.tasks)
    calibration = speed.calibration
    return _Confirmation(
        count,
        [part * work / calibration.work_per_second / 3600 for part in calibration.spread],
        [part * work * calibration.cpu_per_work / 3600 for part in calibration.spread],
    )


def _all_confirmed(confirming: Confirming, parts: Sequence[_Confirmation]) -> dict[str, Any]:
    """The sums; the limit of processor hours bounds both kinds of hours."""
    hours, processor_hours = (
        [sum(ends) for ends in zip(*(getattr(part, key) for part in parts), strict=True)]
        for key in ("hours", "processor_hours")
    )
    if confirming.hours:
        shares = [min(1.0, confirming.hours / max(end, 1e-9)) for end in processor_hours]
        hours = [end * share for end, share in zip(hours, shares, strict=True)]
        processor_hours = [min(end, confirming.hours) for end in processor_hours]
    return {
        "trainings": sum(part.trainings for part in parts),
        "hours": hours,
        "processor_hours": processor_hours,
    }


def _totals(
    rows: Sequence[Mapping[str, Any]], confirmation: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Sums over all cells, hours with those of confirmation; dollars are null if one is unknown."""
    spans = {
        key: [sum(row[key][end] for row in rows) for end in (0, 1)]
        for key in ("trainings", "requests", "tokens", "hours", "processor_hours")
    }
    for key in ("hours", "processor_hours"):
        if confirmation is not None:
            spans[key] = [sum(ends) for ends in zip(spans[key], confirmation[key], strict=True)]
    costs = [row["cost_usd"] for row in rows]
    known = [cost for cost in costs if cost is not None]
    dollars = [sum(cost[end] for cost in known) for end in (0, 1)]
    return {
        "hypotheses": sum(row["hypotheses"] for row in rows),
        **spans,
        "cost_usd": dollars if len(known) == len(costs) else None,
    }
