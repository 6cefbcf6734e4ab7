import torch


def schedule(t):
    """Constant, then down over the last fifth, Hu et al. 2024."""
    return torch.clamp(5 * (1 - t), max=1.0)
