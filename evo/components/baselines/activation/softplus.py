"""Softplus: log(1 + exp(x))."""

import torch
import torch.nn.functional as F


def activation(x: torch.Tensor) -> torch.Tensor:
    return F.softplus(x)
