import torch.nn.functional as F


def glu(gate, value):
    """No gate: the value is ignored."""
    return F.relu(gate)
