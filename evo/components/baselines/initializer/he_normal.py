import torch


def initialize(z, fan_in, fan_out):
    """Keeps the size of a signal through ReLUs (He et al. 2015, arXiv 1502.01852)."""
    return z * torch.sqrt(2.0 / fan_in)
