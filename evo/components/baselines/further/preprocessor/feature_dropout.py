"""A tenth of the features dropped in training, Srivastava et al. 2014."""

import torch


def preprocess(x, noise, training):
    return torch.where(training > 0, x * (noise > -1.2816) / 0.9, x)
