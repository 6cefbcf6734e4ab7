import torch


def schedule(t):
    return torch.square(1 - t)
