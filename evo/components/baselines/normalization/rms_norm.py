import torch


def normalize(x, gain, shift):
    """RMS norm (Zhang & Sennrich 2019, arXiv 1910.07467)."""
    return gain * x * torch.rsqrt(torch.mean(torch.square(x), dim=-1, keepdim=True) + 1e-5)
