import torch


def loss(outputs, targets):
    """Lin et al. 2017 with an exponent of 2: samples that are right already count little."""
    log_right = torch.sum(targets * torch.log_softmax(outputs, dim=-1), dim=-1)
    return -torch.square(1 - torch.exp(log_right)) * log_right
