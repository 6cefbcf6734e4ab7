import torch


def update(g, m, v, w, t):
    """Tieleman and Hinton 2012."""
    v = 0.99 * v + 0.01 * torch.square(g)
    return torch.stack([g / (torch.sqrt(v) + 1e-8), m, v])
