import torch


def update(g, m, v, w, t):
    """Chen et al. 2023."""
    step = torch.sign(0.9 * m + 0.1 * g)
    return torch.stack([step, 0.99 * m + 0.01 * g, v])
