import torch


def update(g, m, v, u, w, t, norm):
    """Chen et al. 2023, arXiv 2302.06675."""
    step = torch.sign(0.9 * m + 0.1 * g)
    return torch.stack([step, 0.99 * m + 0.01 * g, v, u])
