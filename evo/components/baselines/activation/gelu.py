"""Gaussian error linear unit: x times the normal distribution function."""

import torch
import torch.nn.functional as F


def activation(x: torch.Tensor) -> torch.Tensor:
    return F.gelu(x)
