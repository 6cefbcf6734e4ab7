import torch


def regularize(w):
    return 1e-3 * torch.sum(torch.square(w))
