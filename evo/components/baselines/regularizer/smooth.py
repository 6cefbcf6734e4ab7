import torch


def regularize(w):
    """Weights of neighbouring inputs alike."""
    return 1e-3 * torch.sum(torch.square(w - torch.roll(w, 1, dims=1)))
