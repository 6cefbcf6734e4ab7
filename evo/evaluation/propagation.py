"""Signal propagation at initialisation: statistics of untrained networks with a component in them.

A component of any kind is put into the networks of a task, and a batch passes forward and backward
once. The statistics measure vanishing and exploding signals, vanishing gradients, the similarity of
samples within and between classes, and the error of a linear read-out of the untrained features.
Nothing is trained, and only the training data of the task's own split is used.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch

from evo.core.learnables import Component
from evo.core.records import Vector
from evo.core.seeds import child_seed
from evo.networks.base import Network, Parameters
from evo.networks.parts import Parts
from evo.tasks.base import Data, tasks

_SAMPLES = 192
_HELD_OUT = 64
"""Samples that the linear read-out is tested on; it is fitted to the others."""
_COPIES = 2
"""Initialisations whose statistics are averaged."""
_FINITE = 12.0
"""Statistics are logarithms or shares; larger or non-finite values are clipped to this."""


@dataclass(frozen=True)
class Propagation:
    """Computes the statistics of components in the untrained networks of a task.

    Attributes:
        parts: of a training with a component, as its kind gives them (`Kind.parts`).
        task: name of the task that gives training data and networks.
    """

    parts: Callable[[Component], Parts]
    task: str

    def __call__(self, component: Component) -> Vector:
        """Statistics of all networks of the task, concatenated: (p,) float32.

        The same component gives the same bits; p depends on task and kind alone.
        """
        parts = _Recording(**vars(self.parts(component)))
        statistics: list[float] = []
        for plain in self._networks:
            network = plain.suited(parts)
            parts.layers.clear()
            statistics += _statistics(network, self._start(network, parts), self._data, parts)
        return np.nan_to_num(
            np.clip(statistics, -_FINITE, _FINITE), nan=_FINITE, posinf=_FINITE, neginf=-_FINITE
        ).astype(np.float32)

    @cached_property
    def _data(self) -> Data:
        return tasks.get(self.task)().load()

    @cached_property
    def _networks(self) -> Sequence[Network]:
        return list(tasks.get(self.task)().networks().values())

    def _start(self, network: Network, parts: Parts) -> Parameters:
        generator = torch.Generator().manual_seed(child_seed(0, "propagation"))
        shape = tuple(self._data.train.inputs.shape[1:])
        samples = network.arranged(parts.prepared(self._data.train.inputs[:_SAMPLES]))
        starts = [
            network.fresh(shape, self._data.outputs, generator, parts, samples)
            for _ in range(_COPIES)
        ]
        return {name: torch.stack([start[name] for start in starts]) for name in starts[0]}


@dataclass(frozen=True)
class _Recording(Parts):
    """Parts that record the signal before and after every activation."""

    layers: list[tuple[torch.Tensor, torch.Tensor]] = field(
        default_factory=list[tuple[torch.Tensor, torch.Tensor]]
    )

    def activated(
        self,
        signal: torch.Tensor,
        layer: str,
        parameters: Mapping[str, torch.Tensor],
        *,
        copies_dim: int = 0,
    ) -> torch.Tensor:
        outputs = super().activated(signal, layer, parameters, copies_dim=copies_dim)
        self.layers.append((signal, outputs))
        return outputs


def _statistics(network: Network, start: Parameters, data: Data, parts: _Recording) -> list[float]:
    """Statistics of one network: signals of its layers, loss, gradients, features."""
    samples = data.train.inputs[:_SAMPLES]
    targets = data.train.targets[:_SAMPLES]
    arranged = network.arranged(parts.prepared(samples))
    inputs = arranged.unsqueeze(0).expand(_COPIES, *arranged.shape)
    parameters = network.leaves(start)
    outputs = network.forward(parameters, inputs, parts)
    expected = targets.unsqueeze(0).expand(_COPIES, *targets.shape)
    loss = parts.losses(data.objective.losses, outputs, expected).mean(1)
    gradients = _gradients(loss.sum(), parameters)
    statistics = [_log(loss.detach().mean()), _log(outputs.detach().std())]
    for before, after in parts.layers:
        statistics += _layer(before.detach(), after.detach())
    statistics += [_log(gradient.square().mean().sqrt()) for gradient in gradients]
    penalties = parts.penalties(network.matrices(parameters))
    if penalties is not None:
        pulls = _gradients(penalties.sum(), parameters)
        statistics += [_log(penalties.detach().mean())]
        statistics += [_log(pull.square().mean().sqrt()) for pull in pulls]
    features = _by_sample(parts.layers[-1][1].detach())
    return statistics + _features(features, targets)


def _gradients(total: torch.Tensor, parameters: Parameters) -> list[torch.Tensor]:
    values = [value for value in parameters.values() if value.requires_grad]
    if not total.requires_grad:
        return [torch.zeros_like(value) for value in values]
    return list(torch.autograd.grad(total, values, allow_unused=True, materialize_grads=True))


def _layer(before: torch.Tensor, after: torch.Tensor) -> list[float]:
    """Gain, offset, spread and kurtosis of the signal at an activation."""
    spread = after.std()
    return [
        _log(spread / (before.std() + 1e-12)),
        float(after.mean() / (spread + 1e-12)),
        _log(spread),
        float(((after - after.mean()) / (spread + 1e-12)).pow(4).mean().log()),
    ]


def _by_sample(signal: torch.Tensor) -> torch.Tensor:
    """The last layer's signal with one row per sample, the features of all copies in it."""
    if signal.shape[0] == _COPIES:
        return torch.cat(list(signal.reshape(_COPIES, _SAMPLES, -1)), dim=1)
    return signal.reshape(_SAMPLES, -1)  # a convolution has the samples in front


def _features(features: torch.Tensor, targets: torch.Tensor) -> list[float]:
    """Similarity of samples, and how well classes or values can be read out linearly."""
    features = torch.nan_to_num(features.double(), nan=0.0, posinf=1e12, neginf=-1e12)
    raw = torch.nn.functional.normalize(features, dim=1)
    similarity = float((raw @ raw.T).mean())
    centred = features - features.mean(0)
    kernel = centred @ centred.T
    kernel = kernel / (kernel.diagonal().mean() + 1e-300)
    target_rows = (
        torch.nn.functional.one_hot(targets).double()
        if targets.dim() == 1
        else targets.double().reshape(_SAMPLES, -1)
    )
    target_rows = target_rows - target_rows.mean(0)
    ideal = target_rows @ target_rows.T
    alignment = float((kernel * ideal).sum() / (kernel.norm() * ideal.norm() + 1e-300))
    fitted = _SAMPLES - _HELD_OUT
    statistics = [similarity, alignment, _log(_rank(kernel))]
    for ridge in (1e-3, 1e-1):
        weights = torch.linalg.solve(
            kernel[:fitted, :fitted] + ridge * torch.eye(fitted, dtype=torch.float64),
            target_rows[:fitted],
        )
        error = kernel[fitted:, :fitted] @ weights - target_rows[fitted:]
        statistics.append(_log(error.square().mean() / target_rows[fitted:].square().mean()))
    return statistics


def _rank(kernel: torch.Tensor) -> torch.Tensor:
    """Participation ratio: the effective number of directions that samples spread in."""
    return kernel.trace().square() / (kernel.square().sum() + 1e-300)


def _log(value: torch.Tensor) -> float:
    return float(torch.log(value.double() + 1e-12))
