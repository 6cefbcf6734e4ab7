"""ReLU of a number with noise, Nair and Hinton 2010."""

import torch.nn.functional as F


def activation(x, noise):
    return F.relu(x + 0.1 * noise)
