import torch.nn.functional as F


def activation(x, a, b):
    return F.relu(x)
