import torch


def activation(x, a, b):
    """After Snake (Ziyin et al. 2020, arXiv 2006.08195), without the division by a."""
    return x + torch.square(torch.sin(a * x)) + b
