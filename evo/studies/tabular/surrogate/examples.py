"""The trained functions that the landscape is fitted to, and the baselines' recorded trials.

`evo/data/pools/activation.parquet` holds unselected mutants; `evo/data/surrogate/evolved.parquet`
holds functions with a margin per network: members of real campaigns, a part of the pool trained
again, and candidates that searches on earlier landscapes thought best, which is where a regression
errs. `evo/data/surrogate/baselines.parquet` holds 32 seeds of each baseline.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from evo.core.arrays import Floats
from evo.core.errors import UsageError
from evo.core.records import Record
from evo.core.trials import Trial
from evo.evaluation.protocol import Protocol
from evo.screening.pool import read_pool
from evo.studies.tabular.surrogate.features import function_features
from evo.validation.graph.graphs import component_of

SURROGATE_KIND, SURROGATE_TASKS = "activation", ("digits",)
"""Task that the features, and the noise between seeds, were made for."""
POOL = "pool"
"""Origin of unselected mutants; those trained again begin with it."""


class Grounds(NamedTuple):
    """The settings under which the examples were trained.

    Attributes:
        epochs: of the last rung.
        rungs: of the protocol, as JSON; empty for those of the default configuration.
    """

    epochs: int = Protocol().rungs[-1].epochs
    rungs: str = ""

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of a search on a landscape of these examples."""
        return {"protocol.rungs": json.loads(self.rungs)} if self.rungs else {}


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
    def load(folder: Path | None = None) -> "Examples":
        """The examples of a folder, read once; by default evo's own, the pool among them.

        Those with a margin per network come first.

        Raises:
            UsageError: a file of the folder cannot be read.
        """
        return _read_once(folder)

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


@cache
def _read_once(folder: Path | None) -> Examples:
    rows = _rows("evolved", folder)
    known = {row["id"] for row in rows}
    pool = [record for record in read_pool() if record.id not in known] if not folder else []
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


@dataclass(frozen=True)
class MeasuredBaselines:
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
    def load(cls, folder: Path | None = None) -> "MeasuredBaselines":
        """The trials of a folder; by default those that come with evo.

        Raises:
            UsageError: the file of the folder cannot be read.
        """
        rows = _rows("baselines", folder)
        ids = tuple(dict.fromkeys(row["id"] for row in rows))
        networks = tuple(dict.fromkeys(row["network"] for row in rows))
        log_losses = np.zeros((1 + max(row["seed"] for row in rows), len(networks), len(ids)))
        for row in rows:
            place = row["seed"], networks.index(row["network"]), ids.index(row["id"])
            log_losses[place] = np.log(row["loss"])
        return cls(ids, networks, log_losses)

    @classmethod
    def of(cls, trials: Mapping[str, Sequence[Trial]]) -> "MeasuredBaselines":
        """The trials of baselines on the seeds from 0 on that all of them have on each network.

        Args:
            trials: by the baseline's id, those of one rung.
        """
        losses = {
            (id_, trial.network, trial.seed): trial.loss
            for id_, of_baseline in trials.items()
            for trial in of_baseline
        }
        networks = tuple(dict.fromkeys(network for _, network, _ in losses))
        seeds = 0
        while all((id_, network, seeds) in losses for id_ in trials for network in networks):
            seeds += 1
        shape = seeds, len(networks), len(trials)
        log_losses = np.array(
            [
                np.log(losses[id_, network, seed])
                for seed in range(seeds)
                for network in networks
                for id_ in trials
            ]
        ).reshape(shape)
        return cls(tuple(trials), networks, log_losses)


def grounds_of(folder: Path | None) -> Grounds:
    """The settings of the examples of a folder; by default of those that come with evo.

    Raises:
        UsageError: the file cannot be read.
    """
    if folder is None:
        return Grounds()
    try:
        metadata = parquet.read_schema(folder / "evolved.parquet").metadata or {}
        return Grounds(int(metadata[b"epochs"]), metadata[b"rungs"].decode())
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise UsageError(f"Surrogate data {folder}: cannot be read ({error}).") from None


def write_examples(
    folder: Path,
    grounds: Grounds,
    records: Sequence[Record],
    *,
    margins: Sequence[Sequence[float]],
    baselines: MeasuredBaselines,
    origin: str,
) -> None:
    """Write trained functions and baselines as `Examples` and `MeasuredBaselines` read them.

    Args:
        folder: is made.
        grounds: how they were trained.
        records: trained functions.
        margins: of each, per network.
        baselines: that the margins are to.
        origin: the collection that they come from.
    """
    folder.mkdir(exist_ok=True)
    metadata = {"epochs": str(grounds.epochs), "rungs": grounds.rungs}
    rows = [
        {
            "id": record.id,
            "origin": origin,
            "graphs": list(record.graphs),
            "margins": list(by_network),
        }
        for record, by_network in zip(records, margins, strict=True)
    ]
    schema = _EVOLVED.with_metadata(metadata)
    parquet.write_table(pa.Table.from_pylist(rows, schema=schema), folder / "evolved.parquet")
    trials = [
        {"id": id_, "network": network, "seed": seed, "loss": float(np.exp(values[place, column]))}
        for seed, values in enumerate(baselines.log_losses)
        for place, network in enumerate(baselines.networks)
        for column, id_ in enumerate(baselines.ids)
    ]
    table = pa.Table.from_pylist(trials, schema=_BASELINES)
    parquet.write_table(table, folder / "baselines.parquet")


_EVOLVED: Any = pa.schema(
    [
        *(("id", pa.string()), ("origin", pa.string())),
        *(("graphs", pa.list_(pa.string())), ("margins", pa.list_(pa.float32()))),
    ]
)
_BASELINES: Any = pa.schema(
    [("id", pa.string()), ("network", pa.string()), ("seed", pa.int32()), ("loss", pa.float32())]
)


def _rows(name: str, folder: Path | None) -> list[dict[str, Any]]:
    shipped = Path(str(resources.files("evo.data.surrogate")))
    path = (folder or shipped) / f"{name}.parquet"
    try:
        return parquet.read_table(path).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"Surrogate data {path}: cannot be read ({error}).") from None
