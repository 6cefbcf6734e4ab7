"""Snake, Ziyin et al. 2020, arXiv 2006.08195."""

import torch


def activation(x):
    return x + torch.square(torch.sin(x))
