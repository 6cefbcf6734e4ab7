import torch


def glu(gate, value):
    """Gated linear unit, Dauphin et al. 2016, arXiv 1612.08083."""
    return torch.sigmoid(gate) * value
