"""A small model as a network, and copies of its parameters."""

import torch
from torch import nn

from evo.networks.modules import ModuleNetwork
from evo.networks.parts import Parts


class Block(nn.Module):
    """A residual block with an embedding of positions."""

    def __init__(self) -> None:
        super().__init__()
        self.position = nn.Parameter(torch.zeros(6))
        self.norm = nn.LayerNorm(6)
        self.wide = nn.Linear(6, 10)
        self.act = nn.GELU()
        self.narrow = nn.Linear(10, 6)
        self.out = nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.position
        return self.out(x + self.narrow(self.act(self.wide(self.norm(x)))))


NETWORK = ModuleNetwork(Block)


def fresh(parts: Parts, seed: int = 0, network: ModuleNetwork = NETWORK) -> dict[str, torch.Tensor]:
    return network.fresh((6,), 3, torch.Generator().manual_seed(seed), parts)


def stacked(copies: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    return {name: torch.stack([copy[name] for copy in copies]) for name in copies[0]}


def batch() -> torch.Tensor:
    return torch.randn(2, 5, 6, generator=torch.Generator().manual_seed(3))
