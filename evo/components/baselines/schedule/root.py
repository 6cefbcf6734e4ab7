import torch


def schedule(t):
    return torch.sqrt(1 - t)
