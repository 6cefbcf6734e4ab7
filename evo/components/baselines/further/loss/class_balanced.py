"""Cross-entropy weighed by the effective number of samples, Cui et al. 2019, arXiv 1901.05555."""

import torch


def loss(outputs, targets, counts):
    weights = 0.01 / (1 - torch.pow(0.99, counts))
    weights = weights / weights.mean()
    logs = torch.log_softmax(outputs, dim=-1)
    return -(weights * targets * logs).sum(dim=-1)
