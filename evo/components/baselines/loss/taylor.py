import torch


def loss(outputs, targets):
    """Cross-entropy's Taylor series up to the second term, Feng et al. 2020."""
    wrong = 1 - torch.sum(targets * torch.softmax(outputs, dim=-1), dim=-1)
    return wrong + 0.5 * torch.square(wrong)
