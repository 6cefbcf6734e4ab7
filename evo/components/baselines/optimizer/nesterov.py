import torch


def update(g, m, v, w, t):
    """A look ahead along the momentum, Nesterov 1983."""
    m = 0.9 * m + g
    return torch.stack([g + 0.9 * m, m, v])
