import torch


def preprocess(x):
    """The largest feature of each sample becomes 1 or -1."""
    return x / (torch.amax(torch.abs(x), dim=-1, keepdim=True) + 1e-5)
