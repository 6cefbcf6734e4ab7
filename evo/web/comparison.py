"""Two or more campaigns side by side: settings, counts, fronts, best candidates and their test."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from archive.pareto import hypervolume
from evo.core.arrays import Floats
from evo.report.facts.comparison import (
    MEASURED_BY,
    REFERENCE,
    differing_trials,
    machine_names,
    paired_facts,
)
from evo.web.campaign import LiveCampaign
from evo.web.figures.fitness import MEASURES
from evo.web.figures.front import members
from evo.web.figures.spec import COLOURS, DASHES, Figure, figure, numbers, plain_text
from evo.web.rows import row_of

ABSCISSAE = {
    "generation": "generation",
    "evaluated": "candidates evaluated",
    "hours": "processor hours of training",
}


def compared(campaigns: Sequence[LiveCampaign]) -> dict[str, Any]:
    """Differences between campaigns, and one column for each.

    Args:
        campaigns: the first is compared with the others.
    """
    first, *others = campaigns
    differing = [
        key
        for key in MEASURED_BY
        if any(other.config.get(key) != first.config.get(key) for other in others)
    ]
    if any(other.index.top_rung != first.index.top_rung for other in others):
        differing.append("highest rung reached")
    flat = [_flat(campaign.config) for campaign in campaigns]
    settings = [
        (key, [_shown(one.get(key)) for one in flat])
        for key in sorted(set[str]().union(*flat))
        if any(one.get(key) != flat[0].get(key) for one in flat)
    ]
    machines = {name for campaign in campaigns for name in machine_names(campaign.reader)}
    return {
        "differing": differing,
        "settings": settings,
        "machines": sorted(machines) if len(machines) > 1 else [],
        "columns": [_column(campaign) for campaign in campaigns],
        "tests": [_test(first, other) for other in others],
    }


def _flat(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings by dotted key."""
    values: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, Mapping) and value:
            values |= _flat(cast(Mapping[str, Any], value), f"{prefix}{key}.")
        else:
            values[f"{prefix}{key}"] = value
    return values


def _shown(value: Any) -> str:
    return "–" if value is None else value if isinstance(value, str) else json.dumps(value)


def comparison_figure(
    campaigns: Sequence[LiveCampaign], measure: str = "margin", abscissa: str = "generation"
) -> Figure:
    """The best so far of each campaign, as measured, by generation, evaluations or hours."""
    data: list[Figure] = []
    for number, campaign in enumerate(campaigns):
        x, y = _best_so_far(campaign, measure, abscissa)
        if not x:
            continue
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": x,
                "y": y,
                "name": plain_text(campaign.name),
                "line": {
                    "color": COLOURS[number % len(COLOURS)],
                    "dash": DASHES[number // len(COLOURS) % len(DASHES)],
                    "shape": "hv",
                    "width": 2,
                },
            }
        )
    y_title = f"best {MEASURES[measure].partition(':')[0]} so far"
    return figure(data, x=ABSCISSAE[abscissa], y=y_title, showlegend=True)


def _best_so_far(
    campaign: LiveCampaign, measure: str, abscissa: str
) -> tuple[list[float | None], list[float | None]]:
    index = campaign.index
    full = np.flatnonzero(index.full)
    if not len(full):
        return [], []
    best = np.maximum.accumulate(index.numbers[measure][full])
    if abscissa == "generation":
        x = index.numbers["generation"][full]
    elif abscissa == "evaluated":
        x = np.cumsum(index.scored & index.proposed)[full].astype(float)
    else:
        x = np.cumsum(index.numbers["seconds"])[full] / 3600
    # Only where the best changes, and at the end.
    changes = np.flatnonzero(np.diff(best, prepend=-np.inf) > 0)
    shown = np.unique([*changes.tolist(), len(best) - 1])
    return numbers(x[shown]), numbers(best[shown])


def _test(first: LiveCampaign, other: LiveCampaign) -> dict[str, Any]:
    """The best of two campaigns on the trials that both have, and how their fronts lie."""
    places = first.index.best, other.index.best
    best = None
    is_level = first.index.top_rung == other.index.top_rung
    is_alike = is_level and not differing_trials(first.config, other.config)
    if is_alike and places[0] is not None and places[1] is not None:
        best = paired_facts(first.record(places[0]), other.record(places[1]))
    return {
        "key": other.key,
        "name": other.name,
        "best": best,
        "is_alike": is_alike,
        "beaten": _beaten(first, by=other),
        "beats": _beaten(other, by=first),
    }


def _front_points(campaign: LiveCampaign) -> Floats:
    """Performance and novelty of the members of a front: (n, 2)."""
    places = members(campaign.index)
    return np.column_stack([campaign.index.numbers[k][places] for k in ("b_wr", "n_behaviour")])


def _beaten(campaign: LiveCampaign, *, by: LiveCampaign) -> int:
    """Number of members of a campaign's front that another front has a better one for."""
    points, rivals = _front_points(campaign)[:, None], _front_points(by)[None]
    beats = np.all(rivals >= points, axis=-1) & np.any(rivals > points, axis=-1)
    return int(np.any(beats, axis=-1).sum())


def _column(campaign: LiveCampaign) -> dict[str, Any]:
    index, counts = campaign.index, campaign.index.counts()
    best = index.best
    return {
        "key": campaign.key,
        "name": campaign.name,
        "generation": campaign.reader.generation,
        "seed": campaign.config["seed"],
        "counts": {status.value: count for status, count in counts.items()},
        "proposed": sum(counts.values()),
        "full": int(index.full.sum()),
        "front": len(members(index)),
        "hypervolume": hypervolume(_front_points(campaign), REFERENCE),
        "hours": float(index.numbers["seconds"].sum()) / 3600,
        "cost_usd": float(np.nansum(index.numbers["cost_usd"])),
        "best": None if best is None else row_of(campaign, best),
    }
