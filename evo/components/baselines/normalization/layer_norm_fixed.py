import torch.nn.functional as F


def normalize(x, gain, shift):
    """Layer norm that learns nothing."""
    return F.layer_norm(x, x.shape[-1:])
