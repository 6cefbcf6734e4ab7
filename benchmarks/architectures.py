"""Ten common architectures in small, written as their authors write them."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn


class ResNet(nn.Module):
    """A residual block of convolutions with group norms."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 3, padding=1)
        self.norm1, self.norm2 = nn.GroupNorm(2, 8), nn.GroupNorm(2, 8)
        self.conv1, self.conv2 = (nn.Conv2d(8, 8, 3, padding=1) for _ in range(2))
        self.act, self.fc = nn.ReLU(), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs (n, 3)."""
        x = self.stem(x)
        y = self.conv2(self.act(self.norm2(self.conv1(self.act(self.norm1(x))))))
        return self.fc((x + y).mean((2, 3)))


class ConvNeXt(nn.Module):
    """A ConvNeXt block (Liu et al. 2022)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 2, stride=2)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.norm, self.wide = nn.LayerNorm(8), nn.Linear(8, 32)
        self.act, self.narrow = nn.GELU(), nn.Linear(32, 8)
        self.gamma = nn.Parameter(1e-2 * torch.ones(8))
        self.head = nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs (n, 3)."""
        x = self.stem(x)
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.gamma * self.narrow(self.act(self.wide(y)))
        return self.head((x + y.permute(0, 3, 1, 2)).mean((2, 3)))


class ViT(nn.Module):
    """A vision transformer of one block."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(1, 16, 4, stride=4)
        self.cls = nn.Parameter(torch.zeros(1, 1, 16))
        self.position = nn.Parameter(0.02 * torch.randn(1, 5, 16))
        self.norm1, self.norm2 = nn.LayerNorm(16), nn.LayerNorm(16)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16))
        self.head = nn.Linear(16, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs (n, 3)."""
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], dim=1) + self.position
        y = self.norm1(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return self.head((x + self.mlp(self.norm2(x)))[:, 0])


class Gpt(nn.Module):
    """A decoder-only transformer of one block."""

    def __init__(self) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(11, 16), nn.Embedding(8, 16)
        self.ln_1, self.ln_2, self.ln_f = (nn.LayerNorm(16) for _ in range(3))
        self.c_attn, self.c_proj = nn.Linear(16, 48), nn.Linear(16, 16)
        self.c_fc, self.act, self.c_out = nn.Linear(16, 64), nn.GELU(), nn.Linear(64, 16)
        self.head = nn.Linear(16, 3, bias=False)
        self.register_buffer("mask", torch.tril(torch.ones(8, 8)).view(1, 1, 8, 8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs (n, 3)."""
        tokens = (x * 3).long().clamp(0, 10)
        n, t = tokens.shape
        x = self.wte(tokens) + self.wpe(torch.arange(t, device=tokens.device))
        q, k, v = self.c_attn(self.ln_1(x)).split(16, dim=2)
        q, k, v = (part.view(n, t, 2, 8).transpose(1, 2) for part in (q, k, v))
        scores = q @ k.transpose(-2, -1) / math.sqrt(8)
        scores = scores.masked_fill(self.get_buffer("mask")[:, :, :t, :t] == 0, float("-inf"))
        y = (F.softmax(scores, dim=-1) @ v).transpose(1, 2).contiguous().view(n, t, 16)
        x = x + self.c_proj(y)
        x = x + self.c_out(self.act(self.c_fc(self.ln_2(x))))
        return self.head(self.ln_f(x))[:, -1]


class Lstm(nn.Module):
    """An LSTM on a sequence of numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, 8, batch_first=True)
        self.act, self.head = nn.Tanh(), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs (n, 3)."""
        return self.head(self.act(self.lstm(x.unsqueeze(-1))[0][:, -1]))


class UNet(nn.Module):
    """Down and up again, with a connection across."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.middle = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 8, 3, padding=1)
        self.up = nn.ConvTranspose2d(8, 4, 2, stride=2)
        self.act, self.pool = nn.SiLU(), nn.MaxPool2d(2)
        self.head = nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs (n, 3)."""
        x = self.act(self.down(x))
        y = self.up(self.act(self.middle(self.pool(x))))
        return self.head(torch.cat([x, y], dim=1).mean((2, 3)))


class Mixer(nn.Module):
    """An MLP-Mixer of one block."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Conv2d(1, 12, 4, stride=4)
        self.norm1, self.norm2 = nn.LayerNorm(12), nn.LayerNorm(12)
        self.tokens = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 4))
        self.channels = nn.Sequential(nn.Linear(12, 24), nn.GELU(), nn.Linear(24, 12))
        self.head = nn.Linear(12, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs (n, 3)."""
        x = self.embed(x).flatten(2).transpose(1, 2)
        x = x + self.tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return self.head((x + self.channels(self.norm2(x))).mean(1))


class Gcn(nn.Module):
    """Every sample is a graph of eight nodes on a ring, one number each."""

    def __init__(self) -> None:
        super().__init__()
        ring = torch.eye(8) + torch.eye(8).roll(1, 0) + torch.eye(8).roll(-1, 0)
        self.register_buffer("adjacency", ring / 3)
        self.first, self.second = nn.Linear(1, 8), nn.Linear(8, 8)
        self.act, self.head = nn.ReLU(), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs (n, 3)."""
        x = self.act(self.adjacency @ self.first(x.unsqueeze(-1)))
        return self.head(self.act(self.adjacency @ self.second(x)).mean(1))


def lenet() -> nn.Module:
    """LeNet, small."""
    return nn.Sequential(
        *(nn.Conv2d(1, 4, 3, padding=1), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(4, 8, 3, padding=1), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Flatten(), nn.Linear(32, 16), nn.Tanh(), nn.Linear(16, 3)),
    )


def mlp() -> nn.Module:
    """A perceptron with a dropout that is off."""
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.0), nn.Linear(16, 3))


class Case(NamedTuple):
    """An architecture, the shape of its samples, and whether vmap takes it."""

    make: Callable[[], nn.Module]
    sample: tuple[int, ...]
    is_side_by_side: bool = True


IMAGE, ROW = (1, 8, 8), (8,)
ARCHITECTURES = {
    "MLP": Case(mlp, ROW),
    "LeNet": Case(lenet, IMAGE),
    "ResNet with group norms": Case(ResNet, IMAGE),
    "ConvNeXt": Case(ConvNeXt, IMAGE),
    "ViT": Case(ViT, IMAGE),
    "GPT": Case(Gpt, ROW),
    "LSTM": Case(Lstm, ROW, is_side_by_side=False),
    "U-Net": Case(UNet, IMAGE),
    "MLP-Mixer": Case(Mixer, IMAGE),
    "GCN": Case(Gcn, ROW),
}
