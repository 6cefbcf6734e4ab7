import torch


def regularize(w):
    """Pulls at small weights more than at large ones, Candes, Wakin and Boyd 2008."""
    return 1e-4 * torch.sum(torch.log1p(torch.abs(w) / 0.1))
