import torch


def preprocess(x):
    return torch.sign(x) * torch.log1p(torch.abs(x))
