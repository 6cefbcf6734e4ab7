import torch.nn.functional as F


def glu(gate, value):
    """Shazeer 2020, arXiv 2002.05202; the usual one of language models."""
    return F.silu(gate) * value
