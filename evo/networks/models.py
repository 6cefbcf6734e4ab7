"""Small models of common architectures, as people write them in torch, for tasks of evo.

Their activations and norms are modules, so that `ModuleNetwork` finds where a component stands, and
all of them train side by side.
"""

from itertools import pairwise

import torch
from torch import nn

from evo.networks.attention import scaled_dot_product_attention


class Attention(nn.Module):
    """Self-attention over a sequence (n, length, width), each place over itself and those before.

    Args:
        width: of the features.
        heads: that share it.
        is_causal: whether later places are hidden.
    """

    def __init__(self, width: int, heads: int, *, is_causal: bool) -> None:
        super().__init__()
        self.heads = heads
        self.is_causal = is_causal
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The sequence of the same shape."""
        count, length, width = x.shape
        parts = self.qkv(x).reshape(count, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = scaled_dot_product_attention(query, key, value, is_causal=self.is_causal)
        return self.out(mixed.transpose(1, 2).reshape(count, length, width))


class Block(nn.Module):
    """A block of a transformer with norms in front (Xiong et al. 2020, arXiv 2002.04745)."""

    def __init__(self, width: int, heads: int, *, is_causal: bool) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads, is_causal=is_causal)
        self.up, self.act, self.down = (
            nn.Linear(width, 2 * width),
            nn.GELU(),
            nn.Linear(2 * width, width),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The sequence of the same shape."""
        x = x + self.attention(self.norm_1(x))
        return x + self.down(self.act(self.up(self.norm_2(x))))


class Gpt(nn.Module):
    """A decoder-only transformer on indices of tokens; it gives what follows the last one.

    Args:
        vocabulary: number of tokens.
        context: length of a sequence.
        outputs: tokens that may follow; by default all.
        width: of the features.
        blocks: one upon the other.
        heads: of each.
    """

    def __init__(
        self,
        vocabulary: int,
        context: int,
        *,
        outputs: int | None = None,
        width: int = 32,
        blocks: int = 2,
        heads: int = 2,
    ) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.places = nn.Parameter(0.02 * torch.randn(context, width))
        self.blocks = nn.Sequential(
            *(Block(width, heads, is_causal=True) for _ in range(blocks)), nn.LayerNorm(width)
        )
        self.head = nn.Linear(width, outputs or vocabulary)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (n, outputs) for indices (n, context), which may be floats."""
        return self.head(self.blocks(self.tokens(x.long()) + self.places)[:, -1])


class Vit(nn.Module):
    """A vision transformer (Dosovitskiy et al. 2021, arXiv 2010.11929), averaged over patches.

    Args:
        channels: of an image.
        side: of the square image.
        patch: side of a patch.
        outputs: of an image.
        width: of the features.
        blocks: one upon the other.
    """

    def __init__(
        self,
        channels: int,
        side: int,
        *,
        patch: int,
        outputs: int,
        width: int = 32,
        blocks: int = 2,
    ) -> None:
        super().__init__()
        self.shape = (channels, side, side)
        self.patches = nn.Conv2d(channels, width, patch, stride=patch)
        self.places = nn.Parameter(0.02 * torch.randn((side // patch) ** 2, width))
        self.blocks = nn.Sequential(
            *(Block(width, 2, is_causal=False) for _ in range(blocks)), nn.LayerNorm(width)
        )
        self.head = nn.Linear(width, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs (n, outputs) for images, flat ones too."""
        patches = self.patches(x.reshape(-1, *self.shape)).flatten(2).transpose(1, 2)
        return self.head(self.blocks(patches + self.places).mean(1))


class Residual(nn.Module):
    """A residual block of convolutions (He et al. 2016, arXiv 1512.03385), with group norms.

    Args:
        inputs: channels in.
        outputs: channels out.
        stride: of the first convolution.
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv_1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.conv_2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm_1, self.norm_2 = nn.GroupNorm(4, outputs), nn.GroupNorm(4, outputs)
        self.act_1, self.act_2 = nn.ReLU(), nn.ReLU()
        self.skip = nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images of as many channels as it has outputs."""
        hidden = self.act_1(self.norm_1(self.conv_1(x)))
        return self.act_2(self.norm_2(self.conv_2(hidden)) + self.skip(x))


class ResNet(nn.Module):
    """Two residual blocks on images, averaged over places.

    Args:
        channels: of an image.
        side: of the square image.
        outputs: of an image.
        width: channels of the first block; the second has twice as many.
    """

    def __init__(self, channels: int, side: int, *, outputs: int, width: int = 8) -> None:
        super().__init__()
        self.shape = (channels, side, side)
        self.first, self.second = Residual(channels, width, 1), Residual(width, 2 * width, 2)
        self.head = nn.Linear(2 * width, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs (n, outputs) for images, flat ones too."""
        return self.head(self.second(self.first(x.reshape(-1, *self.shape))).mean((2, 3)))


class MlpResNet(nn.Module):
    """A residual perceptron for tables (Gorishniy et al. 2021, arXiv 2106.11959), layer norms.

    Args:
        features: of a row.
        outputs: of a row.
        width: of the features.
        blocks: one upon the other.
    """

    def __init__(self, features: int, *, outputs: int, width: int = 32, blocks: int = 2) -> None:
        super().__init__()
        self.enter = nn.Linear(features, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                nn.LayerNorm(width), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width)
            )
            for _ in range(blocks)
        )
        self.norm, self.act, self.head = nn.LayerNorm(width), nn.ReLU(), nn.Linear(width, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs (n, outputs) for rows (n, features)."""
        x = self.enter(x)
        for block in self.blocks:
            x = x + block(x)
        return self.head(self.act(self.norm(x)))


class Coordinates(nn.Module):
    """A perceptron from coordinates to values: an implicit representation of a signal.

    Args:
        inputs: coordinates of a point.
        outputs: values there.
        width: of the features.
        hidden: hidden layers.
    """

    def __init__(self, inputs: int, outputs: int, *, width: int = 48, hidden: int = 3) -> None:
        super().__init__()
        widths = [inputs, *[width] * hidden]
        layers = [
            layer
            for wide, next_ in pairwise(widths)
            for layer in (nn.Linear(wide, next_), nn.Tanh())
        ]
        self.layers = nn.Sequential(*layers, nn.Linear(width, outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Values (n, outputs) at points (n, inputs)."""
        return self.layers(x)
