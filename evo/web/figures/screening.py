"""The reward model's decisions by generation: candidates trained and candidates left out."""

import numpy as np

from evo.core.records import Status
from evo.report.facts.index import Index
from evo.web.figures.spec import BLUE, ORANGE, Figure, figure


def screening_figure(index: Index) -> Figure:
    """Valid and new candidates per generation, by whether they were chosen for training."""
    left_out = index.proposed & (index.coded("status").among(Status.SCREENED_OUT))
    if not left_out.any():
        return figure([], note="No candidate was left out.")
    trained = index.proposed & index.coded("status").among(Status.EVALUATED, Status.FAILED)
    generations = index.numbers["generation"].astype(int)
    last = int(generations.max())
    data = [
        {
            "type": "bar",
            "x": list(range(1, last + 1)),
            "y": np.bincount(generations[chosen], minlength=last + 1)[1:].tolist(),
            "name": name,
            "marker": {"color": colour},
        }
        for name, chosen, colour in (("trained", trained, BLUE), ("left out", left_out, ORANGE))
    ]
    return figure(data, x="generation", y="candidates", barmode="stack")
