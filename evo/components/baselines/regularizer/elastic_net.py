import torch


def regularize(w):
    """Zou and Hastie 2005."""
    return 1e-4 * torch.sum(torch.abs(w)) + 5e-4 * torch.sum(torch.square(w))
