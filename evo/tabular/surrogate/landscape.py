"""A landscape: results of training on the default task, predicted instead of measured.

It takes the place of the workers that train, so that the whole search runs on it unchanged:

    loss(candidate, network, seed) = min over b of loss(b, network, seed) · exp(−margin − noise)

with the losses of the baselines b as measured, the margin predicted from what the function
computes, and noise as measured between seeds. The same component and seed give the same trial,
whatever the search, the rung or the process.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources

import numpy as np
from pyarrow import parquet

from evo.core.arrays import Floats
from evo.core.records import Outcome, Trial
from evo.core.seeds import child
from evo.evaluation.protocol import Job, Protocol
from evo.screening.pool import read_pool
from evo.tabular.surrogate.features import function_features
from evo.tabular.surrogate.regression import Regression
from evo.validation.graph.graphs import component_of

TASK = "digits"
_SHARED, _OWN = 0.09, 0.14
"""Deviations of a margin between seeds: for all components alike, and for each alone."""


@dataclass(frozen=True)
class Landscape:
    """Predicts trials; make one with `Landscape.load`.

    Attributes:
        regression: predicts the mean margin of a function.
        names: ids of the baselines.
        networks: names of the task's networks, in order.
        recorded: (seeds, networks, baselines) log losses as measured.
    """

    regression: Regression
    names: tuple[str, ...]
    networks: tuple[str, ...]
    recorded: Floats
    _margins: dict[tuple[str, ...], float] = field(default_factory=dict[tuple[str, ...], float])
    _seeds: dict[int, Floats] = field(default_factory=dict[int, Floats])

    @classmethod
    def load(cls) -> "Landscape":
        """The landscape fitted to the data that come with evo; takes seconds."""
        pool = read_pool()
        features = np.stack([function_features(component_of(r.graphs)) for r in pool])
        margins = np.array([record.scored.margin.value for record in pool])
        path = resources.files("evo.data.surrogate") / "baselines.parquet"
        table = parquet.read_table(str(path)).to_pylist()
        names = tuple(dict.fromkeys(row["id"] for row in table))
        networks = tuple(dict.fromkeys(row["network"] for row in table))
        recorded = np.zeros((1 + max(row["seed"] for row in table), len(networks), len(names)))
        for row in table:
            place = row["seed"], networks.index(row["network"]), names.index(row["id"])
            recorded[place] = np.log(row["loss"])
        return cls(Regression.fit(features, margins), names, networks, recorded)

    def margin(self, graphs: tuple[str, ...]) -> float:
        """The margin of a component without noise, in the mean over networks and seeds."""
        if graphs not in self._margins:
            features = function_features(component_of(graphs))
            self._margins[graphs] = float(self.regression.predict(features[None])[0])
        return self._margins[graphs]

    def trainer(self, protocol: Protocol) -> "Trainer":
        """A runner that takes the place of the workers of a campaign."""
        return Trainer(self, protocol)

    def log_losses(self, id_: str, graphs: tuple[str, ...], seed: int) -> Floats:
        """Log losses (networks,) of a component at a seed."""
        baselines = self._baselines(seed)
        if id_ in self.names:
            return baselines[:, self.names.index(id_)]
        shared = _SHARED * child(seed, "landscape", "shared").standard_normal(len(self.networks))
        digest = hashlib.sha256("\n".join(graphs).encode()).hexdigest()
        own = _OWN * child(seed, "landscape", digest).standard_normal(len(self.networks))
        return baselines.min(axis=1) - self.margin(graphs) - shared - own

    def _baselines(self, seed: int) -> Floats:
        """Log losses (networks, baselines) at a seed: recorded, or drawn with their covariance."""
        count = len(self.recorded)
        if seed < count:
            return self.recorded[seed]
        if seed not in self._seeds:
            mean = self.recorded.mean(axis=0)
            weights = child(seed, "landscape", "baselines").standard_normal(count)
            differences = np.tensordot(weights, self.recorded - mean, axes=1)
            self._seeds[seed] = mean + differences / np.sqrt(count - 1)
        return self._seeds[seed]


class Trainer:
    """Gives the outcome of each job at once; the `Runner` of an evaluator.

    Args:
        landscape: predicts the trials.
        protocol: which trials a job has.
    """

    def __init__(self, landscape: Landscape, protocol: Protocol) -> None:
        self._landscape = landscape
        self._protocol = protocol

    def __call__(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """An outcome for each job, in order."""
        for job in jobs:
            yield Outcome(job.id, job.rung, tuple(self._trials(job)), 0.0, heat=job.heat)

    def _trials(self, job: Job) -> Iterator[Trial]:
        seeds = self._protocol.heats(job.rung)[job.heat]
        losses: Mapping[int, Floats] = {
            seed: np.exp(self._landscape.log_losses(job.id, job.graphs, seed)) for seed in seeds
        }
        count = self._protocol.rungs[job.rung].networks
        for place, network in enumerate(self._landscape.networks[:count]):
            for seed in seeds:
                loss = float(losses[seed][place])
                accuracy = max(0.0, 1.0 - 0.3 * loss)
                yield Trial(job.rung, TASK, network, seed, 0.01, loss, accuracy)
