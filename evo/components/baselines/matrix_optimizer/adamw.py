import torch


def update(g, m, v, u, w, t, norm):
    """Loshchilov & Hutter 2019, arXiv 1711.05101."""
    m = 0.9 * m + 0.1 * g
    v = 0.95 * v + 0.05 * torch.square(g)
    step = m / (1 - 0.9**t) / (torch.sqrt(v / (1 - 0.95**t)) + 1e-8)
    return torch.stack([step + 0.1 * w, m, v, u])
