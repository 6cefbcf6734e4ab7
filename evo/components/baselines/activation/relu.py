"""Rectified linear unit: max(0, x)."""

import torch
import torch.nn.functional as F


def activation(x: torch.Tensor) -> torch.Tensor:
    return F.relu(x)
