import torch


def initialize(z, fan_in, fan_out):
    """Between signal and gradient (Glorot & Bengio 2010)."""
    return z * torch.sqrt(2.0 / (fan_in + fan_out))
