import torch


def update(g, m, v, u, w, t, norm):
    """Gradients clipped by their norm together, Pascanu et al. 2013, arXiv 1211.5063."""
    g = g * torch.clamp(1.0 / (norm + 1e-6), max=1.0)
    m = 0.9 * m + g
    return torch.stack([m, m, v, u])
