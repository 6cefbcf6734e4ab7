"""Leaky ReLU: x above zero, 0.01 x below."""

import torch
import torch.nn.functional as F


def activation(x: torch.Tensor) -> torch.Tensor:
    return F.leaky_relu(x, 0.01)
