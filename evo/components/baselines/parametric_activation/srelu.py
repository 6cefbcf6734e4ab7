import torch
import torch.nn.functional as F


def activation(x, a, b):
    """After SReLU (Jin et al. 2015, arXiv 1512.07030): slope a above 1, b below 0."""
    return torch.clamp(x, 0.0, 1.0) + a * F.relu(x - 1) - b * F.relu(-x)
