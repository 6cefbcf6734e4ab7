"""Mish: x times tanh(softplus(x)) (Misra 2019)."""

import torch
import torch.nn.functional as F


def activation(x: torch.Tensor) -> torch.Tensor:
    return F.mish(x)
