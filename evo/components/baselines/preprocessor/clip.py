import torch


def preprocess(x):
    return torch.clamp(x, -2.0, 2.0)
