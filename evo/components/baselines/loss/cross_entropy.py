import torch


def loss(outputs, targets):
    return -torch.sum(targets * torch.log_softmax(outputs, dim=-1), dim=-1)
