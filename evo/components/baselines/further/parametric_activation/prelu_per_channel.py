"""PReLU with a slope per channel, He et al. 2015, arXiv 1502.01852."""

import torch


def activation(x, a, b, q):
    return torch.where(x > 0, x, (0.25 + q) * x)
