import torch


def initialize(z, fan_in, fan_out):
    """Each input straight on to the unit of its number, with some noise."""
    identity = torch.ones_like(z).triu().tril()
    return identity + 0.5 * z / torch.sqrt(fan_in)
