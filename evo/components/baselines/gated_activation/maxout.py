import torch


def glu(gate, value):
    """Maxout of two pieces, Goodfellow et al. 2013, arXiv 1302.4389."""
    return torch.maximum(gate, value)
