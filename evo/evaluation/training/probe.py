"""Look into a network for one pass: signal and gradient by depth, flat and dead units.

A pass of one copy over a batch, forwards and backwards, beside the hundreds of steps of all copies
that a training takes. It draws no random number that training would draw, and changes no parameter.
"""

from contextlib import AbstractContextManager
from dataclasses import replace
from typing import NamedTuple

import torch

from evo.networks.base import Network, Parameters
from evo.networks.parts import LossFunction, Parts

_FLAT = 0.01
"""Slope of an activation below which it passes no gradient worth naming."""
_IMAGE = 4
"""Dimensions of a signal of images, whose units are channels in the second one."""


class Probe(NamedTuple):
    """Observations of one pass, of the layers that call the activation.

    Attributes:
        first_input: root mean square of what the first of them activates.
        last_input: of what the last one activates.
        signal: root mean square of the last one's output over that of the first one's.
        gradient: root mean square of the loss's gradient at the first one's output over that at
            the last one's.
        flat: share of numbers that are activated at a slope below 0.01.
        dead: share of units that are so on every sample.
    """

    first_input: float
    last_input: float
    signal: float
    gradient: float
    flat: float
    dead: float


NO_PROBE = Probe(*[-1.0] * 6)
"""A network in which no layer calls the activation, or whose signal is not finite."""


def look(
    network: Network,
    parameters: Parameters,
    batch: tuple[torch.Tensor, torch.Tensor],
    parts: Parts,
    task_losses: LossFunction,
) -> Probe:
    """Run one copy once, and say what passed.

    Args:
        network: to run.
        parameters: of one copy, each (1, …); they stay as they are.
        batch: inputs (1, batch, …), as `arranged`, and targets (1, batch) or (1, batch, outputs).
        parts: the component, in its place among the defaults.
        task_losses: see `Parts.losses`.
    """
    inputs, targets = batch
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []

    def observe(signal: torch.Tensor, output: torch.Tensor) -> None:
        seen.append((signal, output))

    leaves = network.leaves(parameters)
    with _own_chance(inputs.device), torch.enable_grad():
        observed = replace(parts, observe=observe)
        outputs = network.forward(leaves, inputs, observed)
        loss = observed.losses(task_losses, outputs, targets).mean()
        kept = [(signal, output) for signal, output in seen if output.requires_grad]
        if not kept or not torch.isfinite(loss):
            return NO_PROBE
        gradients = torch.autograd.grad(
            loss,
            [kept[0][1], kept[-1][1]],
            retain_graph=True,
            allow_unused=True,
            materialize_grads=True,
        )
        flat = [_flat(signal, output) for signal, output in kept]
    count = sum(entries.numel() for entries in flat)
    units = [entries.flatten(1).all(1) for entries in flat]
    return Probe(
        *(
            eight_bits(value)
            for value in (
                _size(kept[0][0]),
                _size(kept[-1][0]),
                _size(kept[-1][1]) / max(_size(kept[0][1]), 1e-30),
                _size(gradients[0]) / max(_size(gradients[1]), 1e-30),
                sum(int(entries.sum()) for entries in flat) / count,
                float(torch.cat(units).float().mean()),
            )
        )
    )


def _flat(signal: torch.Tensor, output: torch.Tensor) -> torch.Tensor:
    """Mask of slopes below `_FLAT` of the activation: (units, samples)."""
    slope = torch.zeros_like(signal)
    if signal.requires_grad:
        (slope,) = torch.autograd.grad(
            output,
            signal,
            torch.ones_like(output),
            retain_graph=True,
            allow_unused=True,
            materialize_grads=True,
        )
    unit_dim = 1 if signal.dim() == _IMAGE else signal.dim() - 1
    return slope.movedim(unit_dim, 0).flatten(1).abs() < _FLAT


def _size(values: torch.Tensor) -> float:
    return float(values.detach().double().square().mean().sqrt())


def eight_bits(value: float) -> float:
    """Eight bits of a number: enough to read, and little to store."""
    mantissa, exponent = torch.frexp(torch.tensor(value, dtype=torch.float64))
    return float(torch.ldexp((mantissa * 256).round() / 256, exponent))


def _own_chance(device: torch.device) -> AbstractContextManager[None]:
    """Keep the random state of training: a model may have dropout."""
    return torch.random.fork_rng(devices=[device] if device.type == "cuda" else [])
