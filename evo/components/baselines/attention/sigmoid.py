import math

import torch


def attend(scores):
    """Ramapuram et al. 2024, arXiv 2409.04431: 1 / k where scores are 0."""
    return torch.sigmoid(scores - math.log(scores.shape[-1]))
