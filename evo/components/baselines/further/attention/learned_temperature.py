"""Softmax with a learned factor of the scores per layer."""

import torch


def attend(scores, a):
    return torch.softmax(a * scores, dim=-1)
