import torch


def update(g, m, v, w, t):
    """The heavy ball, Polyak 1964."""
    m = 0.9 * m + g
    return torch.stack([m, m, v])
