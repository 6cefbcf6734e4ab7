import torch


def gate(x):
    return torch.clamp(x / 6 + 0.5, 0.0, 1.0)
