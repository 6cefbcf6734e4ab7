import torch


def schedule(t):
    """Half a wave, Loshchilov and Hutter 2017."""
    return 0.5 + 0.5 * torch.cos(3.14159265 * t)
