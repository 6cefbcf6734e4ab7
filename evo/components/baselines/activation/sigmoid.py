"""Logistic sigmoid: 1 / (1 + exp(-x))."""

import torch


def activation(x: torch.Tensor) -> torch.Tensor:
    return torch.sigmoid(x)
