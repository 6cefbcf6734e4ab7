import torch


def update(g, m, v, w, t):
    """Each weight by the same amount, Bernstein et al. 2018."""
    return torch.stack([torch.sign(g), m, v])
