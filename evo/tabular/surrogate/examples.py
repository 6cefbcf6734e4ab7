"""The trained functions that the landscape is fitted to, and the baselines' recorded trials.

`evo/data/pools/activation.parquet` holds unselected mutants; `evo/data/surrogate/evolved.parquet`
holds functions with a margin per network: members of real campaigns, a part of the pool trained
again, and candidates that searches on earlier landscapes thought best, which is where a regression
errs. `evo/data/surrogate/baselines.parquet` holds 32 seeds of each baseline.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from pyarrow import parquet

from evo.core.arrays import Floats
from evo.screening.pool import read_pool
from evo.tabular.surrogate.features import function_features
from evo.validation.graph.graphs import component_of

POOL = "pool"
"""Origin of unselected mutants; those trained again begin with it."""


@dataclass(frozen=True)
class Examples:
    """Trained functions.

    Attributes:
        ids: (n,) of the candidates.
        origins: (n,) campaign or collection that each comes from.
        features: (n, d) of the functions.
        margins: (n,) mean margins.
        networks: (n, networks) margins per network, nan where only the mean is known.
    """

    ids: tuple[str, ...]
    origins: tuple[str, ...]
    features: Floats
    margins: Floats
    networks: Floats

    @staticmethod
    @cache
    def load() -> "Examples":
        """The examples that come with evo, those with a margin per network first; read once."""
        rows = _rows("evolved")
        known = {row["id"] for row in rows}
        pool = [record for record in read_pool() if record.id not in known]
        graphs = [tuple(row["graphs"]) for row in rows] + [record.graphs for record in pool]
        measured = np.array([row["margins"] for row in rows], dtype=np.float64)
        return Examples(
            ids=(*(row["id"] for row in rows), *(record.id for record in pool)),
            origins=(*(row["origin"] for row in rows), *(POOL for _ in pool)),
            features=np.stack([function_features(component_of(texts)) for texts in graphs]),
            margins=np.array(
                [*measured.mean(axis=1), *(record.scored.margin.value for record in pool)]
            ),
            networks=np.vstack([measured, np.full((len(pool), measured.shape[1]), np.nan)]),
        )

    def of(self, rows: Any) -> "Examples":
        """The examples with these indices, or where a mask holds."""
        places = np.arange(len(self.ids))[rows]
        return Examples(
            tuple(self.ids[place] for place in places),
            tuple(self.origins[place] for place in places),
            self.features[places],
            self.margins[places],
            self.networks[places],
        )


@dataclass(frozen=True)
class BaselineTrials:
    """Trials of the baselines as measured.

    Attributes:
        ids: of the baselines.
        networks: names of the task's networks, in order.
        log_losses: (seeds, networks, baselines).
    """

    ids: tuple[str, ...]
    networks: tuple[str, ...]
    log_losses: Floats

    @classmethod
    def load(cls) -> "BaselineTrials":
        """The trials that come with evo."""
        rows = _rows("baselines")
        ids = tuple(dict.fromkeys(row["id"] for row in rows))
        networks = tuple(dict.fromkeys(row["network"] for row in rows))
        log_losses = np.zeros((1 + max(row["seed"] for row in rows), len(networks), len(ids)))
        for row in rows:
            place = row["seed"], networks.index(row["network"]), ids.index(row["id"])
            log_losses[place] = np.log(row["loss"])
        return cls(ids, networks, log_losses)


def _rows(name: str) -> list[dict[str, Any]]:
    path = resources.files("evo.data.surrogate") / f"{name}.parquet"
    return parquet.read_table(str(path)).to_pylist()
