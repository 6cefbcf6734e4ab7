"""One record of an index as the row of a table."""

from typing import Any

import numpy as np

from evo.web.campaign import LiveCampaign


def row_of(campaign: LiveCampaign, place: int) -> dict[str, Any]:
    """One record of the index as a row of a table; None for what is not known."""
    index = campaign.index
    numbers = {name: float(column[place]) for name, column in index.numbers.items()}
    return {
        **{name: texts[place] for name, texts in index.texts.items()},
        **{name: None if np.isnan(value) else value for name, value in numbers.items()},
        "generation": int(numbers["generation"]),
        "rung": int(numbers["rung"]) if index.scored[place] else None,
        "is_full": bool(index.full[place]),
        "parents": index.parents[place],
    }
