"""Trains one network with one component: all seeds × learning rates side by side.

`torch.func.vmap` turns the network's forward pass into one over stacked parameters, so that a
step of every copy is a handful of batched kernels. Each copy has the initial weights, the data
order and the learning-rate schedule that it would have alone: copies never mix.
"""

# torch's own optimisers are built on the foreach kernels, which have no public name:
# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F

from evo.parts import Parts
from evo.seeds import child_seed
from evo.tasks.base import Data, Split
from evo.tasks.networks import Network, Parameters

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-8


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
    batches = max(1, len(data.train.targets) // batch_size)
    optimiser = _Adam(copies.tensors, copies.rates, steps=epochs * batches)
    order = [_generator(seed, "order") for seed in seeds]
    for _ in range(epochs):
        samples = len(data.train.targets)
        shuffled = torch.stack([torch.randperm(samples, generator=g) for g in order])
        for batch in shuffled.to(data.train.targets.device).split(batch_size, dim=1)[:batches]:
            optimiser.step(copies.gradients(batch))
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
        starts = [network.initialise(shape, data.classes, _generator(s, "weights")) for s in seeds]
        self._names = list(starts[0])
        self.tensors = [
            torch.stack([start[name] for start in starts])
            .repeat_interleave(len(learning_rates), dim=0)
            .to(device)
            .requires_grad_()
            for name in self._names
        ]
        self.rates = torch.tensor(learning_rates, device=device).repeat(len(seeds))
        self._shape = (len(seeds), len(learning_rates))
        self._train = data.train

        def forward(parameters: Parameters, inputs: torch.Tensor) -> torch.Tensor:
            return network.forward(parameters, inputs, parts)

        self._forward = torch.func.vmap(forward)
        # Every copy sees the same samples at a measurement: nothing is stacked.
        self._forward_shared = torch.func.vmap(forward, in_dims=(0, None))

    def gradients(self, batch: torch.Tensor) -> list[torch.Tensor]:
        """Gradients of each copy's mean loss; `batch` (seeds, samples) holds row indices."""
        rows = batch.repeat_interleave(self._shape[1], dim=0)
        logits = self._forward(self._parameters(), self._train.inputs[rows])
        # The copies share no parameter, so the gradient of the sum holds each copy's own.
        total = F.cross_entropy(
            logits.flatten(0, 1), self._train.targets[rows].flatten(), reduction="sum"
        )
        return list(torch.autograd.grad(total / batch.shape[1], self.tensors))

    def measure(self, split: Split) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean loss and accuracy on a split, each (seeds, rates)."""
        with torch.no_grad():
            logits = self._forward_shared(self._parameters(), split.inputs)
            targets = split.targets.expand(logits.shape[0], -1)
            losses = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
            loss = losses.view(targets.shape).mean(1)
            accuracy = (logits.argmax(-1) == targets).float().mean(1)
        lost = ~torch.isfinite(loss)
        loss = loss.masked_fill(lost, math.inf).view(self._shape)
        return loss.cpu(), accuracy.masked_fill(lost, 0.0).view(self._shape).cpu()

    def _parameters(self) -> Parameters:
        return dict(zip(self._names, self.tensors, strict=True))


class _Adam:
    """Adam (Kingma & Ba 2015) in place on stacked copies, each copy with a rate of its own.

    torch.optim.Adam takes one rate for a whole tensor; here row i of every tensor has rates[i].
    """

    def __init__(self, tensors: list[torch.Tensor], rates: torch.Tensor, *, steps: int) -> None:
        self._tensors = [tensor.detach() for tensor in tensors]
        self._rates = [rates.reshape(-1, *[1] * (t.dim() - 1)) for t in tensors]
        self._mean = [torch.zeros_like(tensor) for tensor in self._tensors]
        self._square = [torch.zeros_like(tensor) for tensor in self._tensors]
        self._steps = steps
        self._done = 0

    def step(self, gradients: list[torch.Tensor]) -> None:
        """One update: p ← p − rate · (1 − done/steps) · m̂ / (√v̂ + ε)."""
        schedule = 1 - self._done / self._steps
        self._done += 1
        correction_1, correction_2 = 1 - _BETA_1**self._done, 1 - _BETA_2**self._done
        torch._foreach_lerp_(self._mean, gradients, 1 - _BETA_1)
        torch._foreach_mul_(self._square, _BETA_2)
        torch._foreach_addcmul_(self._square, gradients, gradients, 1 - _BETA_2)
        # m̂ / (√v̂ + ε) = √c₂ / c₁ · m / (√v + √c₂ ε): the scalars wait for the last pass over
        # memory, which is what an update costs.
        root = math.sqrt(correction_2)
        scale = torch._foreach_sqrt(self._square)
        torch._foreach_add_(scale, root * _EPSILON)
        direction = torch._foreach_mul(self._mean, self._rates)
        factor = -schedule * root / correction_1
        torch._foreach_addcdiv_(self._tensors, direction, scale, factor)
