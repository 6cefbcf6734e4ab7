"""Networks that tasks train: pure functions of their parameters, so that many copies run at once.

A network never sees candidate source: the component in its parts is a checked graph.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import torch

Parameters = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Parts:
    """The replaceable parts of a network; a kind puts its component in one of them."""

    activation: Callable[[torch.Tensor], torch.Tensor]


class Network(ABC):
    """A network as two pure functions."""

    @abstractmethod
    def initialise(
        self, inputs: tuple[int, ...], classes: int, generator: torch.Generator
    ) -> Parameters:
        """Fresh parameters for samples of shape `inputs`, drawn from `generator` alone."""

    @abstractmethod
    def forward(self, parameters: Parameters, inputs: torch.Tensor, parts: Parts) -> torch.Tensor:
        """Logits (batch, classes) of one copy for inputs (batch, …)."""


@dataclass(frozen=True)
class Mlp(Network):
    """A multi-layer perceptron on flattened inputs; `widths` are those of the hidden layers."""

    widths: tuple[int, ...]

    def initialise(
        self, inputs: tuple[int, ...], classes: int, generator: torch.Generator
    ) -> Parameters:
        """Weights and biases from U(−1/√fan_in, 1/√fan_in), PyTorch's default for linear layers."""
        sizes = (math.prod(inputs), *self.widths, classes)
        parameters: Parameters = {}
        for layer, (fan_in, fan_out) in enumerate(pairwise(sizes)):
            bound = 1 / math.sqrt(fan_in)
            for name, shape in (("weight", (fan_in, fan_out)), ("bias", (fan_out,))):
                uniform = torch.rand(shape, generator=generator)
                parameters[f"{layer}.{name}"] = (2 * uniform - 1) * bound
        return parameters

    def forward(self, parameters: Parameters, inputs: torch.Tensor, parts: Parts) -> torch.Tensor:
        """Hidden layers with the activation after each, then a linear read-out."""
        signal = inputs.flatten(1)
        last = len(self.widths)
        for layer in range(last + 1):
            weight, bias = parameters[f"{layer}.weight"], parameters[f"{layer}.bias"]
            signal = torch.addmm(bias, signal, weight)
            if layer < last:
                signal = parts.activation(signal)
        return signal
