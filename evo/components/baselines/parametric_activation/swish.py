import torch


def activation(x, a, b):
    """Swish with a trained slope (Ramachandran et al. 2017, arXiv 1710.05941)."""
    return x * torch.sigmoid(a * x)
