import torch


def initialize(z, fan_in, fan_out):
    """He's, with outliers cut off at two deviations."""
    return torch.clamp(z, -2.0, 2.0) * torch.sqrt(2.0 / fan_in)
