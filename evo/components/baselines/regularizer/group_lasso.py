import torch


def regularize(w):
    """The length of each unit's incoming weights, Yuan and Lin 2006."""
    return 1e-3 * torch.sum(torch.sqrt(torch.sum(torch.square(w), dim=1) + 1e-8))
