import torch


def loss(outputs, targets):
    """Szegedy et al. 2016: a tenth of the answer goes to all classes alike."""
    logs = torch.log_softmax(outputs, dim=-1)
    return -0.9 * torch.sum(targets * logs, dim=-1) - 0.1 * torch.mean(logs, dim=-1)
