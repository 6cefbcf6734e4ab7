import torch


def initialize(z, fan_in, fan_out):
    """Weights of one size and either sign."""
    return torch.sign(z) * torch.sqrt(2.0 / fan_in)
