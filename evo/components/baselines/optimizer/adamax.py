import torch


def update(g, m, v, w, t):
    """Adam by the largest gradient so far, Kingma and Ba 2015."""
    m = 0.9 * m + 0.1 * g
    v = torch.maximum(0.999 * v, torch.abs(g))
    return torch.stack([m / (1 - 0.9**t) / (v + 1e-8), m, v])
