"""Sigmoid linear unit, or swish: x times sigmoid(x)."""

import torch
import torch.nn.functional as F


def activation(x: torch.Tensor) -> torch.Tensor:
    return F.silu(x)
