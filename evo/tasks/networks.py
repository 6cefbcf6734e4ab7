"""Networks that tasks train: pure functions of their parameters, so that many copies run at once.

A network never sees candidate source: the component in its parts is a checked graph.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch

from evo.parts import Parts

Parameters = dict[str, torch.Tensor]


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
    """A multi-layer perceptron on flattened inputs.

    Attributes:
        widths: of the hidden layers.
        weights: how they start. "uniform" is U(±1/√fan_in), weights and biases, PyTorch's default
            for linear layers; "normal" is N(0, 1/fan_in) with biases of zero (LeCun et al. 1998),
            √3 times as wide.
    """

    widths: tuple[int, ...]
    weights: Literal["uniform", "normal"] = "uniform"

    def initialise(
        self, inputs: tuple[int, ...], classes: int, generator: torch.Generator
    ) -> Parameters:
        """Weights (fan_in, fan_out) and biases (fan_out,) of each layer."""
        sizes = (math.prod(inputs), *self.widths, classes)
        parameters: Parameters = {}
        for layer, (fan_in, fan_out) in enumerate(pairwise(sizes)):
            weight, bias = self._layer(fan_in, fan_out, generator)
            parameters |= {f"{layer}.weight": weight, f"{layer}.bias": bias}
        return parameters

    def _layer(
        self, fan_in: int, fan_out: int, generator: torch.Generator
    ) -> tuple[torch.Tensor, torch.Tensor]:
        scale = 1 / math.sqrt(fan_in)
        if self.weights == "normal":
            return torch.randn(fan_in, fan_out, generator=generator) * scale, torch.zeros(fan_out)
        uniform = 2 * torch.rand(fan_in + 1, fan_out, generator=generator) - 1
        return uniform[1:] * scale, uniform[0] * scale

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
