"""Warm-up over 20 steps, then a linear fall, Goyal et al. 2017, arXiv 1706.02677."""

import torch


def schedule(t, step):
    return torch.clamp((step + 1) / 20, max=1.0) * (1 - t)
