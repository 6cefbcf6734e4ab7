import torch


def update(g, m, v, u, w, t, norm):
    """Stochastic gradient descent with momentum, Polyak 1964."""
    m = 0.9 * m + g
    return torch.stack([m, m, v, u])
