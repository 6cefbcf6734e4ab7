import torch
import torch.nn.functional as F


def penalize(y):
    """The deviation of each feature, up to 1, Bardes et al. 2021, arXiv 2105.04906."""
    deviation = torch.sqrt(torch.var(y, dim=0, correction=0) + 1e-4)
    return 1e-2 * torch.mean(F.relu(1 - deviation))
