"""Hyperbolic tangent."""

import torch


def activation(x: torch.Tensor) -> torch.Tensor:
    return torch.tanh(x)
