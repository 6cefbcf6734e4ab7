import torch


def regularize(w):
    """Incoming weights of each unit at length 1."""
    length = torch.sqrt(torch.sum(torch.square(w), dim=1) + 1e-8)
    return 1e-2 * torch.sum(torch.square(length - 1.0))
