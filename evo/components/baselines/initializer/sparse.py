import torch


def initialize(z, fan_in, fan_out):
    """The third of the weights that is farthest from zero, at the size of He's all together."""
    return torch.where(torch.abs(z) > 1.0, z, 0.0) * torch.sqrt(2.5 / fan_in)
