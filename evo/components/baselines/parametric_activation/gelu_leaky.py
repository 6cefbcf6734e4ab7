import torch.nn.functional as F


def activation(x, a, b):
    """GELU beside a straight line, both by trained shares."""
    return a * F.gelu(x) + b * x
