import torch


def schedule(t):
    """Two half waves, Loshchilov and Hutter 2017."""
    return 0.5 + 0.5 * torch.cos(6.2831853 * torch.remainder(t, 0.5))
