import torch


def loss(outputs, targets):
    """Cross-entropy and its first polynomial term once more, Leng et al. 2022."""
    log_right = torch.sum(targets * torch.log_softmax(outputs, dim=-1), dim=-1)
    return 1 - torch.exp(log_right) - log_right
