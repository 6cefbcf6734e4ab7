"""Try a network on a few samples of a task before a worker trains it."""

import torch

from evo.networks.base import Network
from evo.networks.parts import Parts
from evo.tasks.base import Data

_TRIED = 4
"""Samples per copy."""


def try_network(network: Network, data: Data) -> None:
    """Start two copies of a network, and compute outputs, losses and gradients.

    Raises:
        ValueError: outputs have another shape than the task's.
    """
    shape = tuple(data.train.inputs.shape[1:])
    parts = Parts()
    start = network.fresh(shape, data.outputs, torch.Generator().manual_seed(0), parts)
    copies = network.leaves({name: torch.stack([v, v]) for name, v in start.items()})
    samples = data.train.inputs[:_TRIED]
    arranged = network.arranged(samples)
    outputs = network.forward(copies, torch.stack([arranged, arranged]), parts)
    expected = (2, len(samples), data.outputs)
    if tuple(outputs.shape) != expected:
        raise ValueError(
            f"expected outputs (copies, batch, outputs) = {expected}, got {tuple(outputs.shape)}"
        )
    targets = data.train.targets[:_TRIED]
    losses = data.objective.losses(outputs, torch.stack([targets, targets]))
    if tuple(losses.shape) != expected[:2]:
        raise ValueError(
            f"expected losses (copies, batch) = {expected[:2]}, got {tuple(losses.shape)}"
        )
    trained = [value for value in copies.values() if value.requires_grad]
    torch.autograd.grad(losses.sum(), trained, allow_unused=True)
