"""Trains one network with one component: all seeds × learning rates side by side.

Parameters are stacked, so that a step of every copy is a handful of batched kernels. Each copy has
the split, initial weights, data order and learning-rate schedule that it would have alone: copies
never mix.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch

from evo.core.seeds import child_seed
from evo.evaluation.training.adam import StackedAdam
from evo.evaluation.training.rule import StackedRule
from evo.networks.base import Network
from evo.networks.parts import Parts
from evo.tasks.base import Data
from evo.tasks.objective import error_rate

_MEASURED_AT_ONCE = 256
"""Samples that pass through all copies together: more would not fit caches."""


class Trained(NamedTuple):
    """What training gave, a row per seed and a column per setting: (seeds, settings) float32.

    Losses are those of the task, or error rates where the parts are judged by accuracy. A copy
    that diverged has loss `inf` and accuracy 0.
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
    strengths: Sequence[float] | None = None,
    epochs: int,
    batch_size: int,
) -> Trained:
    """Train seeds × settings copies; see `Trained`.

    A setting is a learning rate, and the strength beside it, which multiplies the parts' penalty; 1
    by default. With Adam and a linearly falling rate, unless the parts say otherwise.
    The device is that of `data`. A last incomplete batch of an epoch is left out.
    """
    strengths = strengths or [1.0] * len(learning_rates)
    settings = list(zip(learning_rates, strengths, strict=True))
    copies = _Copies(network, data, parts, seeds, settings)
    samples = len(data.train.targets)
    batches = max(1, samples // batch_size)
    steps = epochs * batches
    factors = parts.rate_factors(steps)
    order = [_generator(seed, "order") for seed in seeds]
    for epoch in range(epochs):
        shuffled = torch.stack([torch.randperm(samples, generator=g) for g in order])
        rows = copies.rows.train.gather(1, copies.for_each(shuffled))
        for step, batch in enumerate(rows.split(batch_size, dim=1)[:batches], epoch * batches):
            copies.step(batch, schedule=factors[step])
    validation_loss, _ = copies.measure(copies.rows.validation)
    test_loss, test_accuracy = copies.measure(copies.rows.test)
    return Trained(validation_loss, test_loss, test_accuracy)


class _Rows(NamedTuple):
    """Indices into a task's samples, a row a copy: (copies, samples of the split)."""

    train: torch.Tensor
    validation: torch.Tensor
    test: torch.Tensor


def _split(data: Data, seeds: Sequence[int]) -> torch.Tensor:
    """Which samples each seed trains, validates and tests on, in this order: (seeds, samples)."""
    count = len(data.samples.targets)
    return torch.stack(
        [
            torch.randperm(count, generator=_generator(seed, "split"))
            if data.pooled
            else torch.arange(count)
            for seed in seeds
        ]
    )


def _generator(seed: int, purpose: str) -> torch.Generator:
    return torch.Generator().manual_seed(child_seed(seed, "trial", purpose))


class _Copies:
    """Stacked parameters of all copies, seeds outermost: each tensor is (seeds · settings, …)."""

    def __init__(
        self,
        network: Network,
        data: Data,
        parts: Parts,
        seeds: Sequence[int],
        settings: Sequence[tuple[float, float]],
    ) -> None:
        self._device = data.train.inputs.device
        self._shape = (len(seeds), len(settings))
        self._inputs = network.arranged(parts.prepared(data.samples.inputs))
        self._targets = data.samples.targets
        self._objective = data.objective
        self._network = network
        self._parts = parts
        sizes = [len(part.targets) for part in (data.train, data.validation, data.test)]
        self.rows = _Rows(*self.for_each(_split(data, seeds)).split(sizes, dim=1))
        shape = tuple(data.train.inputs.shape[1:])
        starts = [
            network.fresh(shape, data.outputs, _generator(seed, "weights"), parts) for seed in seeds
        ]
        stacked = {
            name: self.for_each(torch.stack([start[name] for start in starts]))
            for name in starts[0]
        }
        rates, self._strengths = (
            torch.tensor(values, device=self._device).repeat(len(seeds))
            for values in zip(*settings, strict=True)
        )
        self._optimiser = (
            StackedAdam(stacked, rates)
            if parts.update is None
            else StackedRule(stacked, rates, parts.update)
        )

    def for_each(self, by_seed: torch.Tensor) -> torch.Tensor:
        """What is the same at every setting, for every copy: (seeds, …) → (copies, …)."""
        return by_seed.to(self._device).repeat_interleave(self._shape[1], dim=0)

    def step(self, rows: torch.Tensor, *, schedule: float) -> None:
        """One update of every copy on a batch of its own: rows (copies, batch)."""
        outputs, targets = self._outputs(rows)
        # The copies share no parameter, so the gradient of the sum holds each copy's own.
        losses = self._parts.losses(self._objective.losses, outputs, targets)
        summed, weights = [losses], [torch.full_like(losses, 1 / rows.shape[1])]
        penalties = self._penalties()
        if penalties is not None and penalties.requires_grad:
            summed.append(penalties)
            weights.append(self._strengths)
        gradients = torch.autograd.grad(
            summed,
            list(self._optimiser.parameters.values()),
            weights,
            # A component need not use what it might learn.
            allow_unused=True,
            materialize_grads=True,
        )
        self._optimiser.step(list(gradients), schedule=schedule)

    def _penalties(self) -> torch.Tensor | None:
        # Without a penalty, not even the matrices are looked up: that takes time at every step.
        if self._parts.penalty is None:
            return None
        return self._parts.penalties(self._network.matrices(self._optimiser.parameters))

    def measure(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """What decides a trial, and accuracy, on samples (copies, count): (seeds, settings)."""
        with torch.no_grad():
            parts = [self._outputs(part) for part in rows.split(_MEASURED_AT_ONCE, dim=1)]
            outputs, targets = (torch.cat(side, dim=1) for side in zip(*parts, strict=True))
            loss = self._objective.losses(outputs, targets).mean(1)
            accuracy = self._objective.accuracy(outputs, targets)
        lost = ~torch.isfinite(loss)
        if self._parts.judged_by == "accuracy":
            loss = error_rate(accuracy, samples=rows.shape[1])
        loss = loss.masked_fill(lost, math.inf).view(self._shape)
        return loss.cpu(), accuracy.masked_fill(lost, 0.0).view(self._shape).cpu()

    def _outputs(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Every copy's outputs on its samples (copies, batch), and their targets."""
        # Whole rows at once: indexing with `rows` goes number by number, at thrice the time.
        flat = rows.flatten()
        inputs, targets = (
            values.index_select(0, flat).view(*rows.shape, *values.shape[1:])
            for values in (self._inputs, self._targets)
        )
        outputs = self._network.forward(self._optimiser.parameters, inputs, self._parts)
        return outputs, targets
