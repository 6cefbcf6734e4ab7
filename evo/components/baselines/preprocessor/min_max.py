import torch


def preprocess(x):
    """Each sample from 0 to 1."""
    low = torch.amin(x, dim=-1, keepdim=True)
    high = torch.amax(x, dim=-1, keepdim=True)
    return (x - low) / (high - low + 1e-5)
