import torch


def preprocess(x):
    """Median 0 within each sample, in units of the median distance to it."""
    centred = x - torch.median(x, dim=-1, keepdim=True).values
    spread = torch.median(torch.abs(centred), dim=-1, keepdim=True).values
    return torch.clamp(centred / (spread + 0.1), -5.0, 5.0)
