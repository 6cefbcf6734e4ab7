import torch


def schedule(t):
    return torch.ones_like(t)
