import torch.nn.functional as F


def glu(gate, value):
    """Shazeer 2020, arXiv 2002.05202."""
    return F.gelu(gate) * value
