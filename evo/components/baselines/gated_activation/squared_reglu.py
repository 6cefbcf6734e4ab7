import torch
import torch.nn.functional as F


def glu(gate, value):
    """Squared ReLU (So et al. 2021, arXiv 2109.08668) as a gate."""
    return torch.square(F.relu(gate)) * value
