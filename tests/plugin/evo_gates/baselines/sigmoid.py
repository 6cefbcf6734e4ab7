import torch


def gate(x):
    return torch.sigmoid(x)
