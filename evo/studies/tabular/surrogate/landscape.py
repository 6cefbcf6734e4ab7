"""A landscape: results of training on the default task, predicted instead of measured.

It takes the place of the workers that train, so that the whole search runs on it unchanged:

    loss(candidate, network, seed) = min over b of loss(b, network, seed) · exp(−margin − noise)

with the losses of the baselines b as measured, the margin on a network predicted from what the
function computes (see `regression`), and noise as measured between seeds (see `noise`). The same
component and seed give the same trial, whatever the search, the rung or the process.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np

from evo.core.arrays import Floats
from evo.core.errors import UsageError
from evo.core.seeds import child
from evo.core.trials import Outcome, Trial
from evo.evaluation.protocol import Job, Protocol
from evo.studies.tabular.surrogate.examples import (
    SURROGATE_KIND,
    SURROGATE_TASKS,
    Examples,
    Grounds,
    MeasuredBaselines,
    grounds_of,
)
from evo.studies.tabular.surrogate.features import function_features
from evo.studies.tabular.surrogate.noise import margin_noise, noise_basis
from evo.studies.tabular.surrogate.regression import (
    Kernel,
    ProcessRegression,
    measurement_variance,
    stretch,
    unstretch,
)
from evo.validation.graph.graphs import component_of

KIND = SURROGATE_KIND
(TASK,) = SURROGATE_TASKS
_LEARNING_RATE = 0.01
"""Picked most often by the baselines."""
_SECONDS_PER_EPOCH = 0.0025
"""Processor time of one epoch of one copy, as measured on one core."""
_ERRORS = 0.3
"""Share of wrong answers per unit of test loss, as measured on the baselines."""
_NETWORK_AMPLITUDE, _NETWORK_NOISE = 0.3, 0.01
"""Of the process for a network's difference from the mean: best in cross-validation."""


@dataclass(frozen=True)
class MarginModel:
    """Predicts margins per network; make one with `MarginModel.fit`.

    Attributes:
        overall: predicts the stretched mean margin, standardised.
        differences: predict what each network's differs by, standardised.
        moments: mean and deviation of the stretched mean margins.
        network_moments: (2, networks) the same of the differences.
    """

    overall: ProcessRegression
    differences: ProcessRegression
    moments: tuple[float, float]
    network_moments: Floats

    @classmethod
    def fit(cls, examples: Examples, kernel: Kernel) -> "MarginModel":
        """Fit both processes to examples."""
        stretched = stretch(examples.margins)
        centre, deviation = float(stretched.mean()), float(stretched.std())
        overall = ProcessRegression.fit(
            kernel,
            examples.features,
            ((stretched - centre) / deviation)[:, None],
            variances=measurement_variance(examples.margins) / deviation**2,
            level=np.array([kernel.mean]),
        )
        known = ~np.isnan(examples.networks[:, 0])
        differences = stretch(examples.networks[known]) - stretched[known, None]
        moments = np.stack([differences.mean(axis=0), differences.std(axis=0)])
        by_network = ProcessRegression.fit(
            replace(kernel, amplitude=_NETWORK_AMPLITUDE, noise=_NETWORK_NOISE),
            examples.features[known],
            (differences - moments[0]) / moments[1],
            variances=np.zeros(int(known.sum())),
            level=np.zeros(differences.shape[1]),
        )
        return cls(overall, by_network, (centre, deviation), moments)

    def predict(self, features: Floats) -> Floats:
        """Margins (m, networks) for features (m, d)."""
        centre, deviation = self.moments
        overall = self.overall.predict(features) * deviation + centre
        differences = self.differences.predict(features) * self.network_moments[1]
        return unstretch(overall + differences + self.network_moments[0])


@dataclass(frozen=True)
class _Known:
    """Margins (networks,) of a component and the basis of its noise."""

    margins: Floats
    basis: Floats


