import torch


def glu(gate, value):
    """Gated tanh unit, van den Oord et al. 2016, arXiv 1606.05328."""
    return torch.sigmoid(gate) * torch.tanh(value)
