import torch


def schedule(t):
    """One cycle, Smith and Topin 2018."""
    return torch.minimum(t / 0.3 + 0.04, (1 - t) / 0.7)
