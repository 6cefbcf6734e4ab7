"""Softsign: x / (1 + |x|)."""

import torch
import torch.nn.functional as F


def activation(x: torch.Tensor) -> torch.Tensor:
    return F.softsign(x)
