"""The transformer: attention over the patches of an image, a component in its feed-forward part."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F

from evo.core.learnables import FeatureCounts
from evo.networks.attention import attended
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
from evo.networks.roles import Plain, Role


@dataclass(frozen=True)
class Transformer(Network):
    """A pre-norm transformer (Xiong et al. 2020, arXiv 2002.04745) on the patches of an image.

    Tokens are patches that do not overlap, each with a learned position. The layer norms have no
    parameters: each is followed by a linear layer, which can learn the same. A normalisation among
    the parts takes their place, and a component that weighs attention that of softmax.

    Attributes:
        width: features per token, divisible by `heads`.
        blocks: number of blocks, each attention and feed-forward.
        heads: attention heads per block.
        patch: height and width in pixels; (1, width of the image) makes each row a token.
        feed_forward: width of the hidden layer as a multiple of `width`.
        start: initial distribution of weights. Positions start as N(0, 0.02²), as in ViT.
        halves: see `Network.gated`.
    """

    width: int
    blocks: int
    heads: int = 2
    patch: tuple[int, int] = (2, 2)
    feed_forward: int = 2
    start: Start = "normal"
    halves: int = 1

    def initialise(
        self, inputs: tuple[int, ...], outputs: int, generator: torch.Generator
    ) -> Parameters:
        """Embedding and positions, four layers per block, the read-out last."""
        channels, height, width = image_shape(inputs)
        tokens = height // self.patch[0] * (width // self.patch[1])
        hidden = self.feed_forward * self.width
        layers = {"embed": (channels * math.prod(self.patch), self.width)}
        for block in range(self.blocks):
            layers |= {
                f"{block}.attend": (self.width, 3 * self.width),
                f"{block}.merge": (self.width, self.width),
                f"{block}.widen": (self.width, self.halves * hidden),
                f"{block}.narrow": (hidden, self.width),
            }
        positions = 0.02 * torch.randn(tokens, self.width, generator=generator)
        parameters: Parameters = {"positions": positions}
        for name, (fan_in, fan_out) in layers.items():
            weight, bias = dense(fan_in, fan_out, self.start, generator)
            parameters |= {f"{name}.weight": weight, f"{name}.bias": bias}
        weight, bias = read_out(self.width, outputs, self.start, generator)
        return parameters | {"out.weight": weight, "out.bias": bias}

    def roles(self) -> Mapping[str, Role]:
        """Positions are no weights; layers hold inputs first, the read-out outputs first."""
        blocks = range(self.blocks)
        plain = [f"{block}.{layer}" for block in blocks for layer in ("attend", "merge", "narrow")]
        layers = dense_roles(["embed", *plain]) | outputs_first_roles(["out"])
        widen = dense_roles((f"{block}.widen" for block in blocks), halves=self.halves)
        return {"positions": Plain.OTHER, **layers, **widen}

    def gated(self) -> Network:
        """The same feed-forward parts, from widening layers twice as wide."""
        return replace(self, halves=2)

    def feature_counts(self, inputs: tuple[int, ...]) -> FeatureCounts:  # noqa: ARG002 - any inputs will do
        """The activation in the feed-forward parts; norms before these, attentions, the read-out.

        A row of the signal is a token.
        """
        blocks = range(self.blocks)
        before = [f"{block}.{layer}" for block in blocks for layer in ("attend", "widen")]
        return FeatureCounts(
            activations={f"{block}.widen": self.feed_forward * self.width for block in blocks},
            norms=dict.fromkeys([*before, "out"], self.width),
            attentions={f"{block}.attend": self.heads for block in blocks},
        )

    def arranged(self, samples: torch.Tensor) -> torch.Tensor:
        """The patches of each sample: (n, tokens, pixels of a patch)."""
        patches = cut_patches(as_images(samples.unsqueeze(0)), self.patch).squeeze(0)
        return patches.flatten(3).flatten(1, 2)

    @property
    def summary(self) -> str:
        """Blocks, width, start and normalisation."""
        return (
            f"a pre-norm transformer of {self.blocks} blocks, width {self.width}, {self.heads} "
            f"heads, tokens of {self.patch[0]}×{self.patch[1]} pixels, activated in feed-forward "
            f"layers of {self.feed_forward * self.width}; {START_WORDS[self.start]}; layer norms "
            f"without parameters{GATED_WORDS[self.halves - 1]}"
        )

    def forward(self, parameters: Parameters, inputs: torch.Tensor, parts: Parts) -> torch.Tensor:
        """Run the blocks, average the tokens and apply a linear read-out."""

        def layer(name: str, signal: torch.Tensor) -> torch.Tensor:
            """Signal (copies, batch · tokens, …)."""
            return apply_dense(signal, parameters[f"{name}.weight"], parameters[f"{name}.bias"])

        def normed(signal: torch.Tensor, name: str) -> torch.Tensor:
            """Input of a layer, normalised."""
            return parts.normalized(signal, name, parameters, otherwise=_norm)

        copies, batch, tokens = inputs.shape[:3]
        signal = layer("embed", inputs.flatten(1, 2))
        # The same positions for every image of a copy.
        signal = signal.view(copies, batch, -1, self.width) + parameters["positions"].unsqueeze(1)
        signal = signal.view(copies, -1, self.width)
        for block in range(self.blocks):
            attend = layer(f"{block}.attend", normed(signal, f"{block}.attend"))
            mixed = (
                self._attention(attend, tokens)
                if parts.attend is None
                else self._weighed(attend.view(copies, batch, tokens, -1), block, parameters, parts)
            )
            signal = signal + layer(f"{block}.merge", mixed)
            hidden = layer(f"{block}.widen", normed(signal, f"{block}.widen"))
            hidden = parts.activated(hidden, f"{block}.widen", parameters)
            signal = signal + layer(f"{block}.narrow", hidden)
        pooled = normed(signal, "out").view(copies, batch, -1, self.width).mean(2)
        return apply_read_out(pooled, parameters["out.weight"], parameters["out.bias"])

    def _attention(self, attend: torch.Tensor, tokens: int) -> torch.Tensor:
        """Softmax attention within each image of each copy.

        softmax(q kᵀ / √d) v has no parameters, so copies and images are one dimension. Torch's
        kernel is made for that: on one core, with 4 to 16 tokens, it is 1.4 to 2.2 times as fast
        as with two, and 1.1 to 2.0 times as fast as two products and a softmax.

        Args:
            attend: (copies, batch · tokens, 3 · width), queries, keys and values.
            tokens: of an image.
        """
        heads = attend.view(-1, tokens, 3, self.heads, self.width // self.heads)
        queries, keys, values = heads.permute(2, 0, 3, 1, 4).unbind()
        mixed = F.scaled_dot_product_attention(queries, keys, values)
        return mixed.transpose(1, 2).reshape(attend.shape[0], -1, self.width)

    def _weighed(
        self, attend: torch.Tensor, block: int, parameters: Parameters, parts: Parts
    ) -> torch.Tensor:
        """The same with a component's weights, for copies (copies, batch, tokens, 3 · width)."""
        heads = attend.unflatten(-1, (3, self.heads, -1)).permute(3, 0, 1, 4, 2, 5)
        layer = f"{block}.attend"
        mixed = attended(parts, *heads.unbind(), layer=layer, parameters=parameters)
        return mixed.transpose(2, 3).flatten(3).flatten(1, 2)


def _norm(signal: torch.Tensor) -> torch.Tensor:
    return F.layer_norm(signal, signal.shape[-1:])
