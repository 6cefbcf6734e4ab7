import torch.nn.functional as F


def glu(gate, value):
    """Mish (Misra 2019, arXiv 1908.08681) as a gate."""
    return F.mish(gate) * value
