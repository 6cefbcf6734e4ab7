import torch.nn.functional as F


def initialize(z, fan_in, fan_out):
    """The weights into each unit together of length √2."""
    return 1.414 * F.normalize(z, dim=-1)
