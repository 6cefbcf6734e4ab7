import torch


def update(g, m, v, w, t):
    """Adam with a look ahead, Dozat 2016."""
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * torch.square(g)
    mean = m / (1 - 0.9**t)
    size = torch.sqrt(v / (1 - 0.999**t)) + 1e-8
    ahead = 0.9 * mean + 0.1 * g / (1 - 0.9**t)
    return torch.stack([ahead / size, m, v])
