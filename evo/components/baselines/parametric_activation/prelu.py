import torch


def activation(x, a, b):
    """PReLU (He et al. 2015, arXiv 1502.01852); the slope below zero starts at 0.25."""
    return torch.where(x > 0, x, 0.25 * a * x)
