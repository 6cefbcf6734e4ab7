"""Preconditioned stochastic gradient Langevin dynamics (Li et al. 2015, arXiv 1512.07666).

Ours: the noise falls as a temperature of 1e-4 over the square root of the step.
"""

import torch


def update(g, m, v, w, t, noise):
    v = 0.99 * v + 0.01 * torch.square(g)
    scale = 1 / (torch.sqrt(v) + 1e-5)
    return torch.stack([scale * g + 0.01 * torch.sqrt(scale / t) * noise, m, v])
