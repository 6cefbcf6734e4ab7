import torch


def normalize(x, gain, shift):
    """The largest feature of each row becomes the gain."""
    return gain * x / (torch.amax(torch.abs(x), dim=-1, keepdim=True) + 1e-2) + shift
