import torch


def schedule(t):
    """A tenth at half and at three quarters, He et al. 2016."""
    return torch.where(t < 0.5, 1.0, torch.where(t < 0.75, 0.1, 0.01))
