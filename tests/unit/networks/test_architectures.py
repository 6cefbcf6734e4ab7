"""Common architectures as people write them: which train side by side, with equal results."""

import math
from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from evo.networks.modules import ModuleNetwork
from evo.networks.parts import Parts


class ResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 3, padding=1)
        self.norm1, self.norm2 = nn.GroupNorm(2, 8), nn.GroupNorm(2, 8)
        self.conv1, self.conv2 = (nn.Conv2d(8, 8, 3, padding=1) for _ in range(2))
        self.act, self.fc = nn.ReLU(), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        y = self.conv2(self.act(self.norm2(self.conv1(self.act(self.norm1(x))))))
        return self.fc((x + y).mean((2, 3)))


class ConvNeXt(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 8, 2, stride=2)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.norm, self.wide = nn.LayerNorm(8), nn.Linear(8, 32)
        self.act, self.narrow = nn.GELU(), nn.Linear(32, 8)
        self.gamma = nn.Parameter(1e-2 * torch.ones(8))
        self.head = nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.gamma * self.narrow(self.act(self.wide(y)))
        return self.head((x + y.permute(0, 3, 1, 2)).mean((2, 3)))


class ViT(nn.Module):
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
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], dim=1) + self.position
        y = self.norm1(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        return self.head((x + self.mlp(self.norm2(x)))[:, 0])


class Gpt(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(11, 16), nn.Embedding(8, 16)
        self.ln_1, self.ln_2, self.ln_f = (nn.LayerNorm(16) for _ in range(3))
        self.c_attn, self.c_proj = nn.Linear(16, 48), nn.Linear(16, 16)
        self.c_fc, self.act, self.c_out = nn.Linear(16, 64), nn.GELU(), nn.Linear(64, 16)
        self.head = nn.Linear(16, 3, bias=False)
        self.register_buffer("mask", torch.tril(torch.ones(8, 8)).view(1, 1, 8, 8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        tokens = (x * 3).long().clamp(0, 10)
        n, t = tokens.shape
        x = self.wte(tokens) + self.wpe(torch.arange(t, device=tokens.device))
        q, k, v = self.c_attn(self.ln_1(x)).split(16, dim=2)
        q, k, v = (part.view(n, t, 2, 8).transpose(1, 2) for part in (q, k, v))
        scores = q @ k.transpose(-2, -1) / math.sqrt(8)
        scores = scores.masked_fill(self.mask[:, :, :t, :t] == 0, float("-inf"))
        y = (F.softmax(scores, dim=-1) @ v).transpose(1, 2).contiguous().view(n, t, 16)
        x = x + self.c_proj(y)
        x = x + self.c_out(self.act(self.c_fc(self.ln_2(x))))
        return self.head(self.ln_f(x))[:, -1]


class Lstm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, 8, batch_first=True)
        self.act, self.head = nn.Tanh(), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.act(self.lstm(x.unsqueeze(-1))[0][:, -1]))


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down, self.middle = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 8, 3, padding=1)
        self.up = nn.ConvTranspose2d(8, 4, 2, stride=2)
        self.act, self.pool = nn.SiLU(), nn.MaxPool2d(2)
        self.head = nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.act(self.down(x))
        y = self.up(self.act(self.middle(self.pool(x))))
        return self.head(torch.cat([x, y], dim=1).mean((2, 3)))


class Mixer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Conv2d(1, 12, 4, stride=4)
        self.norm1, self.norm2 = nn.LayerNorm(12), nn.LayerNorm(12)
        self.tokens = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 4))
        self.channels = nn.Sequential(nn.Linear(12, 24), nn.GELU(), nn.Linear(24, 12))
        self.head = nn.Linear(12, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
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
        x = self.act(self.adjacency @ self.first(x.unsqueeze(-1)))
        return self.head(self.act(self.adjacency @ self.second(x)).mean(1))


def lenet() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 4, 3, padding=1), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(4, 8, 3, padding=1), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Flatten(), nn.Linear(32, 16), nn.Tanh(), nn.Linear(16, 3)),
    )


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.0), nn.Linear(16, 3))


class Case(NamedTuple):
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


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_copies_give_what_models_alone_give(name: str) -> None:
    make, sample, is_side_by_side = ARCHITECTURES[name]
    network = ModuleNetwork(make)
    parts = Parts(activation=torch.sin)
    starts = [
        network.fresh(sample, 3, torch.Generator().manual_seed(seed), parts) for seed in (0, 1)
    ]
    inputs = torch.randn(2, 4, *sample, generator=torch.Generator().manual_seed(5)).abs()
    copies = {n: torch.stack([s[n] for s in starts]).requires_grad_() for n in starts[0]}

    outputs = network.forward(copies, inputs, parts)
    gradients = torch.autograd.grad(outputs.square().sum(), list(copies.values()))

    assert (network.remark() == "") is is_side_by_side
    assert outputs.shape == (2, 4, 3)
    for place, start in enumerate(starts):
        model = make()
        model.load_state_dict({n.replace(".own.", "."): v for n, v in start.items()}, strict=False)
        for module in model.modules():
            if isinstance(module, nn.ReLU | nn.GELU | nn.SiLU | nn.Tanh):
                module.forward = torch.sin  # type: ignore[method-assign]
        alone = model(inputs[place])
        assert torch.allclose(outputs[place], alone, atol=1e-5)
        expected = torch.autograd.grad(alone.square().sum(), list(model.parameters()))
        for one, other in zip(gradients, expected, strict=True):
            assert torch.allclose(one[place], other, atol=1e-4)
