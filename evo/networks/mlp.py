"""The multi-layer perceptron."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import torch

from evo.core.learnables import FeatureCounts
from evo.networks.base import Network, Parameters
from evo.networks.layers import (
    GATED_WORDS,
    START_WORDS,
    Start,
    apply_dense,
    apply_read_out,
    dense,
    dense_roles,
    outputs_first_roles,
    read_out,
)
from evo.networks.parts import Parts
from evo.networks.roles import Role


@dataclass(frozen=True)
class Mlp(Network):
    """A multi-layer perceptron on flattened inputs.

    Attributes:
        widths: of the hidden layers.
        start: initial distribution of weights.
        halves: see `Network.gated`.
    """

    widths: tuple[int, ...]
    start: Start = "uniform"
    halves: int = 1

    def initialise(
        self, inputs: tuple[int, ...], outputs: int, generator: torch.Generator
    ) -> Parameters:
        """Weights and bias of each layer, the read-out last."""
        sizes = (math.prod(inputs), *self.widths)
        parameters: Parameters = {}
        for layer, (fan_in, fan_out) in enumerate(pairwise(sizes)):
            weight, bias = dense(fan_in, self.halves * fan_out, self.start, generator)
            parameters |= {f"{layer}.weight": weight, f"{layer}.bias": bias}
        weight, bias = read_out(sizes[-1], outputs, self.start, generator)
        return parameters | {"out.weight": weight, "out.bias": bias}

    def roles(self) -> Mapping[str, Role]:
        """Hidden layers hold inputs first, the read-out outputs first."""
        hidden = dense_roles(map(str, range(len(self.widths))), halves=self.halves)
        return hidden | outputs_first_roles(["out"])

    def gated(self) -> Network:
        """The same widths, from hidden layers twice as wide."""
        return replace(self, halves=2)

    def feature_counts(self, inputs: tuple[int, ...]) -> FeatureCounts:  # noqa: ARG002 - any inputs will do
        """Activation and normalisation after each hidden layer."""
        hidden = {str(layer): width for layer, width in enumerate(self.widths)}
        norms = {layer: self.halves * width for layer, width in hidden.items()}
        return FeatureCounts(activations=hidden, norms=norms)

    @property
    def summary(self) -> str:
        """Widths, start and normalisation."""
        widths = ", ".join(map(str, self.widths))
        start, gated = START_WORDS[self.start], GATED_WORDS[self.halves - 1]
        return f"a perceptron, hidden layers {widths}; {start}; no norm{gated}"

    def forward(self, parameters: Parameters, inputs: torch.Tensor, parts: Parts) -> torch.Tensor:
        """Run the hidden layers, each normalised and activated, then a linear read-out."""
        signal = inputs.flatten(2)
        for layer in range(len(self.widths)):
            weight, bias = parameters[f"{layer}.weight"], parameters[f"{layer}.bias"]
            signal = parts.normalized(apply_dense(signal, weight, bias), str(layer), parameters)
            signal = parts.activated(signal, str(layer), parameters)
        return apply_read_out(signal, parameters["out.weight"], parameters["out.bias"])
