"""The error function, as in Derf without its learned numbers, Chen et al. 2025."""

import torch


def activation(x):
    return torch.erf(x)
