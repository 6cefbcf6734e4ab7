"""The patch network: two layers of 2×2 patches with shared weights, the cheapest for images.

Patches do not overlap, so a layer is a reshape and one product, without convolution.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch

from evo.core.learnables import FeatureCounts
from evo.networks.base import Network, Parameters
from evo.networks.images import as_images, cut_patches, image_shape
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
class Patches(Network):
    """Patches of 2×2 pixels, then 2×2 blocks of those, a dense layer or none, a linear read-out.

    Takes images of any channels whose height and width are divisible by 4.

    Attributes:
        channels: features per patch, and per block of patches.
        start: initial distribution of weights.
        hidden: width of a dense hidden layer over all blocks; 0 for none.
        halves: see `Network.gated`.
    """

    channels: tuple[int, int]
    start: Start = "uniform"
    hidden: int = 0
    halves: int = 1

    def initialise(
        self, inputs: tuple[int, ...], outputs: int, generator: torch.Generator
    ) -> Parameters:
        """Weights and bias of both stages and of the read-out."""
        channels, height, width = image_shape(inputs)
        patch, block = self.channels
        parameters: Parameters = {}
        for stage, (fan_in, fan_out) in enumerate(((4 * channels, patch), (4 * patch, block))):
            weight, bias = dense(fan_in, self.halves * fan_out, self.start, generator)
            parameters |= {f"{stage}.weight": weight, f"{stage}.bias": bias}
        fan_in = height // 4 * (width // 4) * block
        if self.hidden:
            weight, bias = dense(fan_in, self.halves * self.hidden, self.start, generator)
            parameters |= {"dense.weight": weight, "dense.bias": bias}
            fan_in = self.hidden
        weight, bias = read_out(fan_in, outputs, self.start, generator)
        return parameters | {"out.weight": weight, "out.bias": bias}

    def roles(self) -> Mapping[str, Role]:
        """Stages and hidden layer hold inputs first, the read-out outputs first."""
        activated = dense_roles(["0", "1", *(["dense"] if self.hidden else [])], halves=self.halves)
        return activated | outputs_first_roles(["out"])

    def gated(self) -> Network:
        """The same features, from layers twice as wide."""
        return replace(self, halves=2)

    def feature_counts(self, inputs: tuple[int, ...]) -> FeatureCounts:  # noqa: ARG002 - any inputs will do
        """Activation and normalisation after each stage; the features are those of a patch."""
        stages = {"0": self.channels[0], "1": self.channels[1]}
        hidden = stages | ({"dense": self.hidden} if self.hidden else {})
        norms = {layer: self.halves * width for layer, width in hidden.items()}
        return FeatureCounts(activations=hidden, norms=norms)

    def arranged(self, samples: torch.Tensor) -> torch.Tensor:
        """Patches of each sample, (n, patches, 4 · channels), with those of a block adjacent.

        Then the second stage is a plain reshape, without copying at each step.
        """
        blocks = cut_patches(as_images(samples.unsqueeze(0)), (4, 4)).squeeze(0)
        return (
            blocks.unflatten(-1, (2, 2))
            .unflatten(-3, (2, 2))  # (…, channels, patch row, row, patch column, column)
            .permute(0, 1, 2, 4, 6, 3, 5, 7)
            .reshape(len(samples), -1, 4 * blocks.shape[3])
        )

    @property
    def summary(self) -> str:
        """Stages, start and normalisation."""
        dense_layer = f", then a dense layer of {self.hidden}" if self.hidden else ""
        return (
            f"2×2 patches with shared weights to {self.channels[0]} features, 2×2 blocks of these "
            f"to {self.channels[1]}{dense_layer}; {START_WORDS[self.start]}; no norm"
            f"{GATED_WORDS[self.halves - 1]}"
        )

    def forward(self, parameters: Parameters, inputs: torch.Tensor, parts: Parts) -> torch.Tensor:
        """Run the stages, each normalised and activated, then a linear read-out."""

        def layer(name: str, signal: torch.Tensor) -> torch.Tensor:
            """Signal (copies, rows, …)."""
            signal = apply_dense(signal, parameters[f"{name}.weight"], parameters[f"{name}.bias"])
            return parts.activated(parts.normalized(signal, name, parameters), name, parameters)

        copies, batch = inputs.shape[:2]
        signal = layer("0", inputs.flatten(1, 2)).reshape(copies, -1, 4 * self.channels[0])
        signal = layer("1", signal).reshape(copies, batch, -1)
        if self.hidden:
            signal = layer("dense", signal)
        return apply_read_out(signal, parameters["out.weight"], parameters["out.bias"])
