import torch


def update(g, m, v, w, t):
    """Duchi et al. 2011."""
    v = v + torch.square(g)
    return torch.stack([g / (torch.sqrt(v) + 1e-8), m, v])
