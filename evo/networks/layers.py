"""Layers on stacked copies: their initial weights and their forward pass."""

# torch.autograd.Function has no types:
# pyright: reportIncompatibleMethodOverride=false

import math
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import torch

from evo.networks.roles import Plain, Role, Weight

Start = Literal["uniform", "normal"]
"""Initial distribution of weights. "uniform" is U(±1/√fan_in), weights and biases,
PyTorch's default for linear layers; "normal" is N(0, 1/fan_in) with biases of zero (LeCun et al.
1998), √3 times as wide."""
START_WORDS: Mapping[Start, str] = {
    "uniform": "weights and biases start uniform in ±1/√fan_in",
    "normal": "weights start as N(0, 1/fan_in), biases at 0",
}
GATED_WORDS = ("", "; each activated layer gives two halves, gate and value")
"""What a summary adds, by the number of halves less one."""


def dense(
    fan_in: int, fan_out: int, start: Start, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw weights (fan_in, fan_out) and bias (1, fan_out) of a layer."""
    scale = 1 / math.sqrt(fan_in)
    if start == "normal":
        return torch.randn(fan_in, fan_out, generator=generator) * scale, torch.zeros(1, fan_out)
    uniform = 2 * torch.rand(fan_in + 1, fan_out, generator=generator) - 1
    return uniform[1:] * scale, uniform[:1] * scale


def read_out(
    fan_in: int, outputs: int, start: Start, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw weights (outputs, fan_in) and bias (outputs, 1) of the last layer."""
    weight, bias = dense(fan_in, outputs, start, generator)
    return weight.T.contiguous(), bias.T.contiguous()


def dense_roles(layers: Iterable[str], *, halves: int = 1) -> dict[str, Role]:
    """Roles of weights and biases of layers made by `dense`, see `Network.halves`."""
    weight = Weight(inputs_first=True, blocks=halves)
    return {
        f"{layer}.{part}": role
        for layer in layers
        for part, role in (("weight", weight), ("bias", Plain.BIAS))
    }


def outputs_first_roles(layers: Iterable[str], *, halves: int = 1) -> dict[str, Role]:
    """Roles of weights and biases of convolutions, and of a layer made by `read_out`."""
    weight = Weight(blocks=halves)
    return {
        f"{layer}.{part}": role
        for layer in layers
        for part, role in (("weight", weight), ("bias", Plain.BIAS))
    }


def apply_dense(signal: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Apply a layer of every copy: (copies, rows, fan_in) → (copies, rows, fan_out)."""
    return torch.baddbmm(bias, signal, weight)


def apply_read_out(signal: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Apply the last layer of every copy: (copies, batch, fan_in) → (copies, batch, outputs).

    Outputs are few, and a product with few columns is slow: on one core 4 times as slow as the
    transposed product, and softmax along them 20 times. So they are computed and stored as
    (copies, outputs, batch).
    """
    return _ReadOut.apply(signal, weight, bias)


class _ReadOut(torch.autograd.Function):
    """The transposed product, with a contiguous gradient of the signal.

    Autograd's gradient is transposed, so that every activation before it would read memory in
    strides: the gradient of SiLU takes eight times as long.
    """

    @staticmethod
    def forward(
        ctx: Any, signal: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        ctx.save_for_backward(signal, weight)
        return torch.baddbmm(bias, weight, signal.transpose(1, 2)).transpose(1, 2)

    @staticmethod
    def backward(
        ctx: Any, gradient: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        # The gradient has 16 bits where the product had.
        signal, weight = (saved.to(gradient.dtype) for saved in ctx.saved_tensors)
        by_output = gradient.transpose(1, 2)
        return gradient.bmm(weight), by_output.bmm(signal), by_output.sum(2, keepdim=True)
