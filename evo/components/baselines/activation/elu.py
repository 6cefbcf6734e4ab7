"""Exponential linear unit: x above zero, exp(x) - 1 below."""

import torch
import torch.nn.functional as F


def activation(x: torch.Tensor) -> torch.Tensor:
    return F.elu(x)
