import torch.nn.functional as F


def normalize(x, gain, shift):
    """Squashed feature by feature, without statistics."""
    return gain * F.softsign(x) + shift
