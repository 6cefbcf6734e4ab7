import torch


def regularize(w):
    return 1e-4 * torch.sum(torch.abs(w))
