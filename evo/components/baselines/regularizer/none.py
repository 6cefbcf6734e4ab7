import torch


def regularize(w):
    return 0.0 * torch.sum(w)
