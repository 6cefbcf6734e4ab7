import torch


def penalize(y):
    """DeCov, Cogswell et al. 2015, arXiv 1511.06068, as a mean."""
    centred = y - torch.mean(y, dim=0, keepdim=True)
    covariance = centred.T @ centred / y.shape[0]
    others = covariance * (1 - torch.eye(y.shape[1]))
    return 1e-2 * torch.sum(torch.square(others)) / y.shape[1]
