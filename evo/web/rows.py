"""Records of an index as rows of a table."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from evo.report.facts.index import CODED
from evo.web.campaign import LiveCampaign


def row_of(campaign: LiveCampaign, place: int) -> dict[str, Any]:
    """One record of the index as a row of a table; None for what is not known."""
    index = campaign.index
    numbers = {name: float(column[place]) for name, column in index.numbers.items()}
    return {
        **{name: index.texts[name][place] for name in ("id", *CODED)},
        **{name: None if np.isnan(value) else value for name, value in numbers.items()},
        "generation": int(numbers["generation"]),
        "rung": int(numbers["rung"]) if index.scored[place] else None,
        "is_full": bool(index.full[place]),
        "parents": index.parents[place],
    }


def table_rows(campaign: LiveCampaign, places: Sequence[int]) -> list[dict[str, Any]]:
    """Records of the index as rows, with the columns that are read from disk or made of trials."""
    index = campaign.index
    reasons = index.stored("reason").several(places)
    means = {name: column.tolist() for name, column in index.means_at(places)._asdict().items()}
    rows: list[dict[str, Any]] = []
    for number, (place, reason) in enumerate(zip(places, reasons, strict=True)):
        known = {name: values[number] for name, values in means.items()}
        known = {name: None if np.isnan(value) else value for name, value in known.items()}
        rows.append({**row_of(campaign, place), **known, "reason": reason})
    return rows
