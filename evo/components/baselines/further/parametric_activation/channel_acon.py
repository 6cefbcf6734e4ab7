"""ACON-C with a slope per channel, Ma et al. 2021, arXiv 2009.04759."""

import torch


def activation(x, a, b, p, q):
    difference = (p - q) * x
    return difference * torch.sigmoid(a * difference) + q * x
