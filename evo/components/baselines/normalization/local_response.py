import torch


def normalize(x, gain, shift):
    """By the size of a feature and its two neighbours, as if features lay on a ring."""
    square = torch.square(x)
    around = square + torch.roll(square, 1, dims=-1) + torch.roll(square, -1, dims=-1)
    return gain * x * torch.rsqrt(around / 3 + 0.1) + shift
