import torch


def update(g, m, v, u, w, t, norm):
    """A fast and a slow mean, Pagliardini et al. 2024, arXiv 2409.03137, with a shorter memory."""
    m = 0.9 * m + 0.1 * g
    u = 0.99 * u + 0.01 * g
    v = 0.999 * v + 0.001 * torch.square(g)
    mixed = m / (1 - 0.9**t) + 2.0 * u
    return torch.stack([mixed / (torch.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v, u])
