import torch


def update(g, m, v, w, t):
    """The size of surprises in place of that of gradients, Zhuang et al. 2020."""
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * torch.square(g - m) + 1e-8
    size = torch.sqrt(v / (1 - 0.999**t)) + 1e-8
    return torch.stack([m / (1 - 0.9**t) / size, m, v])
