import torch


def attend(scores):
    """Vaswani et al. 2017, arXiv 1706.03762."""
    return torch.softmax(scores, dim=-1)
