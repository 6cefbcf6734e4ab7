"""Trains one network with one component: all seeds × learning rates side by side.

Parameters are stacked, so that a step of every copy is a handful of batched kernels. Each copy has
the initial weights, the data order and the learning-rate schedule that it would have alone:
copies never mix.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch

from evo.evaluation.adam import StackedAdam
from evo.networks.base import Network
from evo.parts import Parts
from evo.seeds import child_seed
from evo.tasks.base import Data, Split

_MEASURED_AT_ONCE = 256
"""Samples of a split that pass through all copies together: more would not fit caches."""


class Trained(NamedTuple):
    """What training gave, a row per seed and a column per learning rate: (seeds, rates) float32.

    A copy that diverged has loss `inf` and accuracy 0.
    """

    validation_loss: torch.Tensor
    test_loss: torch.Tensor
    test_accuracy: torch.Tensor


def train(
    network: Network,
    data: Data,
    parts: Parts,
    *,
    seeds: Sequence[int],
    learning_rates: Sequence[float],
    epochs: int,
    batch_size: int,
) -> Trained:
    """Train seeds × learning rates copies with Adam and a linearly falling rate; see `Trained`.

    The device is that of `data`. A last incomplete batch of an epoch is left out.
    """
    copies = _Copies(network, data, parts, seeds, learning_rates)
    optimiser = StackedAdam(copies.tensors, copies.rates)
    samples = len(data.train.targets)
    batches = max(1, samples // batch_size)
    steps = epochs * batches
    order = [_generator(seed, "order") for seed in seeds]
    for epoch in range(epochs):
        shuffled = torch.stack([torch.randperm(samples, generator=g) for g in order])
        split = shuffled.to(data.train.targets.device).split(batch_size, dim=1)[:batches]
        for step, batch in enumerate(split, start=epoch * batches):
            optimiser.step(copies.gradients(batch), schedule=1 - step / steps)
    validation_loss, _ = copies.measure(data.validation)
    test_loss, test_accuracy = copies.measure(data.test)
    return Trained(validation_loss, test_loss, test_accuracy)


def _generator(seed: int, purpose: str) -> torch.Generator:
    return torch.Generator().manual_seed(child_seed(seed, "trial", purpose))


class _Copies:
    """Stacked parameters of all copies, seeds outermost: each tensor is (seeds · rates, …)."""

    def __init__(
        self,
        network: Network,
        data: Data,
        parts: Parts,
        seeds: Sequence[int],
        learning_rates: Sequence[float],
    ) -> None:
        device = data.train.inputs.device
        shape = tuple(data.train.inputs.shape[1:])
        starts = [network.initialise(shape, data.outputs, _generator(s, "weights")) for s in seeds]
        self.parameters = {
            name: torch.stack([start[name] for start in starts])
            .repeat_interleave(len(learning_rates), dim=0)
            .to(device)
            .requires_grad_()
            for name in starts[0]
        }
        self.tensors = list(self.parameters.values())
        self.rates = torch.tensor(learning_rates, device=device).repeat(len(seeds))
        self._shape = (len(seeds), len(learning_rates))
        self._data = data
        self._network = network
        self._parts = parts

    def gradients(self, batch: torch.Tensor) -> list[torch.Tensor]:
        """Gradients of each copy's mean loss; `batch` (seeds, samples) holds row indices."""
        rows = batch.repeat_interleave(self._shape[1], dim=0)
        train, objective = self._data.train, self._data.objective
        outputs = self._network.forward(self.parameters, train.inputs[rows], self._parts)
        # The copies share no parameter, so the gradient of the sum holds each copy's own.
        total = objective.losses(outputs, train.targets[rows]).sum() / batch.shape[1]
        return list(torch.autograd.grad(total, self.tensors))

    def measure(self, split: Split) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean loss and accuracy on a split, each (seeds, rates)."""
        copies = len(self.rates)
        with torch.no_grad():
            outputs = torch.cat(
                [self._outputs(part) for part in split.inputs.split(_MEASURED_AT_ONCE)], dim=1
            )
            targets = split.targets.expand(copies, *split.targets.shape)
            loss = self._data.objective.losses(outputs, targets).mean(1)
            accuracy = self._data.objective.accuracy(outputs, targets)
        lost = ~torch.isfinite(loss)
        loss = loss.masked_fill(lost, math.inf).view(self._shape)
        return loss.cpu(), accuracy.masked_fill(lost, 0.0).view(self._shape).cpu()

    def _outputs(self, samples: torch.Tensor) -> torch.Tensor:
        """Every copy's outputs on the same samples, which are not stored more than once."""
        shared = samples.expand(len(self.rates), *samples.shape)
        return self._network.forward(self.parameters, shared, self._parts)
