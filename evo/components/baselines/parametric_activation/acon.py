import torch


def activation(x, a, b):
    """ACON-C (Ma et al. 2020, arXiv 2009.04759) with its β at 1: slopes a and b at the ends."""
    bent = (a - b) * x
    return bent * torch.sigmoid(bent) + b * x
