import torch


def update(g, m, v, u, w, t, norm):
    """Kingma & Ba 2015, arXiv 1412.6980."""
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * torch.square(g)
    step = m / (1 - 0.9**t) / (torch.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return torch.stack([step, m, v, u])
