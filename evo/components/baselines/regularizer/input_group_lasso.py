import torch


def regularize(w):
    """The length of each input's outgoing weights."""
    return 1e-3 * torch.sum(torch.sqrt(torch.sum(torch.square(w), dim=0) + 1e-8))
