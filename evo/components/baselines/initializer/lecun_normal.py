import torch


def initialize(z, fan_in, fan_out):
    """Keeps the size of a signal (LeCun et al. 1998)."""
    return z / torch.sqrt(fan_in)
