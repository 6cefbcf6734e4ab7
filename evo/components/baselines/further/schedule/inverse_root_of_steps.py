"""Warm-up over 40 steps, then the step's inverse root, Vaswani et al. 2017, arXiv 1706.03762."""

import torch


def schedule(t, step):
    n = step + 1
    return torch.minimum(n / 40, torch.sqrt(40 / n))
