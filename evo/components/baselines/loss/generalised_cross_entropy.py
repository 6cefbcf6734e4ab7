import torch


def loss(outputs, targets):
    """Zhang and Sabuncu 2018 with q = 0.7: between cross-entropy and absolute error."""
    log_right = torch.sum(targets * torch.log_softmax(outputs, dim=-1), dim=-1)
    return (1 - torch.exp(0.7 * log_right)) / 0.7
