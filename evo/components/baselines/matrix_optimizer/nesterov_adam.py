import torch


def update(g, m, v, u, w, t, norm):
    """NAdam, Dozat 2016."""
    m = 0.9 * m + 0.1 * g
    v = 0.99 * v + 0.01 * torch.square(g)
    ahead = (0.9 * m + 0.1 * g) / (1 - 0.9 ** (t + 1))
    return torch.stack([ahead / (torch.sqrt(v / (1 - 0.99**t)) + 1e-8), m, v, u])
