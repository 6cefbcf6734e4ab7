import torch


def penalize(y):
    return 0.0 * torch.sum(y)