@dataclass(frozen=True)
class Landscape:
    """Predicts trials; make one with `Landscape.load`.

    Attributes:
        model: predicts margins of a function.
        baselines: their trials as measured.
        grounds: how its examples were trained.
    """

    model: MarginModel
    baselines: MeasuredBaselines
    grounds: Grounds = Grounds()  # noqa: RUF009 - a frozen tuple
    _components: dict[tuple[str, ...], _Known] = field(
        default_factory=dict[tuple[str, ...], _Known], repr=False
    )
    _seeds: dict[int, Floats] = field(default_factory=dict[int, Floats], repr=False)

    @classmethod
    def load(cls, folder: Path | None = None) -> "Landscape":
        """The landscape fitted to the data of a folder, by default evo's own; takes seconds.

        Raises:
            UsageError: the folder cannot be read.
        """
        model = MarginModel.fit(Examples.load(folder), Kernel.load())
        return cls(model, MeasuredBaselines.load(folder), grounds_of(folder))

    @staticmethod
    def shared(folder: Path | None = None) -> "Landscape":
        """The landscape of this process, loaded at the first call."""
        return _loaded(folder)

    def margin(self, graphs: tuple[str, ...]) -> float:
        """The margin of a component without noise, in the mean over the networks."""
        self.learn([graphs])
        return float(self._components[graphs].margins.mean())

    def learn(self, components: Iterable[tuple[str, ...]]) -> None:
        """Predict components that are not known yet: many at once cost far less than one by one."""
        unknown = list(
            dict.fromkeys(graphs for graphs in components if graphs not in self._components)
        )
        if not unknown:
            return
        features = np.stack([function_features(component_of(graphs)) for graphs in unknown])
        margins = self.model.predict(features)
        for graphs, row, predicted in zip(
            unknown, self.model.overall.scaled(features), margins, strict=True
        ):
            self._components[graphs] = _Known(predicted, noise_basis(row))

    def measured(self, id_: str, graphs: tuple[str, ...], seeds: Iterable[int]) -> float:
        """The margin of a component as trainings on these seeds would give it."""
        margins = [
            self._baselines(seed).min(axis=1) - self.log_losses(id_, graphs, seed) for seed in seeds
        ]
        return float(np.mean(np.clip(margins, -3.0, 3.0)))

    def forget(self) -> None:
        """Drop what is remembered of components, for the memory's sake; no result changes."""
        self._components.clear()

    @staticmethod
    def check_protocol(protocol: Protocol, grounds: Grounds = Grounds()) -> None:  # noqa: B008
        """Check that the landscape knows the trainings of a protocol.

        Args:
            protocol: of a search.
            grounds: how the landscape's examples were trained.

        Raises:
            UsageError: it trains for another time than the examples did.
        """
        for rung in protocol.rungs:
            if rung.epochs != grounds.epochs:
                raise UsageError(
                    f"protocol.rungs: the landscape knows trainings of {grounds.epochs} epochs, "
                    f"got {rung.epochs}."
                )

    def trainer(self, protocol: Protocol) -> "Trainer":
        """A runner that takes the place of the workers of a campaign.

        Raises:
            UsageError: see `check_protocol`.
        """
        self.check_protocol(protocol, self.grounds)
        return Trainer(self, protocol)

    def log_losses(self, id_: str, graphs: tuple[str, ...], seed: int) -> Floats:
        """Log losses (networks,) of a component at a training seed."""
        baselines = self._baselines(seed)
        if id_ in self.baselines.ids:
            return baselines[:, self.baselines.ids.index(id_)]
        self.learn([graphs])
        known = self._components[graphs]
        return baselines.min(axis=1) - known.margins - margin_noise(known.basis, graphs, seed)

    def _baselines(self, seed: int) -> Floats:
        """Log losses (networks, baselines) at a seed: recorded, or drawn with their covariance."""
        recorded = self.baselines.log_losses
        if seed < len(recorded):
            return recorded[seed]
        if seed not in self._seeds:
            mean = recorded.mean(axis=0)
            weights = child(seed, "landscape", "baselines").standard_normal(len(recorded))
            differences = np.tensordot(weights, recorded - mean, axes=1)
            self._seeds[seed] = mean + differences / np.sqrt(len(recorded) - 1)
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
        count = len(self._landscape.baselines.networks)
        self._landscape.learn(job.graphs for job in jobs)
        for job in jobs:
            epochs = self._protocol.work(job.rung, job.heat, [count])
            seconds = epochs * _SECONDS_PER_EPOCH
            yield Outcome(job.id, job.rung, tuple(self._trials(job)), seconds, heat=job.heat)

    def _trials(self, job: Job) -> Iterator[Trial]:
        seeds = self._protocol.heats(job.rung)[job.heat]
        losses = np.exp([self._landscape.log_losses(job.id, job.graphs, seed) for seed in seeds])
        count = self._protocol.rungs[job.rung].networks
        for place, network in enumerate(self._landscape.baselines.networks[:count]):
            for seed, loss in zip(seeds, losses[:, place].tolist(), strict=True):
                accuracy = max(0.0, 1.0 - _ERRORS * loss)
                yield Trial(job.rung, TASK, network, seed, _LEARNING_RATE, loss, accuracy)


@cache
def _loaded(folder: Path | None) -> Landscape:
    return Landscape.load(folder)
