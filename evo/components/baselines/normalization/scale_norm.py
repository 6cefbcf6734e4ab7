import torch.nn.functional as F


def normalize(x, gain, shift):
    """Each row at length 1, after ScaleNorm (Nguyen & Salazar 2019, arXiv 1910.05895)."""
    return gain * F.normalize(x, dim=-1)
