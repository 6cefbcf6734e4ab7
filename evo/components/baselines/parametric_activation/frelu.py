import torch.nn.functional as F


def activation(x, a, b):
    """FReLU (Qiu et al. 2017, arXiv 1706.08098): a ReLU whose floor is trained."""
    return F.relu(x) + b
