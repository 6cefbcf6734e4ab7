import torch


def update(g, m, v, w, t):
    """Momentum of gradients of one length, Hazan et al. 2015."""
    m = 0.9 * m + 0.1 * g / (torch.norm(g) + 1e-8)
    return torch.stack([m, m, v])
