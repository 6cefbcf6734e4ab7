"""Softmax with a tenth of its weights dropped, Vaswani et al. 2017, arXiv 1706.03762."""

import torch


def attend(scores, noise, training):
    weights = torch.softmax(scores, dim=-1)
    return torch.where(training > 0, weights * (noise > -1.2816) / 0.9, weights)
